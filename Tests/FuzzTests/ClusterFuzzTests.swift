import Foundation
import RedisCoordination
import TenureCore
import Testing

/// What is read from Redis may have been written by anybody.
@Suite("Fuzzing of what Redis holds", .timeLimit(.minutes(10)))
struct ClusterFuzzTests {
    private static let event =
        #"{"event":"handover.completed","time":"2026-03-01T12:00:00.123Z","cluster":"default","node":"node-2","#
        + #""tenant":"acme","epoch":7,"from":"node-1","to":"node-2","gap_ms":3.1,"ok":true,"nothing":null}"#

    @Test("Events are read, or left out")
    func events() throws {
        try Fuzz("event").run(
            [Self.event],
            tokens: ["\"", "\\u", "\\ud83d\\ude00", "null", "1e400", ",,", "{}", "\"time\":"]
        ) {
            guard let event = ClusterEvent(json: $0) else { return false }
            // What was read can be told again.
            let again = try #require(ClusterEvent(json: event.json), "\(event.json)")
            #expect(again.name == event.name)
            // JSON has no number for what is beyond all numbers, such as 1e400: such a field is left out.
            #expect(Set(again.fields.map(\.name)).isSubset(of: event.fields.map(\.name)))
            return true
        }
    }

    private func decode<Value: Codable & Equatable>(_ type: Value.Type, _ name: String, _ corpus: [String]) throws {
        let decoder = JSONDecoder()
        try Fuzz(name).run(corpus, tokens: ["\"id\":", "\"state\":\"gone\"", "-1", "1e308", "[]", "{}", "null"]) {
            // Why it cannot be read does not matter.
            guard let value = try? decoder.decode(type, from: Data($0.utf8)) else { return false }
            guard let text = try? JSONEncoder().encode(value) else { return true }
            let again = try decoder.decode(type, from: text)
            #expect(again == value)
            return true
        }
    }

    @Test("Descriptions of nodes, loads, tenants, moves and requests are read, or left out")
    func descriptors() throws {
        let node =
            #"{"id":"a","incarnation":"i","host":"h","pid":7,"version":"1","capacity":1.5,"labels":{"x":"y"},"#
            + #""state":"active","max_tenants":10}"#
        try self.decode(NodeDescriptor.self, "node", [node])
        let load =
            #"{"tenants":1,"lags":{"t":5},"busy_slots":1,"max_slots":9,"due_rate":0.5,"lag_ms":4,"troubled":["t"],"#
            + #""opening":[],"stalled":false}"#
        try self.decode(NodeLoad.self, "load", [load])
        let tenant = #"{"id":"t","weight":1,"priority":0,"labels":{},"pinned_node":"a","suspended":false}"#
        try self.decode(TenantDescriptor.self, "tenant", [tenant])
        let move =
            #"{"id":"m","tenant":"t","source":"a","source_incarnation":"1","target":"b","target_incarnation":"2","#
            + #""stage":"preparing","reason":"drain"}"#
        try self.decode(PlannedMove.self, "move", [move])
        try self.decode(OperatorRequest.self, "request", [#"{"id":"r","kind":"move","tenant":"t","target":"a"}"#])
    }

    @Test("Hints are read, or passed over")
    func hints() throws {
        try Fuzz("hint").run([WakeupMessage.work(for: try TenantID("acme")), "A", "L acme", ""]) {
            WakeupMessage.parse($0) != nil
        }
    }
}
