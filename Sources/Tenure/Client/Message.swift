/// One message of several that are enqueued together.
public struct Message: Sendable, Hashable {
    /// Decides about the handler: 1 to 200 printable ASCII characters without spaces.
    public var topic: String
    /// JSON text.
    public var payload: String
    /// While work with this key is to be done or running, another is not added: its ID is returned.
    public var uniqueKey: String?
    /// Work of one key runs in the order of enqueuing, one at a time.
    public var orderingKey: String?

    /// A message.
    public init(_ topic: String, payload: String = "{}", uniqueKey: String? = nil, orderingKey: String? = nil) {
        self.topic = topic
        self.payload = payload
        self.uniqueKey = uniqueKey
        self.orderingKey = orderingKey
    }
}

/// What happens to a received message whose source and ID are known, and whose payload is another than before.
public enum ChangedMessage: String, Sendable, Hashable, CaseIterable {
    /// The call is refused: the source gave one ID to two messages, and the second must not be lost silently.
    case error
    /// It counts as a repetition: the first one stays.
    case ignore
}

/// The identity of a group of messages.
public struct GroupID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number that the tenant's database gave it.
    public let value: Int64

    /// Wraps a number read from a tenant's database.
    public init(_ value: Int64) {
        self.value = value
    }

    /// The number as text.
    public var description: String { String(self.value) }

    /// Orders by age.
    public static func < (lhs: GroupID, rhs: GroupID) -> Bool { lhs.value < rhs.value }
}

/// A group of messages, whose follow-up runs once all of them have ended.
public struct GroupInfo: Sendable, Hashable {
    /// Its identity.
    public let id: GroupID
    /// `open`, `completed` or `cancelled`.
    public let state: String
    /// Whether it gets no further members: then it ends with its last one.
    public let isSealed: Bool
    /// Members that have not ended.
    public let pending: Int
    /// Members that completed.
    public let completed: Int
    /// Members that went to the dead letters; trying them again does not open the group again.
    public let discarded: Int
    /// Members that were cancelled.
    public let cancelled: Int
    /// The work that becomes due when the group ends.
    public let followUp: WorkID
    /// When it was opened.
    public let createdAt: ServerTime
    /// When it ended.
    public let endedAt: ServerTime?

    /// Describes a group.
    package init(
        id: GroupID,
        state: String,
        isSealed: Bool,
        pending: Int,
        completed: Int,
        discarded: Int,
        cancelled: Int,
        followUp: WorkID,
        createdAt: ServerTime,
        endedAt: ServerTime?
    ) {
        self.id = id
        self.state = state
        self.isSealed = isSealed
        self.pending = pending
        self.completed = completed
        self.discarded = discarded
        self.cancelled = cancelled
        self.followUp = followUp
        self.createdAt = createdAt
        self.endedAt = endedAt
    }
}

/// A message for each row of a query.
public struct FanOut: Sendable, Hashable {
    /// Tells it from others, and is how it goes on after a crash.
    public var name: String
    /// The messages' topic.
    public var topic: String
    /// A query in the tenant's database with the columns `key`, which is unique and orders the rows, and `payload`,
    /// JSON.
    public var query: String
    /// The topic of a message that follows once all others have ended.
    public var followUp: String?
    /// JSON text, an object.
    public var followUpPayload: String = "{}"
    /// Rows in one transaction, 1 to 100,000. Default 1,000.
    public var rowsPerStep: Int = 1_000
    /// Priority, attempts and the correlation ID of the messages.
    public var options = WorkOptions()

    /// A fan-out without a follow-up.
    public init(name: String, topic: String, query: String, followUp: String? = nil) {
        self.name = name
        self.topic = topic
        self.query = query
        self.followUp = followUp
    }
}

/// How far a fan-out is.
public struct FanOutInfo: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// The messages' topic.
    public let topic: String
    /// The query.
    public let query: String
    /// The key of the last row that has its message.
    public let lastKey: String?
    /// Messages so far.
    public let enqueued: Int
    /// The group of the messages, if there is a follow-up.
    public let group: GroupID?
    /// When it was begun.
    public let startedAt: ServerTime
    /// When every row had its message.
    public let finishedAt: ServerTime?

    /// Describes a fan-out.
    package init(
        name: String,
        topic: String,
        query: String,
        lastKey: String?,
        enqueued: Int,
        group: GroupID?,
        startedAt: ServerTime,
        finishedAt: ServerTime?
    ) {
        self.name = name
        self.topic = topic
        self.query = query
        self.lastKey = lastKey
        self.enqueued = enqueued
        self.group = group
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
