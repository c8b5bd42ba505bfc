import RedisClient
import Testing

@Suite("RedisURL")
struct RedisURLTests {
    struct Form: Sendable, CustomTestStringConvertible {
        let text: String
        let expected: RedisURL

        init(_ text: String, _ topology: RedisURL.Topology, _ change: (inout RedisURL) -> Void = { _ in }) {
            self.text = text
            var expected = RedisURL(topology: topology)
            change(&expected)
            self.expected = expected
        }

        var testDescription: String { self.text }
    }

    static let local = RedisURL.Topology.single(.tcp(host: "localhost", port: 6379))

    static let forms: [Form] = [
        Form("localhost", Self.local),
        Form("localhost:6379", Self.local),
        Form("redis://localhost", Self.local),
        Form("REDIS://localhost/", Self.local),
        Form("redis://10.0.0.1:7000/3", .single(.tcp(host: "10.0.0.1", port: 7000))) { $0.database = 3 },
        Form("redis://[::1]", .single(.tcp(host: "::1", port: 6379))),
        Form("redis://[::1]:7000", .single(.tcp(host: "::1", port: 7000))),
        Form("redis://localhost?db=2&client_name=me", Self.local) {
            $0.database = 2
            $0.clientName = "me"
        },
        Form("redis://:secret@localhost", Self.local) { $0.credentials = .init(password: "secret") },
        Form("redis://alice:p%40ss%2Fw%25@localhost", Self.local) {
            $0.credentials = .init(username: "alice", password: "p@ss/w%")
        },
        Form("redis://alice:with@sign@localhost", Self.local) {
            $0.credentials = .init(username: "alice", password: "with@sign")
        },
        Form("alice:secret@localhost:6379", Self.local) {
            $0.credentials = .init(username: "alice", password: "secret")
        },
        Form("unix:///run/redis.sock", .single(.unix(path: "/run/redis.sock"))),
        Form("redis+unix:///run/my%20redis.sock?db=1", .single(.unix(path: "/run/my redis.sock"))) { $0.database = 1 },
        Form("unix://:secret@/run/redis.sock", .single(.unix(path: "/run/redis.sock"))) {
            $0.credentials = .init(password: "secret")
        },
        Form(
            "redis+sentinel://a,b:7000,[::1]:7001/my%20master/2",
            .sentinel(
                [.tcp(host: "a", port: 26379), .tcp(host: "b", port: 7000), .tcp(host: "::1", port: 7001)],
                master: "my master"
            )
        ) { $0.database = 2 },
        Form(
            "redis+sentinel://u:p@a/m?sentinel_username=s&sentinel_password=q",
            .sentinel([.tcp(host: "a", port: 26379)], master: "m")
        ) {
            $0.credentials = .init(username: "u", password: "p")
            $0.sentinelCredentials = .init(username: "s", password: "q")
        },
        Form("redis+cluster://a,b:7000", .cluster([.tcp(host: "a", port: 6379), .tcp(host: "b", port: 7000)])),
        Form("redis+cluster://:p@a/0", .cluster([.tcp(host: "a", port: 6379)])) {
            $0.credentials = .init(password: "p")
        },
    ]

    @Test("Every form is understood", arguments: Self.forms)
    func form(_ form: Form) throws {
        #expect(try RedisURL(form.text) == form.expected)
    }

    @Test(
        "What is wrong is said",
        arguments: [
            ("", RedisURLError.empty),
            ("http://localhost", .unknownScheme),
            ("redis://", .invalidHost),
            ("redis://a,b", .invalidHost),
            ("redis://[::1", .invalidHost),
            ("redis://[::1]x", .invalidHost),
            ("redis://a b", .invalidHost),
            ("redis://localhost:", .invalidPort),
            ("redis://localhost:0", .invalidPort),
            ("redis://localhost:65536", .invalidPort),
            ("redis://::1", .invalidHost),
            ("redis://localhost/x", .invalidDatabase),
            ("redis://localhost/-1", .invalidDatabase),
            ("redis://localhost/1/2", .invalidDatabase),
            ("redis+cluster://a/1", .invalidDatabase),
            ("redis+cluster://a?db=1", .invalidDatabase),
            ("redis+sentinel://a", .invalidMasterName),
            ("redis+sentinel://a/", .invalidMasterName),
            ("redis+sentinel:///m", .invalidHost),
            ("unix://", .invalidPath),
            ("unix:///", .invalidPath),
            ("unix://run/redis.sock", .invalidPath),
            ("unix:///" + String(repeating: "x", count: 107), .invalidPath),
            ("redis://u:%zz@localhost", .invalidEscape),
            ("redis://u:%4@localhost", .invalidEscape),
            ("redis://u:%+1@localhost", .invalidEscape),
            ("redis://u:%ff@localhost", .invalidEscape),
            ("redis://localhost?db", .invalidOption),
            ("redis://localhost?colour=red", .invalidOption),
            ("redis://localhost?client_name=a%20b", .invalidOption),
        ]
    )
    func failure(text: String, error: RedisURLError) {
        #expect(throws: error) { try RedisURL(text) }
    }

    @Test("TLS is refused with the reason")
    func tls() throws {
        let error = try #require(throws: RedisURLError.self) { try RedisURL("rediss://localhost") }

        #expect(error.description.contains("hiredis 1.0"))
        #expect(error.description.contains("tunnel"))
    }

    @Test(
        "The description masks the password",
        arguments: [
            ("redis://alice:secret@localhost/2", "redis://alice:***@localhost:6379/2"),
            ("redis://:secret@[::1]", "redis://:***@[::1]:6379"),
            ("unix://:secret@/run/redis.sock?db=3", "unix://:***@/run/redis.sock?db=3"),
            ("redis+sentinel://u:secret@a,b/m/1", "redis+sentinel://u:***@a:26379,b:26379/m/1"),
            ("redis+cluster://a", "redis+cluster://a:6379"),
        ]
    )
    func masking(text: String, expected: String) throws {
        #expect(try RedisURL(text).description == expected)
    }

    @Test(
        "No error repeats a part of a password with unencoded delimiters",
        arguments: ["redis://u:se/cret@h", "redis://u:se?cret@h", "redis://u:se:cret", "redis://u:se%cret@h"]
    )
    func secrecy(text: String) throws {
        let error = try #require(throws: RedisURLError.self) { try RedisURL(text) }

        #expect(!"\(error)".contains("cret"))
    }
}
