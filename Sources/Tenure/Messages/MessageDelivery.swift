internal import Foundation
internal import Logging
public import ServiceLifecycle
internal import Synchronization
internal import TenureCore

/// How due messages are delivered.
public struct MessageDeliveryOptions: Sendable, Hashable {
    /// Deliveries in progress at once. Default 100.
    public var maxConcurrent: Int = 100
    /// How long one delivery may take when its message says nothing else. Default 5 minutes.
    public var defaultTimeout: Duration = .seconds(300)
    /// How long a graceful shutdown waits for deliveries in progress before it gives them back. Default 30 s.
    public var drainTimeout: Duration = .seconds(30)

    /// All defaults.
    public init() {}
}

/// Hands due messages to handlers until it is shut down. Got from a scheduler; any number of processes may run one.
///
/// A graceful shutdown takes nothing more and lets handlers finish until the drain timeout. Cancelling the task
/// interrupts them. A message that was interrupted is due again at once, and its delivery is not counted.
public final class MessageDelivery: Service, Sendable {
    private struct State {
        var claims: [String: RunningDelivery] = [:]
        var isLeaving = false
    }

    private let store: any MessageStore
    private let handlers: MessageHandlers
    private let options: MessageDeliveryOptions
    private let logger: Logger
    private let consumer = UUID().uuidString.lowercased()
    private let state = Mutex(State())
    private let wake = Signal()
    private let isStarted = Atomic(false)

    init(store: any MessageStore, handlers: MessageHandlers, options: MessageDeliveryOptions, logger: Logger) {
        precondition((1...10_000).contains(options.maxConcurrent), "maxConcurrent must be 1 to 10,000")
        self.store = store
        self.handlers = handlers
        self.options = options
        self.logger = logger
    }

    /// Begins a graceful shutdown, for programs that do not use a `ServiceGroup`. ``run()`` returns when it is done.
    public func shutDown() {
        self.state.withLock { $0.isLeaving = true }
        self.wake.notify()
    }

