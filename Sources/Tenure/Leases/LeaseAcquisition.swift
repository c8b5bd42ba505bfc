internal import Foundation
internal import TenureCore

/// Acquires a lease, waiting for it if need be, and leaves nothing behind when it does not get it.
struct LeaseAcquisition: Sendable {
    /// How long giving back or giving up may take: it is worth little more, for what is left expires.
    static let partingTimeout = Duration.seconds(2)
    /// How long one request may take.
    private static let requestTimeout = Duration.seconds(5)
    /// How many times a lease is had whose reply came too late to rely on it.
    private static let lateRepliesMax = 5

    let name: String
    let tenant: TenantID?
    let backend: any LeaseBackend
    let pace: LeasePace
    /// Unique to this acquisition: whoever asks again with it is taken for the same.
    let holder: String

    /// - Throws: ``RequestRefused`` for a name or a duration that no store takes.
    init(
        name: String,
        tenant: TenantID?,
        duration: Duration,
        holder: String?,
        backend: any LeaseBackend
    ) throws(RequestRefused) {
        try Self.check(name, duration)
        self.name = name
        self.tenant = tenant
        self.backend = backend
        self.pace = LeasePace(duration: duration)
        self.holder = try Self.unique(holder)
    }

    /// Acquires it.
    ///
    /// - Parameter wait: How long to wait. While the store cannot be reached, that is waited for as well.
    /// - Returns: `nil` when it was not to be had in time.
    /// - Throws: What the store throws, the last time that it was asked; `CancellationError`.
    func acquire(wait: Duration) async throws -> Lease? {
        do {
            let lease = try await self.attempt(until: .now + wait, isWaiting: wait > .zero)
            if lease == nil, wait > .zero { await self.withdraw() }
            return lease
        } catch {
            // The place, or the lease if a reply was lost, would be kept for a while.
            if !(error is RequestRefused) { await self.withdraw() }
            throw error
        }
    }

    private func attempt(until deadline: ContinuousClock.Instant, isWaiting: Bool) async throws -> Lease? {
        var generator = SystemRandomNumberGenerator()
        var attempts = 0
        var lateReplies = 0
        while true {
            try Task.checkCancellation()
            attempts += 1
            var freeIn: Duration?
            var ahead = 0
            do {
                let requestedAt = ContinuousClock.now
                let answer = try await self.backend.acquire(
                    for: self.holder,
                    duration: self.pace.duration,
                    place: isWaiting ? LeasePace.place : nil,
                    timeout: isWaiting ? Self.timeout(until: deadline) : Self.requestTimeout
                )
                switch answer {
                case .held(let token):
                    let lease = self.lease(token, requestedAt)
                    if lease.isHeld { return lease }
                    // The reply came too late to rely on it. It is this holder's: the next one prolongs it.
                    lateReplies += 1
                    guard lateReplies < Self.lateRepliesMax else { throw lease.loss }
                    continue
                case .taken(let left, let others):
                    freeIn = left
                    ahead = others
                }
            } catch  where Self.isPassing(error) && ContinuousClock.now < deadline {
                // The store may be back in time.
            }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            let pause = LeasePace.pause(after: attempts, freeIn: freeIn, ahead: ahead, using: &generator)
            try await Task.sleep(for: min(pause, left))
        }
    }

    /// The last request gets its time too.
    private static func timeout(until deadline: ContinuousClock.Instant) -> Duration {
        min(Self.requestTimeout, max(ContinuousClock.now.duration(to: deadline), .milliseconds(500)))
    }

    private func lease(_ token: LeaseToken, _ requestedAt: ContinuousClock.Instant) -> Lease {
        Lease(
            name: self.name,
            tenant: self.tenant,
            token: token,
            holder: self.holder,
            pace: self.pace,
            backend: self.backend,
            requestedAt: requestedAt
        )
    }

    private func withdraw() async {
        // SHIELD: a waiter that was cancelled must not hold up those behind it, nor keep what it got without knowing.
        let task = Task {
            // What could not be given up expires by itself.
            try? await self.backend.withdraw(self.holder, timeout: Self.partingTimeout)
        }
        await task.value
    }

    /// Whether the store may do better the next time.
    private static func isPassing(_ error: any Error) -> Bool {
        switch error {
        case let error as StoreError: error.code == .unavailable || error.code == .outcomeUnknown
        case let error as CoordinationError: error.code == .unavailable || error.code == .outcomeUnknown
        default: false
        }
    }

    // MARK: Arguments

    /// As the schema's own checks, for stores that have none.
    private static func check(_ name: String, _ duration: Duration) throws(RequestRefused) {
        guard (1...200).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw RequestRefused(
                message: "the name '\(name)' is not valid",
                hint: "Use 1 to 200 printable ASCII characters without spaces, such as nightly-export.",
                isNotFound: false
            )
        }
        guard (.milliseconds(10)...(.seconds(7 * 86_400))).contains(duration) else {
            throw RequestRefused(
                message: "the duration \(duration) is out of range",
                hint: "Use 10 milliseconds to 7 days.",
                isNotFound: false
            )
        }
    }

    private static func unique(_ label: String?) throws(RequestRefused) -> String {
        let label = label ?? "pid \(ProcessInfo.processInfo.processIdentifier)"
        guard (1...150).contains(label.unicodeScalars.count), !label.contains("\0") else {
            throw RequestRefused(
                message: "a holder of \(label.unicodeScalars.count) characters is not valid",
                hint: "Use 1 to 150 characters.",
                isNotFound: false
            )
        }
        return "\(label) \(UUID().uuidString.lowercased())"
    }
}
