import InMemoryStores
import TenureCore
import TenureTesting
import Testing

@Suite("The tenant store in memory simulates faults", .timeLimit(.minutes(1)))
struct TenantStoreFaultTests {
    private let harness = InMemoryTenantHarness()
    private let holder: Holder
    private let epoch = Epoch(1)

    init() throws {
        self.holder = Holder(node: try NodeID("a"), incarnation: Incarnation("1"))
    }

    private var tenant: InMemoryTenant { self.harness.tenant }

    private func owner() async throws -> InMemoryTenantStore {
        let store = self.tenant.store()
        _ = try await store.assume(epoch: self.epoch, holder: self.holder, living: [], lending: .zero)
        return store
    }

    private func claim(_ ids: [WorkID]) -> ClaimPass {
        var pass = ClaimPass(epoch: self.epoch, holder: self.holder)
        pass.claims = [ClaimRequest(batch: BatchID("batch"), ids: ids)]
        return pass
    }

    private func completion(of id: WorkID) async throws -> Settlement {
        let now = try await self.harness.now()
        let outcome = Outcome(id: id, attempt: 1, verdict: .completed, startedAt: now, finishedAt: now)
        return Settlement(batch: BatchID("batch"), outcomes: [outcome])
    }

    @Test("A call that does not arrive changes nothing")
    func unreachable() async throws {
        let store = try await self.owner()
        let id = try self.tenant.add(NewWork())
        let before = self.tenant.contents
        self.tenant.simulate(.unreachable)

        let reply = await store.exchange(
            Exchange(settlements: [try await self.completion(of: id)], pass: self.claim([id]))
        )

        guard case .failed(let error) = reply.settlements[0] else {
            Issue.record("the settlement was \(reply.settlements[0])")
            return
        }
        #expect(error.code == .unavailable)
        #expect(throws: StoreError.self) { try reply.pass?.get() }
        await #expect(throws: StoreError.self) { _ = try await store.jobs() }
        #expect(self.tenant.contents == before)
    }

    @Test("A call whose reply is lost has happened, and may be repeated")
    func lostReplies() async throws {
        let store = try await self.owner()
        let id = try self.tenant.add(NewWork())
        self.tenant.simulate(.losingReplies)

        let lost = await store.exchange(Exchange(pass: self.claim([id])))

        #expect(throws: StoreError(.outcomeUnknown, operation: "pass")) { try lost.pass?.get() }
        #expect(self.tenant.contents.claims.map(\.ids) == [[id]])
        self.tenant.simulate(.healthy)
        #expect(try await store.exchange(Exchange(pass: self.claim([id]))).pass?.get().claimed == [[id]])
        let settlement = try await self.completion(of: id)
        #expect(await store.exchange(Exchange(settlements: [settlement])).settlements == [.accepted])
    }

    @Test("An owner learns that hints may have been lost when the tenant is reachable again")
    func interrupted() async throws {
        let store = self.tenant.store()
        var signals = await store.signals().makeAsyncIterator()
        _ = try await store.assume(epoch: self.epoch, holder: self.holder, living: [], lending: .zero)
        #expect(await signals.next() == .interrupted)

        self.tenant.simulate(.unreachable)
        self.tenant.simulate(.healthy)

        #expect(await signals.next() == .interrupted)
    }

    @Test("An idle owner hears of whatever is written, an awake one of what it would miss")
    func idle() async throws {
        let store = self.tenant.store()
        var signals = await store.signals().makeAsyncIterator()
        _ = try await store.assume(epoch: self.epoch, holder: self.holder, living: [], lending: .zero)
        #expect(await signals.next() == .interrupted)
        // Nobody sleeps: no hint, or the next one would not be that of the change.
        _ = try self.tenant.add(NewWork())
        await store.setIdle(false)
        await store.setIdle(true)
        #expect(await signals.next() == .work)

        _ = try self.tenant.add(NewWork())

        #expect(await signals.next() == .work)
    }

    @Test("History is dropped by whole days, messages after thirty days")
    func retention() async throws {
        let store = try await self.owner()
        let received = try self.tenant.receive(NewWork(.inbox), source: "s", messageID: "m")
        let id = try #require(received)
        _ = await store.exchange(Exchange(pass: self.claim([id])))
        _ = await store.exchange(Exchange(settlements: [try await self.completion(of: id)]))
        func kept(after days: Int) async throws -> (runs: Int, messages: Int) {
            try await self.harness.advance(by: .seconds(86_400 * days))
            try await store.maintain(epoch: self.epoch, retention: Retention(runs: .seconds(86_400 * 7)))
            return (self.tenant.contents.runs.count, self.tenant.contents.messages.count)
        }

        #expect(try await kept(after: 7) == (1, 1))
        #expect(try await kept(after: 1) == (0, 1))
        #expect(try await kept(after: 23) == (0, 0))
    }

    @Test("A jitter puts runs off by less than it says, and the same each time")
    func jitter() async throws {
        func dueInstants() async throws -> [Duration] {
            let tenant = InMemoryTenantHarness().tenant
            var job = NewJob(name: "job", schedule: .every(.seconds(60)))
            job.jitterMilliseconds = 1_000
            _ = tenant.putJob(job)
            let store = tenant.store()
            _ = try await store.assume(epoch: self.epoch, holder: self.holder, living: [], lending: .zero)
            var pass = ClaimPass(epoch: self.epoch, holder: self.holder)
            pass.materialise = [
                Materialisation(
                    job: "job",
                    revision: 1,
                    lastOccurrence: nil,
                    occurrences: (1...20).map { ServerTime(microseconds: $0 * 60_000_000) },
                    nextDue: nil
                )
            ]
            _ = await store.exchange(Exchange(pass: pass))
            return tenant.contents.work.compactMap { $0.item.scheduledFor?.duration(to: $0.item.dueAt) }
        }

        let delays = try await dueInstants()

        #expect(delays.count == 20 && Set(delays).count > 10)
        #expect(delays.allSatisfy { $0 >= .zero && $0 < .seconds(1) })
        #expect(try await dueInstants() == delays)
    }
}