    /// Delivers until it is shut down, or its task is cancelled. While the store cannot be used it tries again.
    public func run() async {
        let isFirst = self.isStarted.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        precondition(isFirst, "a delivery runs once")
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in await self.store.hints() { self.wake.notify() }
            }
            group.addTask {
                // It throws when the delivery has ended for another reason.
                if (try? await gracefulShutdown()) != nil { self.shutDown() }
            }
            await withDiscardingTaskGroup { deliveries in
                await self.takeUntilLeaving(in: &deliveries)
                if !Task.isCancelled { await self.drain() }
                deliveries.cancelAll()
            }
            await self.leave()
            group.cancelAll()
        }
    }

    // MARK: Taking

    private func takeUntilLeaving(in group: inout DiscardingTaskGroup) async {
        var failures = 0
        var renewal = self.nextRenewal()
        while !Task.isCancelled, !self.state.withLock({ $0.isLeaving }) {
            var pause: (@Sendable () async throws -> Void)?
            do {
                if let due = renewal, due <= .now {
                    try await self.renew()
                    renewal = self.nextRenewal()
                }
                let room = self.options.maxConcurrent - self.state.withLock { $0.claims.count }
                if room > 0 {
                    let batch = try await self.store.take(room, for: self.consumer)
                    self.start(batch.claims, in: &group)
                    for recurrence in batch.recurrences {
                        try await self.store.advance(recurrence, to: recurrence.step(at: batch.now))
                    }
                    failures = 0
                    if !batch.recurrences.isEmpty { continue }
                    pause = batch.untilNextLook
                }
            } catch {
                if Task.isCancelled { break }
                failures += 1
                if failures == 1 { self.logger.warning("messages cannot be taken", metadata: ["error": "\(error)"]) }
                // What was taken by a call whose reply is lost must be given back.
                renewal = .now
                let delay = Backoff.pause(after: failures, fraction: .random(in: 0...1))
                pause = { try await Task.sleep(for: delay) }
            }
            await self.wait(pause, until: failures == 0 ? renewal : nil)
        }
    }

    private func nextRenewal() -> ContinuousClock.Instant? {
        self.store.lease.map { .now + $0 / 3 }
    }

    /// Waits for a hint, for the end of a pause, or for the next renewal.
    private func wait(
        _ pause: (@Sendable () async throws -> Void)?,
        until renewal: ContinuousClock.Instant?
    ) async {
        await withDiscardingTaskGroup { group in
            if let pause {
                group.addTask {
                    // A pause that is cancelled means that something else came first.
                    if (try? await pause()) != nil { self.wake.notify() }
                }
            }
            await self.wake.wait(until: renewal)
            group.cancelAll()
        }
    }

    private func renew(isLeaving: Bool = false) async throws {
        let entries = self.state.withLock { $0.claims.keys.sorted() }
        let lost = try await self.store.renew(entries, for: self.consumer, isLeaving: isLeaving)
        for entry in lost { self.state.withLock { $0.claims[entry] }?.stop(.lost) }
    }

    private func drain() async {
        let deadline = ContinuousClock.now + self.options.drainTimeout
        var renewal = self.nextRenewal()
        while !self.state.withLock({ $0.claims.isEmpty }), .now < deadline, !Task.isCancelled {
            await self.wake.wait(until: min(deadline, renewal ?? deadline))
            if let due = renewal, due <= .now {
                // A lease that cannot be renewed runs out: the message is delivered again.
                try? await self.renew()
                renewal = self.nextRenewal()
            }
        }
    }

    private func leave() async {
        // SHIELD: what was taken should be given back also when the task was cancelled; the store bounds the call.
        await Task {
            // If it fails, the lease runs out.
            try? await self.renew(isLeaving: true)
        }.value
    }

    // MARK: Delivering

    private func start(_ claims: [MessageClaim], in group: inout DiscardingTaskGroup) {
        for claim in claims {
            let running = RunningDelivery()
            // One that was taken again by ourselves, because a renewal came too late, ends here.
            let before = self.state.withLock { $0.claims.updateValue(running, forKey: claim.entry) }
            before?.stop(.lost)
            group.addTask { await self.deliver(claim, running) }
        }
    }

    private func deliver(_ claim: MessageClaim, _ running: RunningDelivery) async {
        if let outcome = await self.attempt(claim, running) { await self.settle(claim, outcome) }
        self.state.withLock { state in
            if state.claims[claim.entry] === running { state.claims[claim.entry] = nil }
        }
        self.wake.notify()
    }

    /// Runs the handler.
    ///
    /// - Returns: What to say to the store; `nil` when the delivery is no longer ours.
    private func attempt(_ claim: MessageClaim, _ running: RunningDelivery) async -> MessageOutcome? {
        let message = claim.message
        guard let handler = self.handlers.handler(for: message.topic) else {
            return self.failure(of: claim, "there is no handler for the topic")
        }
        let context = MessageContext(
            token: message.token,
            topic: message.topic,
            attempt: message.attempts,
            maxAttempts: message.maxAttempts,
            dueAt: message.dueAt ?? .distantPast,
            recurrenceToken: message.recurrenceToken,
            scheduledFor: message.scheduledFor
        )
        let timeout = claim.timeout ?? self.options.defaultTimeout
        let result = await running.perform(within: timeout) { try await handler(claim.payload, context) }
        let cause = running.cause
        if cause == .lost { return nil }
        switch result {
        case .success: return .delivered
        case .failure where cause == .timedOut: return self.failure(of: claim, "it took longer than \(timeout)")
        case .failure where Task.isCancelled: return .returned
        case .failure(let error as PermanentFailure): return .failed(error: error.description)
        case .failure(let error): return self.failure(of: claim, String(describing: error))
        }
    }

    private func failure(of claim: MessageClaim, _ error: String) -> MessageOutcome {
        let error = String(error.prefix(2000))
        guard claim.message.attempts < claim.message.maxAttempts else { return .failed(error: error) }
        let delay = Backoff.delay(
            after: claim.message.attempts,
            policy: claim.retry,
            fraction: .random(in: 0...1)
        )
        return .retry(after: delay, error: error)
    }

    private func settle(_ claim: MessageClaim, _ outcome: MessageOutcome) async {
        // SHIELD: what a handler has done must be told also when the task was cancelled meanwhile; the lease bounds it.
        await Task {
            let deadline = ContinuousClock.now + (self.store.lease ?? .zero)
            var failures = 0
            while true {
                do {
                    return try await self.store.settle(claim, outcome, by: self.consumer)
                } catch {
                    failures += 1
                    let delay = Backoff.pause(after: failures, fraction: .random(in: 0...1))
                    guard ContinuousClock.now + delay < deadline else {
                        // It will be delivered again: at least once.
                        self.logger.error(
                            "the outcome of a message could not be written",
                            metadata: ["message.token": "\(claim.message.token)", "error": "\(error)"]
                        )
                        return
                    }
                    // Nobody cancels this task.
                    try? await Task.sleep(for: delay)
                }
            }
        }.value
    }
}
