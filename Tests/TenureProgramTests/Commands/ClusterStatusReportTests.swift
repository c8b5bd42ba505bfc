import TenureCore
import Testing

@testable import tenure

@Suite("ClusterStatusReport")
struct ClusterStatusReportTests {
    @Test("A node without tenants has a heartbeat, too")
    func heartbeatAge() throws {
        let node = try NodeID("node-1")
        var state = ClusterState()
        state.nodes[node] = NodeDescriptor(id: node, incarnation: Incarnation("1"), host: "h", pid: 1, version: "1")
        state.heartbeatAges[node] = .milliseconds(420)

        let report = ClusterStatusReport(cluster: try ClusterName("default"), state: state)

        guard case .array(let nodes)? = report.json["nodes"] else {
            Issue.record("no nodes in \(report.json)")
            return
        }
        #expect(nodes.map { $0["heartbeat_age_ms"] } == [.integer(420)])
    }
}
