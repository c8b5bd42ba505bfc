import Foundation
import RedisClient
import RedisCoordination
import TenureCore
import TestSupport
import Testing

@Suite("CoordinationScript")
struct CoordinationScriptTests {
    /// The names that a script's header gives to its `KEYS`, in their order.
    private func keys(inHeaderOf source: String) -> [String] {
        source.split(separator: "\n", omittingEmptySubsequences: false)
            .prefix { $0.hasPrefix("--") }
            .filter { $0.hasPrefix("-- KEYS[") }
            .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
    }

    @Test("A script is given the keys that its header declares", arguments: CoordinationScript.all.map(\.script.name))
    func declaresItsKeys(name: String) throws {
        let script = try #require(CoordinationScript.all.first { $0.script.name == name })

        #expect(self.keys(inHeaderOf: script.script.source) == script.keys.map(\.rawValue))
    }

    @Test("A script uses each of its keys, and none beyond them", arguments: CoordinationScript.all.map(\.script.name))
    func usesItsKeys(name: String) throws {
        let script = try #require(CoordinationScript.all.first { $0.script.name == name })
        let body = script.script.source.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n")

        let used = Set(body.matches(of: /KEYS\[(\d+)\]/).compactMap { Int($0.output.1) })

        #expect(used == Set(1...script.keys.count))
    }

    @Test("A script's header says what it returns and what it costs", arguments: LuaScripts.all.map(\.name))
    func hasAContract(name: String) throws {
        let source = try #require(LuaScripts.all.first { $0.name == name }).source
        let header = source.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("--") }

        #expect(header.contains { $0.contains("Returns ") })
        #expect(header.last?.hasPrefix("-- O(") == true)
    }

    @Test("A script takes the time from Redis alone, and builds no key's name")
    func hasNoClockAndNoNames() {
        for script in LuaScripts.all {
            #expect(!script.source.contains("os."), "\(script.name) asks the machine")
            #expect(!script.source.contains("tenure:"), "\(script.name) names a key")
        }
    }

    @Test("Every file is a script that is used")
    func allAreUsed() {
        #expect(CoordinationScript.all.map(\.script.name).sorted() == LuaScripts.all.map(\.name))
    }

    @Test("Redis accepts every script", .needsRedis, .timeLimit(.minutes(1)))
    func allLoad() async throws {
        try await CoordinationFixture.withStore { fixture in
            for script in LuaScripts.all {
                let digest = try await fixture.send("SCRIPT", "LOAD", script.source).string

                #expect(digest?.count == 40, "\(script.name)")
            }
        }
    }
}

@Suite("Keyspace")
struct KeyspaceTests {
    @Test("All keys of a cluster share its hash tag")
    func names() throws {
        let keyspace = Keyspace(cluster: try ClusterName("default"))

        #expect(keyspace[.ownersVersion] == "tenure:{default}:owners-version")
        #expect(keyspace.lock(of: try TenantID("acme")) == "tenure:{default}:lock:acme")
        #expect(Keyspace.Key.allCases.allSatisfy { keyspace[$0].hasPrefix("tenure:{default}:") })
    }

    @Test("The key prefix replaces the first part")
    func prefix() throws {
        let keyspace = Keyspace(cluster: try ClusterName("blue"), keyPrefix: "company:jobs:")

        #expect(keyspace[.leader] == "company:jobs:{blue}:leader")
    }
}
