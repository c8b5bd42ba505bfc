internal import IOReactor
package import RedisClient
internal import Synchronization
package import TenureCore

/// Runs the message scheduler's scripts, on connections and a thread of its own.
///
/// - Important: Call ``close()`` when it is no longer needed.
package final class RedisMessageConnection: Sendable {
    /// Requests in progress: the thread must outlive them.
    private struct Usage {
        var count = 0
        var isClosed = false
        var idleWaiter: CheckedContinuation<Void, Never>?
    }

    private let keyspace: Keyspace
    private let reactor: IOReactor
    private let client: RedisClient
    private let subscriber: RedisSubscriber
    private let timeout: Duration
    private let usage = Mutex(Usage())

    /// Creates a connection; does no I/O.
    ///
    /// - Parameter timeout: How long one request may take, its repetitions included.
    package init(url: RedisURL, keyspace: Keyspace, timeout: Duration) {
        self.keyspace = keyspace
        self.timeout = timeout
        self.reactor = IOReactor(name: "tenure-messages")
        let scripts = CoordinationScript.messages.map(\.script)
        self.client = RedisClient(reactor: self.reactor, configuration: .init(url: url, scripts: scripts))
        self.subscriber = RedisSubscriber(reactor: self.reactor, configuration: .init(url: url))
    }

    /// Closes the connections; requests in progress and later ones end with an error. Safe to call again.
    package func close() async {
        let isFirst = self.usage.withLock { usage in
            defer { usage.isClosed = true }
            return !usage.isClosed
        }
        guard isFirst else { return }
        await self.client.close()
        await self.subscriber.close()
        await withCheckedContinuation { continuation in
            let isIdle = self.usage.withLock { usage in
                if usage.count > 0 { usage.idleWaiter = continuation }
                return usage.count == 0
            }
            if isIdle { continuation.resume() }
        }
        self.reactor.shutdown()
    }

    /// Runs a script.
    ///
    /// - Parameter isRepeatable: Whether a call whose reply was lost is made again until the timeout; for scripts that
    ///   may run twice.
    package func run(
        _ script: CoordinationScript,
        _ arguments: [any RedisArgument],
        isRepeatable: Bool
    ) async throws(CoordinationError) -> RedisValue {
        try self.begin(script.script.name)
        defer { self.end() }
        let deadline = ContinuousClock.now + self.timeout
        while true {
            do throws(RedisError) {
                return try await self.client.run(
                    script.script,
                    keys: script.keys.map { self.keyspace[$0] },
                    arguments: arguments,
                    deadline: deadline
                )
            } catch {
                // An error inside of the script would only come again.
                let isLost = error.mayHaveHappened && error.serverError == nil
                guard isRepeatable, isLost, !Task.isCancelled, ContinuousClock.now < deadline else {
                    throw CoordinationError(error, operation: script.script.name)
                }
            }
        }
    }

    /// The fields of a message's hash; empty when there is none.
    package func record(of token: String) async throws(CoordinationError) -> RedisValue {
        try await self.send(RedisCommand("HGETALL", self.keyspace[.messageRecords] + token), "message.get")
    }

    /// What time Redis has.
    package func now() async throws(CoordinationError) -> ServerTime {
        let operation = "message.time"
        let reply = try await self.send(RedisCommand("TIME"), operation)
        guard let seconds = reply[0].integer, let microseconds = reply[1].integer else {
            throw CoordinationError(.malformedReply, operation: operation)
        }
        return ServerTime(microseconds: Int64(seconds) * 1_000_000 + Int64(microseconds))
    }

    /// Hints that something is due sooner than was known, one at a time; also after each gap in which some were missed.
    /// Ends with ``close()``.
    package func wakeups() async -> AsyncStream<Void> {
        do {
            try self.begin("message.wakeups")
        } catch {
            return AsyncStream { nil }
        }
        defer { self.end() }
        let events = await self.subscriber.subscribe(to: [self.keyspace[.messageWake]])
        return AsyncStream {
            var iterator = events.makeAsyncIterator()
            return await iterator.next().map { _ in () }
        }
    }

    private func send(_ command: RedisCommand, _ operation: String) async throws(CoordinationError) -> RedisValue {
        try self.begin(operation)
        defer { self.end() }
        do throws(RedisError) {
            return try await self.client.send(command, deadline: .now + self.timeout)
        } catch {
            throw CoordinationError(error, operation: operation)
        }
    }

    private func begin(_ operation: String) throws(CoordinationError) {
        let isOpen = self.usage.withLock { usage in
            if !usage.isClosed { usage.count += 1 }
            return !usage.isClosed
        }
        guard isOpen else {
            throw CoordinationError(.unavailable, operation: operation, detail: "the scheduler was closed")
        }
    }

    private func end() {
        let waiter = self.usage.withLock { usage -> CheckedContinuation<Void, Never>? in
            usage.count -= 1
            guard usage.count == 0 else { return nil }
            return usage.idleWaiter.take()
        }
        waiter?.resume()
    }
}
