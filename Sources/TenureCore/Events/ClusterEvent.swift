/// Something that happened in the cluster: one line on a node's standard output and an entry in the event stream.
///
/// Names and fields are a contract; see the manual's page on events.
public struct ClusterEvent: Sendable, Hashable {
    /// How loud an event is.
    public enum Level: String, Sendable, Hashable, Comparable {
        case debug, info, warning

        /// Orders by loudness.
        public static func < (lhs: Level, rhs: Level) -> Bool {
            func rank(_ level: Level) -> Int {
                switch level {
                case .debug: 0
                case .info: 1
                case .warning: 2
                }
            }
            return rank(lhs) < rank(rhs)
        }
    }

    /// A field's value.
    public enum Value: Sendable, Hashable, CustomStringConvertible {
        case string(String)
        case integer(Int64)
        case number(Double)
        case boolean(Bool)

        /// The value as text.
        public var description: String {
            switch self {
            case .string(let text): text
            case .integer(let number): String(number)
            case .number(let number): String(number)
            case .boolean(let flag): String(flag)
            }
        }
    }

    /// One named value.
    public struct Field: Sendable, Hashable {
        /// The field's name, in snake case.
        public let name: String
        /// Its value.
        public let value: Value

        /// A named value.
        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// The event's name, e.g. `tenant.acquired`.
    public let name: String
    /// How loud it is.
    public let level: Level
    /// Microseconds since 1970 by the local clock: for people, decides nothing.
    public let time: Int64
    /// The cluster's name.
    public let cluster: String
    /// The node that says it.
    public let node: String
    /// What belongs to it, in a fixed order.
    public let fields: [Field]

    /// An event.
    public init(name: String, level: Level, time: Int64, cluster: String, node: String, fields: [Field]) {
        self.name = name
        self.level = level
        self.time = time
        self.cluster = cluster
        self.node = node
        self.fields = fields
    }

    /// The value of a field, if it is there.
    public subscript(_ field: String) -> Value? {
        self.fields.first { $0.name == field }?.value
    }
}

/// An event as the stream keeps it.
public struct StoredEvent: Sendable, Hashable {
    /// The entry's ID; later ones are greater.
    public let id: String
    /// The event.
    public let event: ClusterEvent

    /// An event with its ID.
    public init(id: String, event: ClusterEvent) {
        self.id = id
        self.event = event
    }
}
