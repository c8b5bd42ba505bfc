/// An instant on one process's monotonic clock. It never goes back, runs on during suspend, and means nothing to any
/// other process.
public struct MonotonicInstant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// Nanoseconds since an origin that the process chose.
    public let nanoseconds: Int64

    /// Makes an instant from nanoseconds since the process's origin.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The origin.
    public static let zero = MonotonicInstant(nanoseconds: 0)

    /// An instant that never comes.
    public static let distantFuture = MonotonicInstant(nanoseconds: .max)

    /// This instant moved by a duration; saturates at the ends.
    public func advanced(by duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from this instant to another.
    public func duration(to other: MonotonicInstant) -> Duration {
        .nanoseconds(other.nanoseconds.subtractingReportingOverflow(self.nanoseconds).partialValue)
    }

    /// Seconds since the origin.
    public var description: String { "\(Double(self.nanoseconds) / 1e9)s" }

    /// Orders by time.
    public static func < (lhs: MonotonicInstant, rhs: MonotonicInstant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}

/// An instant on a server's wall clock, in microseconds since 1970: Postgres's for what is due, Redis's for events.
///
/// Never made from the local clock where it decides anything.
public struct ServerTime: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// Microseconds since 1970-01-01 00:00 UTC.
    public let microseconds: Int64

    /// Makes an instant from microseconds since 1970.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Before everything.
    public static let distantPast = ServerTime(microseconds: .min)

    /// After everything.
    public static let distantFuture = ServerTime(microseconds: .max)

    /// Decodes plain microseconds.
    public init(from decoder: any Decoder) throws {
        self.microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Encodes plain microseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.microseconds)
    }

    /// This instant moved by a duration; saturates at the ends.
    public func advanced(by duration: Duration) -> ServerTime {
        let (sum, overflow) = self.microseconds.addingReportingOverflow(duration.microseconds)
        return ServerTime(microseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from this instant to another.
    public func duration(to other: ServerTime) -> Duration {
        let (difference, overflow) = other.microseconds.subtractingReportingOverflow(self.microseconds)
        return .microseconds(overflow ? (other < self ? Int64.min : .max) : difference)
    }

    /// Microseconds since 1970, as text.
    public var description: String { "\(self.microseconds)µs" }

    /// Orders by time.
    public static func < (lhs: ServerTime, rhs: ServerTime) -> Bool { lhs.microseconds < rhs.microseconds }
}

extension Duration {
    /// Whole nanoseconds; saturates.
    package var nanoseconds: Int64 { self.whole(unitsPerSecond: 1_000_000_000) }

    /// Whole microseconds, rounded towards zero; saturates.
    package var microseconds: Int64 { self.whole(unitsPerSecond: 1_000_000) }

    /// Whole milliseconds, rounded towards zero; saturates.
    package var milliseconds: Int64 { self.whole(unitsPerSecond: 1_000) }

    private func whole(unitsPerSecond: Int64) -> Int64 {
        let (seconds, attoseconds) = self.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: unitsPerSecond)
        let fraction = attoseconds / (1_000_000_000_000_000_000 / unitsPerSecond)
        let (sum, carry) = product.addingReportingOverflow(fraction)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}
