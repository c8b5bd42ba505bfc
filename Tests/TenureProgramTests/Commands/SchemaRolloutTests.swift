import Synchronization
import Tenure
import TenureCore
import Testing

@testable import tenure

@Suite("Rollouts of schemas", .timeLimit(.minutes(1)))
struct SchemaRolloutTests {
    private struct Broken: Error {}

    /// Tenants of which some cannot be migrated, and what was done to them.
    private final class Tenants: Sendable {
        private struct State {
            var behind: Set<TenantID>
            var broken: Set<TenantID>
            var migrated: [TenantID] = []
            var running = 0
            var most = 0
        }

        private let state: Mutex<State>
        private let drifts: [TenantID: SchemaDrift]

        init(behind: [TenantID], broken: [TenantID] = [], drifts: [TenantID: SchemaDrift] = [:]) {
            self.state = Mutex(State(behind: Set(behind), broken: Set(broken)))
            self.drifts = drifts
        }

        var migrated: [TenantID] { self.state.withLock { $0.migrated } }
        var most: Int { self.state.withLock { $0.most } }

        func repair() { self.state.withLock { $0.broken = [] } }

        func check(_ id: TenantID) -> SchemaDrift {
            if let drift = self.drifts[id] { return drift }
            return self.state.withLock { SchemaDrift(missing: $0.behind.contains(id) ? [7] : []) }
        }

        func migrate(_ id: TenantID) async throws -> [Int] {
            self.state.withLock { state in
                state.running += 1
                state.most = max(state.most, state.running)
            }
            await Task.yield()
            return try self.state.withLock { state in
                state.running -= 1
                state.migrated.append(id)
                guard !state.broken.contains(id) else { throw Broken() }
                state.behind.remove(id)
                return [7]
            }
        }

        func rollout(_ canary: SchemaRollout.Canary = .first) -> SchemaRollout {
            var rollout = SchemaRollout(check: { self.check($0) }, migrate: { try await self.migrate($0) })
            rollout.canary = canary
            return rollout
        }
    }

    private let ids = (10..<30).map { try! TenantID("t\($0)") }

    private func words(_ outcomes: [SchemaRollout.Finding<SchemaRollout.Outcome>]) -> [String] {
        outcomes.map { finding in
            switch finding.value {
            case .current: "current"
            case .migrated: "migrated"
            case .failed: "failed"
            case .untried: "untried"
            }
        }
    }

    @Test("The first that is behind goes first and alone; when it fails nobody else is tried")
    func canary() async {
        let tenants = Tenants(behind: Array(self.ids[3...]), broken: [self.ids[3]])

        let failed = self.words(await tenants.rollout().run(self.ids))

        #expect(failed == Array(repeating: "current", count: 3) + ["failed"] + Array(repeating: "untried", count: 16))
        #expect(tenants.migrated == [self.ids[3]])
    }

    @Test("The canary may be named, be current, or there may be none", arguments: [0, 5, -1])
    func namedCanary(index: Int) async {
        let tenants = Tenants(behind: Array(self.ids[3...]), broken: [self.ids[3]])
        let canary = index < 0 ? SchemaRollout.Canary.none : .tenant(self.ids[index])

        let outcomes = self.words(await tenants.rollout(canary).run(self.ids))

        #expect(outcomes.count { $0 == "failed" } == 1)
        #expect(outcomes.count { $0 == "migrated" } == 16)
        if index == 5 { #expect(tenants.migrated.first == self.ids[5]) }
    }

    @Test("A second rollout does what is left, and only that")
    func resuming() async {
        let tenants = Tenants(behind: self.ids, broken: [self.ids[4], self.ids[9]])
        let first = self.words(await tenants.rollout().run(self.ids))
        let done = tenants.migrated.count
        tenants.repair()

        let second = self.words(await tenants.rollout().run(self.ids))

        #expect(first.count { $0 == "failed" } == 2)
        #expect(done == self.ids.count)
        #expect(tenants.migrated[done...].sorted() == [self.ids[4], self.ids[9]])
        #expect(second.count { $0 == "migrated" } == 2 && second.count { $0 == "current" } == 18)
    }

    @Test("Not more at a time than asked for, and each is reported")
    func concurrency() async {
        let tenants = Tenants(behind: self.ids)
        let reported = Mutex<[Int]>([])
        var rollout = tenants.rollout()
        rollout.concurrency = 3
        rollout.report = { done, all, _, _ in
            #expect(all == 20)
            reported.withLock { $0.append(done) }
        }

        _ = await rollout.run(self.ids)

        #expect(tenants.most <= 3)
        #expect(reported.withLock { $0 } == Array(1...20))
    }

    @Test("An edited schema and one of a newer program are left alone, and tell why")
    func unfit() async {
        let (edited, newer) = (self.ids[0], self.ids[1])
        let tenants = Tenants(
            behind: self.ids,
            drifts: [edited: SchemaDrift(missing: [9], edited: [2]), newer: SchemaDrift(unknown: [12], breaking: [12])]
        )

        let outcomes = await tenants.rollout().run(self.ids)

        #expect(self.words(outcomes).prefix(3) == ["failed", "failed", "migrated"])
        #expect(!tenants.migrated.contains(edited) && !tenants.migrated.contains(newer))
        guard case .failed(let error) = outcomes[0].value else { return }
        #expect("\(error)" == "migrations 2 are not the ones that were applied")
    }
}
