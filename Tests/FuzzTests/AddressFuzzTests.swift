import Foundation
import PostgresClient
import RedisClient
import Testing

@Suite("Fuzzing of addresses", .timeLimit(.minutes(10)))
struct AddressFuzzTests {
    private static let secret = "s3cr3t-of-nobody"

    @Test("Redis URLs are refused without repeating them, or never show their password")
    func redis() throws {
        let corpus = [
            "redis://127.0.0.1:6379", "redis://user:\(Self.secret)@host:1/3", "redis+sentinel://a:1,b:2/main/2",
            "redis+cluster://u:\(Self.secret)@a:7000,b:7001", "unix:///tmp/r.sock?db=2", "host:99", "rediss://h",
            "[::1]:6379",
            "redis://:\(Self.secret)@[::1]:6379/0?client_name=x&sentinel_username=a&sentinel_password=\(Self.secret)",
        ]
        try Fuzz("redis-url").run(corpus, tokens: ["://", "@", "/", ":", ",", "?db=", "&", "[::1]", "65536", "redis+"])
        {
            let url: RedisURL
            do throws(RedisURLError) {
                url = try RedisURL($0)
            } catch {
                Fuzz.expectClear(error.description, about: $0)
                #expect(!error.description.contains(Self.secret))
                return false
            }
            // Only a password as such is hidden: a mangled one may have become a host.
            if url.credentials?.password == Self.secret, $0.components(separatedBy: Self.secret).count == 2 {
                #expect(!url.description.contains(Self.secret))
            }
            return true
        }
    }

    @Test("Postgres connection strings are refused without repeating them, or never show their password")
    func postgres() throws {
        let corpus = [
            "postgresql://user:\(Self.secret)@host:5432/db?sslmode=require",
            "postgres://h1,h2:5433/db?target_session_attrs=any",
            "host=/tmp dbname=x user=y password='\(Self.secret)'", "host=a,b port=1,2 hostaddr=127.0.0.1,::1",
            "dbname=x",
            "postgresql:///db?host=/var/run&options=-c%20a%3Db", "env:NO_SUCH_VARIABLE", "file:/no/such/file",
        ]
        try Fuzz("postgres-url").run(
            corpus,
            tokens: ["=", "'", "\\", "://", "@", "?", "&", "host=", "port=", "env:", "file:"]
        ) {
            let target: PostgresTarget
            do throws(PostgresError) {
                target = try PostgresTarget(reference: $0)
            } catch {
                Fuzz.expectClear(error.message, about: $0)
                // The name of a variable or a file is no secret.
                let isReference = $0.hasPrefix("env:") || $0.hasPrefix("file:")
                #expect(isReference || !error.message.contains(Self.secret))
                return false
            }
            // Only a password as such is hidden: a mangled one may have become a name.
            let shown = [target.user, target.database, target.serverKey]
            #expect(!target.description.contains(Self.secret) || shown.contains { $0.contains(Self.secret) })
            return true
        }
    }
}
