import TenureCore
import Testing

@testable import Tenure

@Suite("OwnershipHistory")
struct OwnershipHistoryTests {
    private let tenant = try! TenantID("acme")

    private func event(
        _ name: String,
        _ node: String,
        at second: Int64,
        _ epoch: Int64,
        _ more: [ClusterEvent.Field] = []
    )
        -> ClusterEvent
    {
        let fields: [ClusterEvent.Field] = [.init("tenant", .string("acme")), .init("epoch", .integer(epoch))]
        return ClusterEvent(
            name: name,
            level: .info,
            time: second * 1_000_000,
            cluster: "c",
            node: node,
            fields: fields + more
        )
    }

    private func at(_ second: Int64) -> ServerTime { ServerTime(microseconds: second * 1_000_000) }

    @Test("A time without an owner lies between the end of one tenure and the beginning of the next")
    func gap() {
        let history = OwnershipHistory(
            of: self.tenant,
            in: [
                self.event("tenant.opened", "node-1", at: 10, 1), self.event("tenant.lost", "node-1", at: 20, 1),
                self.event("tenant.opened", "node-2", at: 25, 2),
            ]
        )

        let gaps = history.gaps(in: self.at(0)...self.at(100))
        #expect(gaps.map(\.from) == [self.at(20)])
        #expect(gaps.map(\.to) == [self.at(25)])
        #expect(gaps.first?.successor == "node-2")
        #expect(history.tenures.map(\.epoch) == [1, 2])
        #expect(history.gaps(in: self.at(26)...self.at(30)).isEmpty)
    }

    @Test("A crash is known from its successor; an old owner that hears of its end late says nothing")
    func takeover() {
        let more: [ClusterEvent.Field] = [.init("from", .string("node-1")), .init("gap_ms", .number(4_000))]
        let history = OwnershipHistory(
            of: self.tenant,
            in: [
                self.event("tenant.opened", "node-1", at: 10, 1), self.event("tenant.opened", "node-2", at: 30, 2),
                self.event("takeover.completed", "node-2", at: 30, 2, more),
                self.event("tenant.fenced", "node-1", at: 40, 1),
            ]
        )

        let gaps = history.gaps(in: self.at(0)...self.at(100))
        #expect(gaps.map(\.from) == [self.at(26)])
        #expect(gaps.map(\.to) == [self.at(30)])
    }

    @Test("Who has gone without a successor is a gap without an end; events of others and of no tenant are passed over")
    func open() {
        let foreign = ClusterEvent(name: "node.joined", level: .info, time: 5, cluster: "c", node: "x", fields: [])
        let history = OwnershipHistory(
            of: self.tenant,
            in: [foreign, self.event("tenant.opened", "a", at: 1, 1), self.event("tenant.released", "a", at: 2, 1)]
        )

        #expect(history.gaps(in: self.at(0)...self.at(9)).map(\.to) == [nil])
        #expect(OwnershipHistory(of: self.tenant, in: []).gaps(in: self.at(0)...self.at(9)).isEmpty)
    }
}
