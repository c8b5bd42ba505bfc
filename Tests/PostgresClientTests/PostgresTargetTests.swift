import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite("PostgresTarget")
struct PostgresTargetTests {
    @Test(
        "URIs and keyword strings name the same server and database",
        arguments: [
            "postgresql://me:secret@Db.Example:6000/shop",
            "postgres://me:other@db.example:6000/shop?connect_timeout=3",
            "host=db.example port=6000 dbname=shop user=me password='se cret'",
        ]
    )
    func forms(string: String) throws {
        let target = try PostgresTarget(string)

        #expect(target.serverKey == "db.example:6000")
        #expect(target.database == "shop")
        #expect(target.user == "me")
        #expect(target.databaseKey == "db.example:6000|shop|me|")
    }

    @Test("A socket's server is its directory and port")
    func socket() throws {
        #expect(try PostgresTarget("host=/run/pg port=5433 user=me").serverKey == "/run/pg:5433")
        #expect(try PostgresTarget("postgresql://me@%2Frun%2Fpg:5433/x").serverKey == "/run/pg:5433")
    }

    @Test("Several hosts are one server of their own")
    func severalHosts() throws {
        #expect(try PostgresTarget("postgresql://me@a:1,b:2/x").serverKey == "a:1,b:2")
        #expect(throws: PostgresError.self) { try PostgresTarget("host=a,b port=1,2,3 user=me") }
    }

    @Test("The database is the role's by default, and the options of a session set databases apart")
    func defaults() throws {
        let plain = try PostgresTarget("postgresql://me@h:1")
        let other = try PostgresTarget("postgresql://me@h:1?options=-csearch_path%3Dx")

        #expect(plain.database == "me")
        #expect(plain.databaseKey != other.databaseKey)
        #expect(plain.serverKey == other.serverKey)
    }

    @Test("No description or dump of a target shows a password")
    func masking() throws {
        let target = try PostgresTarget("postgresql://me:secret@h:1/x?sslpassword=secret")
        var dumped = ""
        dump(target, to: &dumped)

        #expect(target.description == "postgresql://me@h:1/x")
        #expect(!dumped.contains("secret"))
        #expect(!String(reflecting: target).contains("secret"))
    }

    @Test(
        "A string that cannot be parsed is refused without being repeated",
        arguments: ["postgresql://me:secret@h:1:2/x", "secret", "host='secret"]
    )
    func malformed(string: String) throws {
        let error = #expect(throws: PostgresError.self) { try PostgresTarget(string) }

        #expect(error?.code == .invalidTarget)
        #expect(error?.debugDescription.contains("secret") == false)
    }

    @Test("References name a variable or a file")
    func references() throws {
        let path = NSTemporaryDirectory() + "target-\(UUID().uuidString)"
        try "postgresql://file@h/x\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }

        #expect(try PostgresTarget.resolve("env:A", environment: ["A": "postgresql://h/x"]) == "postgresql://h/x")
        #expect(try PostgresTarget.resolve("file:\(path)") == "postgresql://file@h/x")
        #expect(try PostgresTarget(reference: "file:\(path)").user == "file")
        #expect(try PostgresTarget.resolve("postgresql://h/x") == "postgresql://h/x")
        for reference in ["env:A", "file:/no/such/file"] {
            let error = #expect(throws: PostgresError.self) { try PostgresTarget.resolve(reference, environment: [:]) }
            #expect(error?.code == .invalidTarget)
        }
        #expect(throws: PostgresError.self) { try PostgresTarget.resolve("env:A", environment: ["A": " "]) }
    }
}
