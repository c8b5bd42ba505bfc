import Testing

@testable import tenure

@Suite("SecretMask")
struct SecretMaskTests {
    @Test(
        "Passwords are hidden, and nothing else",
        arguments: [
            ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
            ("redis://:s3cret@host:6379", "redis://:***@host:6379"),
            ("redis+sentinel://user:a/b@c@host:26379/main", "redis+sentinel://user:***@host:26379/main"),
            ("postgresql://user@host/db", "postgresql://user@host/db"),
            (
                "postgresql://u:p@[::1]:5432/db?password=x&sslmode=require",
                "postgresql://u:***@[::1]:5432/db?password=***&sslmode=require"
            ),
            ("host=db password = 'a \\' b' user=u", "host=db password = *** user=u"),
            ("PASSWORD=x sslpassword=y host=h", "PASSWORD=*** sslpassword=*** host=h"),
            ("env:ACME_URL", "env:ACME_URL"),
        ]
    )
    func masks(text: String, masked: String) {
        #expect(SecretMask.apply(text) == masked)
    }
}
