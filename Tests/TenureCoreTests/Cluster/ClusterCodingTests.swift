import Foundation
import TenureCore
import Testing

/// What nodes of different versions read of each other in Redis: names of keys are a contract.
@Suite("What is kept as JSON")
struct ClusterCodingTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    @Test("A node")
    func node() throws {
        let descriptor = NodeDescriptor(
            id: try NodeID("n1"),
            incarnation: Incarnation("6e6c"),
            host: "h1",
            pid: 42,
            version: "1.2",
            capacity: 2,
            maxTenants: 9,
            labels: ["region": "eu"],
            state: .draining
        )
        let text = """
            {"capacity":2,"host":"h1","id":"n1","incarnation":"6e6c","labels":{"region":"eu"},"max_tenants":9,"pid":42,\
            "state":"draining","version":"1.2"}
            """

        #expect(try self.json(descriptor) == text)
        #expect(try self.decoded(NodeDescriptor.self, text) == descriptor)
    }

    @Test("A node's own list of tenants: absent unless it has one, and without an array that is empty")
    func listing() throws {
        let empty = TenantListing([], isEverything: true)
        let full = TenantListing([TenantDescriptor(id: try TenantID("t1"))], isEverything: false)

        #expect(try self.json(empty) == #"{"is_everything":true}"#)
        #expect(try self.decoded(TenantListing.self, self.json(empty)) == empty)
        let tenant = #"{"id":"t1","labels":{},"priority":0,"suspended":false,"weight":1}"#
        #expect(try self.json(full) == #"{"is_everything":false,"tenants":["# + tenant + "]}")
        #expect(try self.decoded(TenantListing.self, self.json(full)) == full)
    }

    @Test("A tenant")
    func tenantDescriptor() throws {
        let descriptor = TenantDescriptor(
            id: try TenantID("acme"),
            weight: 2,
            priority: 1,
            pinnedNode: try NodeID("n1"),
            isSuspended: true
        )
        let text = """
            {"id":"acme","labels":{},"pinned_node":"n1","priority":1,"suspended":true,"weight":2}
            """

        #expect(try self.json(descriptor) == text)
        #expect(try self.decoded(TenantDescriptor.self, text) == descriptor)
    }

    @Test("A move")
    func move() throws {
        let move = PlannedMove(
            id: "7-1",
            tenant: tenant("acme"),
            from: holder("n1", "i1"),
            to: holder("n2", "i2"),
            reason: "drain"
        )
        let text = """
            {"id":"7-1","reason":"drain","source":"n1","source_incarnation":"i1","stage":"preparing","target":"n2",\
            "target_incarnation":"i2","tenant":"acme"}
            """

        #expect(try self.json(move) == text)
        #expect(try self.decoded(PlannedMove.self, text) == move)
    }

    @Test("A load")
    func load() throws {
        var load = NodeLoad()
        load.tenants = 3
        load.troubledTenants = [tenant("acme")]
        load.isStalled = true
        load.lags = ["acme": 1500]

        #expect(try self.decoded(NodeLoad.self, self.json(load)) == load)
        #expect(try self.json(load).contains(#""stalled":true"#))
        #expect(try self.json(load).contains(#""troubled":["acme"]"#))
    }

    @Test("A name that is none is refused when it is read")
    func invalidName() {
        #expect(throws: InvalidName.self) { try self.decoded([TenantID].self, #"["a b"]"#) }
    }
}
