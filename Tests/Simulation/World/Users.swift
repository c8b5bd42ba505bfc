import InMemoryStores
import TenureCore

/// The tenants' users: they define jobs, hand work over, and cancel.
final class Users: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    private let world: World
    private let workload: Scenario.Workload
    private var dice: Dice
    private var recent: [(tenant: SimulatedTenant, id: WorkID)] = []

    init(_ world: World) {
        self.world = world
        self.workload = world.scenario.workload
        self.dice = Dice(world.scenario.seed, "users")
    }

    private static let retry = RetryPolicy(maxAttempts: 4, baseDelayMilliseconds: 100, maxDelayMilliseconds: 2000)

    func start() {
        for tenant in self.world.tenants {
            for number in 0..<self.dice.number(self.workload.jobs) {
                var job = NewJob(
                    name: "job\(number)",
                    schedule: .every(.milliseconds(self.dice.number(self.workload.jobInterval) * 1000))
                )
                job.overlap = self.dice.pick(NewJob.Overlap.allCases)
                job.misfire = .all
                job.misfireBound = 1000
                job.retry = Self.retry
                _ = tenant.database.putJob(job)
            }
        }
        self.act()
    }

    private func act() {
        guard !self.world.isQuiet else { return }
        let tenant = self.dice.pick(self.world.tenants)
        switch self.dice.index(below: 12) {
        case 0: self.cancel()
        case 1: self.pauseOrResume(tenant)
        case 2: self.enqueueSlowly(tenant)
        case 3: _ = tenant.database.triggerJob("job0").map(tenant.ledger.added)
        default: self.enqueue(tenant)
        }
        self.world.loop.after(self.dice.milliseconds(self.workload.enqueueMilliseconds)) { self.act() }
    }

    private func work() -> NewWork {
        var work = NewWork(self.dice.pick([.outbox, .timer, .inbox]))
        if self.dice.happens(0.4) { work.due = .after(self.dice.milliseconds(1...6000)) }
        if self.dice.happens(0.2) { work.orderingKey = "key\(self.dice.index(below: 2))" }
        if self.dice.happens(0.1) { work.uniqueKey = "unique\(self.dice.index(below: 2))" }
        work.priority = self.dice.happens(0.2) ? self.dice.number(-9...9) : 0
        work.retry = Self.retry
        if self.dice.happens(0.1) { work.timeoutMilliseconds = 1500 }
        return work
    }

    private func enqueue(_ tenant: SimulatedTenant) {
        let count = self.dice.happens(0.1) ? self.dice.number(2...30) : 1
        for _ in 0..<count {
            guard let id = tenant.add(self.work()) else { continue }
            if self.dice.happens(0.2) { self.recent.append((tenant, id)) }
        }
        if self.dice.happens(0.5) { self.world.hints.publish(.work(tenant.id)) { _ in true } }
    }

    /// A transaction that commits late: its rows have older numbers than what was committed meanwhile.
    private func enqueueSlowly(_ tenant: SimulatedTenant) {
        var work = self.work()
        work.uniqueKey = nil
        let duration = self.dice.milliseconds(1...1500)
        Task(executorPreference: self.world.pool) { [work] in
            await tenant.database.whileAdding(work) { id in
                // Nobody cancels this task.
                try? await self.world.loop.sleep(for: duration)
                tenant.ledger.added(id)
            }
        }
    }

    private func cancel() {
        guard !self.recent.isEmpty else { return }
        let (tenant, id) = self.recent.remove(at: self.dice.index(below: self.recent.count))
        let reply = tenant.database.cancelRun(id)
        self.world.loop.note("user", tenant.index, "cancels \(tenant.id)/\(id): \(reply)")
        switch reply {
        case .cancelled: tenant.ledger.cancelled(id)
        case .requested, .ended, .unknown: break
        }
    }

    private func pauseOrResume(_ tenant: SimulatedTenant) {
        guard tenant.database.pauseJob("job0") == true else { return }
        self.world.loop.after(self.dice.milliseconds(100...3000)) { _ = tenant.database.resumeJob("job0") }
    }
}
