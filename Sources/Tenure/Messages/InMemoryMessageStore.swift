internal import Synchronization
internal import TenureCore

/// Messages in memory, by an injected clock.
final class InMemoryMessageStore: MessageStore {
    private struct State {
        var book: MessageBook
        var observers: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastObserver = 0
    }

    private let state: Mutex<State>
    private let read: @Sendable () -> ServerTime
    private let sleep: @Sendable (ServerTime) async throws -> Void

    var lease: Duration? { nil }

    /// - Parameters:
    ///   - now: The present instant.
    ///   - sleep: Returns at an instant.
    init(
        retention: MessageRetention,
        now: @escaping @Sendable () -> ServerTime,
        sleep: @escaping @Sendable (ServerTime) async throws -> Void
    ) {
        self.state = Mutex(State(book: MessageBook(retention: retention)))
        self.read = now
        self.sleep = sleep
    }

    func now() async throws -> ServerTime { self.read() }

    func add(_ message: NewMessage, due: MessageDue) async throws {
        self.change { book, now in
            let dueAt =
                switch due {
                case .after(let delay): now.advanced(by: delay)
                case .at(let instant): instant
                }
            book.add(message, dueAt: dueAt)
        }
    }

    func cancel(_ token: MessageToken) async throws -> Bool {
        self.change { book, now in book.cancel(token, at: now) }
    }

    func get(_ token: MessageToken) async throws -> ScheduledMessage? {
        self.change { book, _ in book.message(token) }
    }

    func list(_ filter: MessageFilter) async throws -> MessagePage {
        let place = try filter.after.map { text throws(RequestRefused) in
            guard let place = Int64(text) else { throw MessageFilter.invalidPage(text) }
            return place
        }
        return self.change { book, _ in
            book.page(states: filter.states, after: place ?? 0, limit: filter.limit)
        }
    }

    func take(_ limit: Int, for consumer: String) async throws -> MessageBatch {
        let now = self.read()
        let (taken, next) = self.state.withLock { state in
            state.book.forget(at: now)
            let taken = state.book.take(limit, for: consumer, at: now)
            return (taken, state.book.nextDue)
        }
        let sleep = self.sleep
        var untilNextLook: (@Sendable () async throws -> Void)?
        if let next { untilNextLook = { try await sleep(next) } }
        return MessageBatch(
            now: now,
            claims: taken.claims,
            recurrences: taken.recurrences,
            untilNextLook: untilNextLook
        )
    }

    func advance(_ recurrence: DueRecurrence, to step: RecurrenceStep) async throws {
        self.change { book, now in book.advance(recurrence, to: step, at: now) }
    }

    func renew(_ entries: [String], for consumer: String, isLeaving: Bool) async throws -> [String] {
        self.change { book, now in book.renew(entries, for: consumer, at: now) }
    }

    func settle(_ claim: MessageClaim, _ outcome: MessageOutcome, by consumer: String) async throws {
        self.change { book, now in book.settle(claim, outcome, at: now) }
    }

    func hints() async -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = self.state.withLock { state in
            state.lastObserver += 1
            state.observers[state.lastObserver] = continuation
            return state.lastObserver
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.observers.removeValue(forKey: id) }
        }
        // What was scheduled before is looked for too.
        continuation.yield()
        return stream
    }

    /// Changes the book; whoever delivers is told when something is due sooner than before.
    private func change<Value>(_ body: (inout MessageBook, ServerTime) -> Value) -> Value {
        let now = self.read()
        let (value, observers) = self.state.withLock { state in
            state.book.forget(at: now)
            let before = state.book.nextDue
            let value = body(&state.book, now)
            let isSooner = state.book.nextDue.map { before == nil || $0 < before! } ?? false
            return (value, isSooner ? state.observers.sorted { $0.key < $1.key }.map(\.value) : [])
        }
        for observer in observers { observer.yield() }
        return value
    }
}
