import InMemoryStores
import TenureCore

/// The simulated Redis: a primary, and after a failover another one beside it for a while.
final class RedisServer: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    /// One data set. A restart from an older copy, a loss and a failover each begin another.
    final class DataSet: @unchecked Sendable {
        // SAFETY: touched on the simulation's thread only.

        let number: Int
        let store: InMemoryCoordinationStore

        init(number: Int, store: InMemoryCoordinationStore) {
            self.number = number
            self.store = store
        }
    }

    private let loop: SimulationLoop
    private let pool: SimulatedPool
    /// The server's clock: leases run out by it.
    private let clock: ServerTicks
    private(set) var primary: DataSet
    /// Where each node's connections lead; the primary unless it has not heard of a failover yet.
    private var routes: [Int: DataSet] = [:]
    /// Older copies, as replicas and backups have them, with when they were made.
    private var copies: [(madeAt: MonotonicInstant, store: InMemoryCoordinationStore)] = []
    private var lastNumber = 1
    private var replacedAt = MonotonicInstant(nanoseconds: .min / 2)
    /// Called with each wake-up, and the data set it comes from.
    var onWakeup: ((Wakeup, DataSet) -> Void)?

    init(_ loop: SimulationLoop, pool: SimulatedPool) {
        self.loop = loop
        self.pool = pool
        let clock = ServerTicks(loop)
        self.clock = clock
        self.primary = DataSet(number: 1, store: InMemoryCoordinationStore { clock.now })
    }

    /// Begins to pass wake-ups on and to keep copies.
    func start() {
        self.follow(self.primary)
        self.keepCopy()
    }

    func dataSet(for node: Int) -> DataSet { self.routes[node] ?? self.primary }

    /// Whether the present data are those that it had so long ago.
    func hasKeptData(for duration: Duration) -> Bool { self.replacedAt.duration(to: self.loop.now) >= duration }

    /// A copy every so often: of several ages there is one to come back from.
    private func keepCopy() {
        self.copies.append((self.loop.now, self.primary.store.copy()))
        if self.copies.count > 8 { self.copies.removeFirst() }
        self.loop.after(.milliseconds(700)) { self.keepCopy() }
    }

    private func follow(_ set: DataSet) {
        Task(executorPreference: self.pool) {
            for await wakeup in await set.store.wakeups() where wakeup != .resubscribed {
                self.onWakeup?(wakeup, set)
            }
        }
    }

    // MARK: Faults

    /// Loses everything.
    func forget() {
        let store = self.primary.store.copy()
        store.forget(after: self.lastNumber * 100)
        self.replace(by: store)
    }

    /// Comes back from a copy that is at least so old.
    func restore(age: Duration) {
        guard let copy = self.copy(age: age) else { return self.forget() }
        self.replace(by: copy)
    }

    /// Another server takes over with a copy of that age; nodes notice one after the other.
    ///
    /// - Parameter notice: How long after the failover a node hears of it.
    func failOver(age: Duration, nodes: Int, notice: (Int) -> Duration) {
        let old = self.primary
        for node in 0..<nodes {
            self.routes[node] = old
            self.loop.after(notice(node)) { self.routes[node] = nil }
        }
        self.restore(age: age)
    }

    func jump(by duration: Duration) { self.clock.jump(by: duration) }

    func heal() { self.routes = [:] }

    private func copy(age: Duration) -> InMemoryCoordinationStore? {
        let old = self.copies.last { $0.madeAt.duration(to: self.loop.now) >= age } ?? self.copies.first
        return old?.store.copy()
    }

    private func replace(by store: InMemoryCoordinationStore) {
        self.lastNumber += 1
        self.replacedAt = self.loop.now
        self.primary = DataSet(number: self.lastNumber, store: store)
        self.follow(self.primary)
    }
}

/// A server's clock that may jump.
final class ServerTicks: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    private let loop: SimulationLoop
    private var offset = Duration.zero

    init(_ loop: SimulationLoop) { self.loop = loop }

    var now: MonotonicInstant { self.loop.now.advanced(by: self.offset) }

    func jump(by duration: Duration) { self.offset += duration }
}

/// The simulated Postgres server of some tenants.
final class PostgresServer: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    let number: Int
    private let clock: ServerTicks

    init(_ loop: SimulationLoop, number: Int) {
        self.number = number
        self.clock = ServerTicks(loop)
    }

    /// 2026-01-01 at the start.
    var now: ServerTime {
        ServerTime(microseconds: 1_767_225_600_000_000).advanced(by: MonotonicInstant.zero.duration(to: self.clock.now))
    }

    func jump(by duration: Duration) { self.clock.jump(by: duration) }
}
