import TenureCore
import Testing

@testable import Tenure

@Suite("A lease while its body runs (A41, A51)", .timeLimit(.minutes(1)))
struct LeaseKeeperTests {
    private struct Failure: Error, Equatable {}

    private static let outage = StoreError(.unavailable, operation: "test")

    @Test("A41: it is renewed until the body ends, and released after that", arguments: [300, 900])
    func renewals(milliseconds: Int) async throws {
        let backend = ScriptedLeaseBackend()

        let value = try await backend.acquisition(duration: .milliseconds(milliseconds)).withLease(wait: .zero) {
            lease in
            for await number in backend.renewals where number == 4 { break }
            #expect(lease.isHeld)
            #expect(backend.count(.released) == 0)
            return lease.token.value
        }

        #expect(value == 7)
        #expect(backend.calls.last == .released)
        #expect(backend.count(.released) == 1)
    }

    @Test("A renewal that is refused cancels the body")
    func refused() async throws {
        let backend = ScriptedLeaseBackend(renew: { $0 < 2 })

        let loss = await #expect(throws: LeaseLost.self) {
            try await backend.acquisition(duration: .milliseconds(900)).withLease(wait: .zero) { lease in
                try? await waitForCancellation()
                #expect(Task.isCancelled)
                #expect(!lease.isHeld)
                #expect(throws: LeaseLost.self) { try lease.check() }
                throw Failure()
            }
        }

