internal import Synchronization
internal import Tenure
internal import TenureCore

/// A scheduler in a check, with short words for what checks do all the time.
struct MessageScene: Sendable {
    typealias Violation = MessageSchedulerConformance.Violation
    typealias Delivery = MessageSchedulerConformance.Delivery

    /// How long something that must happen may take.
    private static let patience = Duration.seconds(25)

    let fixture: MessageSchedulerConformance.Fixture

    var scheduler: any MessageScheduler { self.fixture.scheduler }

    /// A message that is tried again soon.
    func draft(_ name: String = "work", payload: String = "{}", attempts: Int = 5) -> MessageDraft {
        var draft = MessageDraft(topic: "conformance.\(name)", payload: payload)
        draft.retry = RetryPolicy(maxAttempts: attempts, baseDelayMilliseconds: 20, maxDelayMilliseconds: 40)
        return draft
    }

    /// Delivers to a recorder while a body runs.
    func delivering(to recorder: MessageRecorder, _ body: @Sendable () async throws -> Void) async throws {
        try await self.fixture.deliver({ try await recorder.take($0) }, body)
    }

    /// Lets time pass until a condition holds.
    func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                throw Violation(description: "\(what): not within \(Self.patience)")
            }
            try await self.fixture.advance(.milliseconds(20))
        }
    }

    /// Lets time pass until a message stands somewhere.
    func eventually(_ token: MessageToken, is state: MessageState) async throws {
        try await self.eventually("\(state.rawValue) message") {
            try await self.scheduler.get(token)?.state == state
        }
    }

    /// Lets time pass in small steps.
    func pass(_ duration: Duration) async throws {
        for _ in 0..<20 { try await self.fixture.advance(duration / 20) }
    }

    func equal<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        guard found == expected else {
            throw Violation(description: "\(what): expected \(expected), found \(found)")
        }
    }

    func expect(_ condition: Bool, _ what: String) throws {
        guard condition else { throw Violation(description: what) }
    }

    /// Fails unless a body is refused because of its arguments.
    func expectRefusal(_ what: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch is RequestRefused {
            return
        }
        throw Violation(description: "\(what): expected a refusal, found success")
    }
}

/// Counts deliveries, and answers them as a check wants.
final class MessageRecorder: Sendable {
    typealias Delivery = MessageSchedulerConformance.Delivery

    /// A failure that a check asked for.
    struct Failure: Error, CustomStringConvertible {
        let description = "the handler failed as it was told"
    }

    private let taken = Mutex<[Delivery]>([])
    private let answer: @Sendable (Delivery) async throws -> Void

    init(_ answer: @escaping @Sendable (Delivery) async throws -> Void = { _ in }) {
        self.answer = answer
    }

    /// What was delivered, in order.
    var deliveries: [Delivery] { self.taken.withLock { $0 } }

    /// How often a message was delivered.
    func count(of token: MessageToken) -> Int {
        self.deliveries.count { $0.token == token }
    }

    func take(_ delivery: Delivery) async throws {
        self.taken.withLock { $0.append(delivery) }
        try await self.answer(delivery)
    }
}

/// Opens once.
final class MessageGate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    func open() {
        self.continuation.finish()
    }

    /// Waits until it is open, or the task is cancelled.
    func pass() async {
        for await _ in self.stream {}
    }
}
