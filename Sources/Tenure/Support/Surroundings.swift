internal import Foundation

/// What a node has from outside: time, chance, and threads for tasks that nobody waits for.
///
/// The process's own, unless a simulation passes others: all of them decided by one seed, so that a run of the very
/// same code repeats itself exactly.
package struct Surroundings: Sendable {
    package let clock: MonotonicClock
    package let chance: Chance
    /// Where unstructured tasks run; `nil` is the cooperative pool.
    package let executor: (any TaskExecutor)?

    package init(
        clock: MonotonicClock = MonotonicClock(),
        chance: Chance = Chance(),
        executor: (any TaskExecutor)? = nil
    ) {
        self.clock = clock
        self.chance = chance
        self.executor = executor
    }
}

/// Time that passes by rules of its own: a simulation's.
package protocol VirtualTime: Sendable {
    var now: ContinuousClock.Instant { get }

    /// Waits until an instant; throws `CancellationError` when the task is cancelled before.
    func sleep(until instant: ContinuousClock.Instant) async throws
}

/// Where a node's random numbers come from: what spreads retries, and names that nobody else has.
package struct Chance: Sendable {
    private let draw: (@Sendable () -> UInt64)?

    /// - Parameter draw: Gives the next random bits instead of the system's generator.
    package init(_ draw: (@Sendable () -> UInt64)? = nil) {
        self.draw = draw
    }

    /// A number from 0 to below 1.
    func fraction() -> Double {
        guard let draw else { return Double.random(in: 0..<1) }
        return Double(draw() >> 11) * 0x1p-53
    }

    /// A name that nobody else has, as a UUID in lower case.
    func name() -> String {
        guard let draw else { return UUID().uuidString.lowercased() }
        var bits = (draw(), draw())
        return withUnsafeBytes(of: &bits) { bytes in
            UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)).uuidString.lowercased()
        }
    }
}