        #expect(loss?.isConfirmed == true)
        #expect(loss?.token == LeaseToken(7))
        #expect(backend.count(.released) == 0, "there is nothing to give back")
    }

    @Test("When no renewal is answered the trust ends, before the lease does, and cancels the body")
    func unanswered() async throws {
        let backend = ScriptedLeaseBackend(renew: { _ in
            try await waitForCancellation()
            return true
        })
        let before = ContinuousClock.now

        let loss = await #expect(throws: LeaseLost.self) {
            try await backend.acquisition(duration: .seconds(1)).withLease(wait: .zero) { lease in
                try? await waitForCancellation()
                #expect(!lease.isHeld)
            }
        }

        #expect(loss?.isConfirmed == false)
        #expect(ContinuousClock.now - before >= .milliseconds(500))
        #expect(backend.count(.released) == 1, "the store may still think that it is held")
    }

    @Test("A renewal that hangs and cannot be cancelled does not keep the body from being cancelled")
    func stuck() async throws {
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let backend = ScriptedLeaseBackend(renew: { _ in
            // Deaf to cancellation, as a task of its own.
            await Task { for await _ in answers { break } }.value
            return true
        })

        await #expect(throws: LeaseLost.self) {
            try await backend.acquisition(duration: .milliseconds(200)).withLease(wait: .zero) { _ in
                try? await waitForCancellation()
                answer.finish()
            }
        }
    }

    @Test("A store that is away for a moment costs nothing")
    func outage() async throws {
        let backend = ScriptedLeaseBackend(renew: { number in
            if number % 2 == 1 { throw Self.outage }
            return true
        })

        try await backend.acquisition(duration: .seconds(2)).withLease(wait: .zero) { lease in
            for await number in backend.renewals where number >= 4 { break }
            try lease.check()
        }

        #expect(backend.count(.renewed) >= 4)
    }

    @Test("What the body throws is thrown on, and the lease is released")
    func failure() async throws {
        let backend = ScriptedLeaseBackend()

        await #expect(throws: Failure()) {
            try await backend.acquisition(duration: .seconds(10)).withLease(wait: .zero) { _ in throw Failure() }
        }

        #expect(backend.calls == [.acquired, .released])
    }

    @Test("A cancelled body keeps its lease while it cleans up, and the lease is released though")
    func cancellation() async throws {
        let backend = ScriptedLeaseBackend()
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await backend.acquisition(duration: .milliseconds(900)).withLease(wait: .zero) { lease in
                start.finish()
                try? await waitForCancellation()
                let count = backend.count(.renewed)
                await Task { for await number in backend.renewals where number > count + 1 { break } }.value
                try lease.check()
                throw CancellationError()
            }
        }
        for await _ in started {}
        task.cancel()

        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(backend.calls.last == .released)
    }

    @Test("A body that ends after the trust did has lost its lease, though nobody noticed")
    func unnoticed() async throws {
        let backend = ScriptedLeaseBackend(renew: { _ in
            try await waitForCancellation()
            return true
        })

        await #expect(throws: LeaseLost.self) {
            try await backend.acquisition(duration: .milliseconds(50)).withLease(wait: .zero) { lease in
                // As a process that is stopped: nothing else runs meanwhile that could tell.
                while lease.isHeld {}
            }
        }
    }

    // MARK: Acquiring

    @Test("A reply that comes too late to rely on is asked for again")
    func late() async throws {
        let backend = ScriptedLeaseBackend(acquire: { number in
            if number < 3 { try await Task.sleep(for: .milliseconds(450)) }
            return .held(LeaseToken(Int64(number)))
        })

        let lease = try await backend.acquisition(duration: .milliseconds(500)).acquire(wait: .zero)

        #expect(lease?.token == LeaseToken(3))
    }

    @Test("One that is taken is had later, or not in time; then the place is given up")
    func waiting() async throws {
        let later = ScriptedLeaseBackend(acquire: { number in
            number < 4 ? .taken(freeIn: .milliseconds(20), ahead: 0) : .held(LeaseToken(1))
        })
        let never = ScriptedLeaseBackend(acquire: { _ in .taken(freeIn: nil, ahead: 2) })

        let lease = try await later.acquisition(duration: .seconds(10)).acquire(wait: .seconds(30))
        let none = try await never.acquisition(duration: .seconds(10)).acquire(wait: .milliseconds(50))
        let error = await #expect(throws: LeaseNotAcquired.self) {
            try await never.acquisition(duration: .seconds(10)).withLease(wait: .zero) { _ in
                Issue.record("the body runs without the lease")
            }
        }

        #expect(lease != nil)
        #expect(later.count(.withdrew) == 0)
        #expect(none == nil)
        #expect(never.count(.withdrew) == 1, "only who waits has a place")
        #expect(error?.waited == .zero)
    }

    @Test("A store that is away is waited for, but not longer than the caller waits")
    func acquisitionOutage() async throws {
        let passing = ScriptedLeaseBackend(acquire: { number in
            if number < 3 { throw Self.outage }
            return .held(LeaseToken(1))
        })
        let lasting = ScriptedLeaseBackend(acquire: { _ in throw Self.outage })

        #expect(try await passing.acquisition(duration: .seconds(10)).acquire(wait: .seconds(30)) != nil)
        await #expect(throws: Self.outage) {
            try await lasting.acquisition(duration: .seconds(10)).acquire(wait: .milliseconds(50))
        }
        await #expect(throws: Self.outage) {
            try await lasting.acquisition(duration: .seconds(10)).acquire(wait: .zero)
        }
        #expect(lasting.count(.withdrew) == 2, "a reply may have been lost")
    }

    @Test("A waiter that is cancelled gives its place up")
    func cancelledWaiter() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let backend = ScriptedLeaseBackend(acquire: { _ in
            ask.finish()
            return .taken(freeIn: nil, ahead: 0)
        })
        let task = Task { try await backend.acquisition(duration: .seconds(10)).acquire(wait: .seconds(3600)) }
        for await _ in asked {}
        task.cancel()

        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(backend.calls.last == .withdrew)
    }

    @Test(
        "Wrong arguments are refused before anybody is asked",
        arguments: [("", 1000), ("two words", 1000), ("ü", 1000), ("x", 9), ("x", 604_800_001)]
    )
    func arguments(_ name: String, _ milliseconds: Int) {
        #expect(throws: RequestRefused.self) {
            try LeaseAcquisition(
                name: name,
                tenant: nil,
                duration: .milliseconds(milliseconds),
                holder: nil,
                backend: ScriptedLeaseBackend()
            )
        }
    }
}
