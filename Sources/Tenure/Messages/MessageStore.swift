internal import TenureCore

/// Where messages lie that a ``MessageDelivery`` delivers.
///
/// Every call that changes something may be repeated: it happens once. Adapters: memory and Redis.
protocol MessageStore: Sendable {
    /// How long a consumer has what it took before another may take it; `nil` when there is but one consumer.
    var lease: Duration? { get }

    func now() async throws -> ServerTime

    /// Adds a message under a token of the caller's; does nothing when there is one.
    func add(_ message: NewMessage, due: MessageDue) async throws
    func cancel(_ token: MessageToken) async throws -> Bool
    func get(_ token: MessageToken) async throws -> ScheduledMessage?
    func list(_ filter: MessageFilter) async throws -> MessagePage

    /// Takes what is due for a consumer.
    func take(_ limit: Int, for consumer: String) async throws -> MessageBatch

    /// Schedules occurrences of a recurrence, if it still stands at `next`, and moves it on.
    func advance(_ recurrence: DueRecurrence, to step: RecurrenceStep) async throws

    /// Keeps what a consumer delivers, and gives back what it took without knowing.
    ///
    /// - Returns: Those of the entries that it lost.
    func renew(_ entries: [String], for consumer: String, isLeaving: Bool) async throws -> [String]

    /// Tells what became of a delivery, unless it is no longer the consumer's.
    func settle(_ claim: MessageClaim, _ outcome: MessageOutcome, by consumer: String) async throws

    /// Hints to look again.
    func hints() async -> AsyncStream<Void>
}

/// A message that is about to be scheduled.
struct NewMessage: Sendable {
    let token: MessageToken
    let draft: MessageDraft
    var recurrence: MessageRecurrence?
}

/// When a new message is due.
enum MessageDue: Sendable {
    case after(Duration)
    case at(ServerTime)
}

/// A message that a consumer has taken.
struct MessageClaim: Sendable {
    /// Names this delivery in the store.
    let entry: String
    let message: ScheduledMessage
    let payload: String
    let retry: RetryPolicy
    let timeout: Duration?
}

/// A recurrence whose next instant has come.
struct DueRecurrence: Sendable {
    let token: MessageToken
    let recurrence: MessageRecurrence
    let next: ServerTime
}

/// How a recurrence moves on.
enum RecurrenceStep: Sendable, Equatable {
    /// These occurrences are due; then the following instant, if there is one.
    case occurrences([ServerTime], following: ServerTime?)
    /// It cannot go on.
    case broken(reason: String)
}

/// What a consumer took.
struct MessageBatch: Sendable {
    let now: ServerTime
    let claims: [MessageClaim]
    let recurrences: [DueRecurrence]
    /// Returns when it is time to look again; `nil` when only a hint tells.
    let untilNextLook: (@Sendable () async throws -> Void)?
}

/// What became of a delivery.
enum MessageOutcome: Sendable, Equatable {
    case delivered
    case retry(after: Duration, error: String)
    case failed(error: String)
    /// It was interrupted: due again at once, and not counted.
    case returned
}

extension DueRecurrence {
    /// The most occurrences that are caught up.
    static let catchUpLimit = 100

    /// Which occurrences are due, and where the recurrence stands then.
    func step(at now: ServerTime) -> RecurrenceStep {
        do {
            let timetable = try self.recurrence.timetable()
            let due = timetable.newest(
                Self.catchUpLimit,
                after: self.next.microseconds - 1,
                through: max(now, self.next).microseconds
            )
            return .occurrences(
                due.map { ServerTime(microseconds: $0) },
                following: timetable.next(after: max(now, self.next).microseconds).map { ServerTime(microseconds: $0) }
            )
        } catch {
            return .broken(reason: error.message)
        }
    }
}
