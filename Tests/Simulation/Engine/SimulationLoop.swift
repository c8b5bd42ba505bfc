import DequeModule
import Foundation
import HeapModule
package import TenureCore

/// One thread, one clock, one seed: everything that happens in a simulated cluster is a job or a timer of this loop.
///
/// Jobs take no time. When none is ready, time moves on to the next timer. Of several ready jobs that real threads
/// could run in any order, the seed decides which comes first.
package final class SimulationLoop: @unchecked Sendable {
    // SAFETY: made, used and dropped by the one thread that runs the simulation; `enter` checks it.

    /// A timer, to cancel it by.
    struct TimerID: Hashable, Comparable {
        let instant: MonotonicInstant
        let sequence: UInt64

        static func < (left: Self, right: Self) -> Bool {
            (left.instant, left.sequence) < (right.instant, right.sequence)
        }
    }

    /// The time of the simulation; nobody in it sees it, but everybody's clock is made from it.
    package private(set) var now = MonotonicInstant.zero
    /// Jobs and timers so far.
    package private(set) var steps = 0
    private(set) var hash = TraceHash()
    /// Called after each job, with the lane that it ran on.
    var afterJob: ((Lane) -> Void)?
    /// Lines of the trace; `nil` while nobody wants them.
    var lines: [String]?

    private var dice: Dice
    private var heap = Heap<TimerID>()
    private var bodies: [TimerID: () -> Void] = [:]
    private var sequence: UInt64 = 0
    /// Lanes with something to run that are not held.
    private var ready: [Lane] = []
    private var sleepers: [UInt64: UnsafeContinuation<Void, any Error>] = [:]
    private let thread = pthread_self()

    package init(seed: UInt64) {
        self.dice = Dice(seed, "order")
    }

    /// Stops a job that came from another thread: the simulation would not repeat itself.
    func enter() {
        precondition(pthread_self() == self.thread, "something ran outside the simulation's thread")
    }

    // MARK: Running

    /// Runs until an instant, or until a condition holds.
    func run(until end: MonotonicInstant, or isDone: () -> Bool = { false }) {
        while !isDone() {
            if self.runJob() { continue }
            guard self.fireNext(before: end) else {
                self.now = max(self.now, end)
                return
            }
        }
    }

    private func runJob() -> Bool {
        guard !self.ready.isEmpty else { return false }
        let index = self.ready.count == 1 ? 0 : self.dice.index(below: self.ready.count)
        let lane = self.ready[index]
        self.steps += 1
        let job = lane.next(&self.dice)
        if lane.isEmpty { self.ready.remove(at: index) }
        self.hash.mix(UInt64(truncatingIfNeeded: self.now.nanoseconds) ^ UInt64(lane.number) << 48)
        lane.run(job)
        self.afterJob?(lane)
        return true
    }

    private func fireNext(before end: MonotonicInstant) -> Bool {
        while let first = self.heap.min {
            guard self.bodies[first] != nil else {
                self.heap.removeMin()
                continue
            }
            guard first.instant <= end else { return false }
            self.heap.removeMin()
            guard let body = self.bodies.removeValue(forKey: first) else { continue }
            self.now = max(self.now, first.instant)
            self.steps += 1
            body()
            return true
        }
        return false
    }

    func becameReady(_ lane: Lane) { self.ready.append(lane) }

    func becameHeld(_ lane: Lane) { self.ready.removeAll { $0 === lane } }

    // MARK: Time

    @discardableResult
    func at(_ instant: MonotonicInstant, _ body: @escaping () -> Void) -> TimerID {
        self.enter()
        self.sequence += 1
        let id = TimerID(instant: max(instant, self.now), sequence: self.sequence)
        self.heap.insert(id)
        self.bodies[id] = body
        return id
    }

    @discardableResult
    func after(_ duration: Duration, _ body: @escaping () -> Void) -> TimerID {
        self.at(self.now.advanced(by: duration), body)
    }

    func cancel(_ id: TimerID) {
        self.bodies[id] = nil
        if self.heap.count > 4096, self.heap.count > 4 * self.bodies.count { self.heap = Heap(self.bodies.keys) }
    }

    /// Waits until an instant of the simulation.
    func sleep(until instant: MonotonicInstant) async throws {
        self.enter()
        self.sequence += 1
        let id = self.sequence
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                self.sleepers[id] = continuation
                self.at(instant) { self.sleepers.removeValue(forKey: id)?.resume() }
            }
        } onCancel: {
            self.enter()
            self.sleepers.removeValue(forKey: id)?.resume(throwing: CancellationError())
        }
    }

    func sleep(for duration: Duration) async throws {
        try await self.sleep(until: self.now.advanced(by: duration))
    }

    // MARK: Trace

    /// Notes something that happened: into the fingerprint, and as a line if somebody wants to read it.
    func note(_ what: StaticString, _ number: Int, _ line: @autoclosure () -> String) {
        self.hash.mix(UInt64(truncatingIfNeeded: self.now.nanoseconds))
        self.hash.mix(UInt64(what.utf8CodeUnitCount) << 32 | UInt64(what.utf8Start.pointee))
        self.hash.mix(UInt64(bitPattern: Int64(number)))
        guard self.lines != nil else { return }
        let seconds = String(format: "%10.4f", Double(self.now.nanoseconds) / 1e9)
        self.lines?.append("\(seconds)  \(what)  \(line())")
    }
}
