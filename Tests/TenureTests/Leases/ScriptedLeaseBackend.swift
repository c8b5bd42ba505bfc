import Synchronization
import TenureCore

@testable import Tenure

/// A lease whose store answers as a test says, and tells what it was asked.
final class ScriptedLeaseBackend: LeaseBackend {
    enum Call: Sendable, Hashable {
        case acquired, renewed, released, withdrew
    }

    private let onAcquire: @Sendable (Int) async throws -> LeaseAnswer
    private let onRenew: @Sendable (Int) async throws -> Bool
    private let log = Mutex<[Call]>([])
    /// The number of each renewal that was answered.
    let renewals: AsyncStream<Int>
    private let continuation: AsyncStream<Int>.Continuation

    /// - Parameters:
    ///   - acquire: The answer to each acquisition, by its number from 1. Default: held.
    ///   - renew: The answer to each renewal, by its number from 1. Default: held.
    init(
        acquire: @escaping @Sendable (Int) async throws -> LeaseAnswer = { _ in .held(LeaseToken(7)) },
        renew: @escaping @Sendable (Int) async throws -> Bool = { _ in true }
    ) {
        self.onAcquire = acquire
        self.onRenew = renew
        (self.renewals, self.continuation) = AsyncStream.makeStream(of: Int.self)
    }

    var calls: [Call] { self.log.withLock { $0 } }

    func count(_ call: Call) -> Int { self.calls.count { $0 == call } }

    func acquisition(duration: Duration) throws -> LeaseAcquisition {
        try LeaseAcquisition(name: "x", tenant: nil, duration: duration, holder: nil, backend: self)
    }

    private func note(_ call: Call) -> Int {
        self.log.withLock { log in
            log.append(call)
            return log.count { $0 == call }
        }
    }

    func acquire(
        for holder: String,
        duration: Duration,
        place: Duration?,
        timeout: Duration
    ) async throws -> LeaseAnswer {
        try await self.onAcquire(self.note(.acquired))
    }

    func renew(_ token: LeaseToken, of holder: String, duration: Duration, timeout: Duration) async throws -> Bool {
        let number = self.note(.renewed)
        let isHeld = try await self.onRenew(number)
        self.continuation.yield(number)
        return isHeld
    }

    func release(_ token: LeaseToken, of holder: String, timeout: Duration) async throws -> Bool {
        _ = self.note(.released)
        return true
    }

    func withdraw(_ holder: String, timeout: Duration) async throws {
        _ = self.note(.withdrew)
    }
}

/// Waits until this task is cancelled, and throws then.
func waitForCancellation() async throws {
    try await Task.sleep(for: .seconds(3600))
}

/// A value that several tasks of a test change.
final class Locked<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        self.value.withLock { value in
            var copy = value
            defer { value = copy }
            return body(&copy)
        }
    }
}
