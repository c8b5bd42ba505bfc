internal import TenureCore

/// Holds a lease while a body runs: renews it, cancels the body when it is lost, and gives it back at the end.
enum LeaseKeeper {
    private enum Event<Value: Sendable>: Sendable {
        case finished(Value)
        case lost(LeaseLost)
        /// The body was cancelled: a loss makes no difference any more.
        case unwatched
    }

    /// Runs a body under a lease.
    ///
    /// The lease is kept until the body has ended, also while a cancelled one cleans up; and is given back after that,
    /// never before.
    ///
    /// - Throws: ``LeaseLost`` when the lease ended before the body did, whatever the body made of its cancellation;
    ///   otherwise what the body throws.
    static func hold<Value: Sendable>(
        _ lease: Lease,
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        let (losses, continuation) = AsyncStream.makeStream(of: LeaseLost.self, bufferingPolicy: .bufferingOldest(1))
        // SHIELD: a cancelled body holds the lease until it has ended; cancelled below, and awaited.
        let keeping = Task { await Self.keep(lease, telling: continuation) }
        let result: Result<Value, any Error>
        do {
            result = .success(try await Self.run(lease, losses, body))
        } catch {
            result = .failure(error)
        }
        keeping.cancel()
        await keeping.value
        // SHIELD: others would wait for the lease to expire. Bounded by its timeout, and awaited.
        // One that could not be given back expires by itself: no reason to fail what succeeded.
        let parting = Task { _ = try? await lease.release() }
        await parting.value
        return try result.get()
    }

    private static func run<Value: Sendable>(
        _ lease: Lease,
        _ losses: AsyncStream<LeaseLost>,
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Event<Value>.self) { group in
            group.addTask { .finished(try await body(lease)) }
            group.addTask {
                for await loss in losses { return .lost(loss) }
                return .unwatched
            }
            while let event = try await group.next() {
                switch event {
                case .finished(let value):
                    group.cancelAll()
                    // A process that was stopped meanwhile may see the body's end before that of the lease.
                    try lease.check()
                    return value
                case .lost(let loss):
                    group.cancelAll()
                    // What the body makes of its cancellation says less.
                    _ = try? await group.next()
                    throw loss
                case .unwatched: break
                }
            }
            preconditionFailure("the body has an end")
        }
    }

    /// Renews until the loss, or until cancelled.
    private static func keep(_ lease: Lease, telling losses: AsyncStream<LeaseLost>.Continuation) async {
        await withTaskGroup(of: LeaseLost?.self) { group in
            group.addTask { await Self.renew(lease) }
            // Apart from the renewals, of which one may be under way when the trust ends.
            group.addTask { await Self.watch(lease) }
            // Told before the group waits for that one.
            if let loss = await group.next() ?? nil { losses.yield(loss) }
            group.cancelAll()
        }
        losses.finish()
    }

    private static func renew(_ lease: Lease) async -> LeaseLost? {
        while !Task.isCancelled {
            do {
                try await Task.sleep(until: lease.renewalDue, clock: .continuous)
                try await lease.renew()
            } catch let loss as LeaseLost {
                return loss
            } catch {
                // Not renewed, or nobody knows: again soon, until the trust ends. The sleep ends early by cancellation
                // only.
                try? await Task.sleep(for: lease.pace.retry)
            }
        }
        return nil
    }

    private static func watch(_ lease: Lease) async -> LeaseLost? {
        while !Task.isCancelled {
            if let loss = lease.endIfExpired() { return loss }
            // Ends early by cancellation only.
            try? await Task.sleep(until: lease.trustedUntil, clock: .continuous)
        }
        return nil
    }
}
