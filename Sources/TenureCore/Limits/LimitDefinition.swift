/// How many starts a limit allows in how much time.
public struct LimitRate: Sendable, Hashable, LosslessStringConvertible {
    /// From 1.
    public let count: Int
    /// From 1 ms.
    public let interval: Duration

    /// So many in each interval; values below 1 count as 1.
    public init(_ count: Int, per interval: Duration = .seconds(1)) {
        self.count = min(max(count, 1), 9_999_999)
        self.interval = .milliseconds(max(interval.milliseconds, 1))
    }

    /// Reads `10/s`, `100/m` or `3/10s`; `nil` if it is none of them.
    public init?(_ description: String) {
        guard let match = description.wholeMatch(of: /([0-9]{1,7})\/([0-9]{0,6})(ms|s|m|h|d)/),
            let count = Int(match.1), let units = match.2.isEmpty ? 1 : Int64(match.2), count > 0, units > 0
        else { return nil }
        let unit = Self.units.first { $0.name == match.3 }?.milliseconds ?? 1
        self.init(count, per: .milliseconds(units * unit))
    }

    /// As it is written down, and read again.
    public var description: String {
        let milliseconds = self.interval.milliseconds
        let unit = Self.units.first { milliseconds % $0.milliseconds == 0 } ?? ("ms", 1)
        let units = milliseconds / unit.milliseconds
        return "\(self.count)/\(units == 1 ? "" : "\(units)")\(unit.name)"
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
}

/// How much of a tenant's work may run at once, or start in how much time.
///
/// Work that several limits are about needs room in each of them.
public struct LimitDefinition: Sendable, Hashable {
    /// Its name, unique in the tenant.
    public var name: String
    /// The topics that it is about: a topic, or a prefix followed by `*`. Default all.
    public var topic: String
    /// The limit keys that it is about: a key, or a prefix followed by `*`; each key counts by itself. Default `nil`:
    /// it does not ask for a key, and all its work counts together.
    public var key: String?
    /// Runs in progress at once, from 1; `nil` for any number.
    public var maxRunning: Int?
    /// Starts in an interval; `nil` for any number.
    public var rate: LimitRate?
    /// Starts at once after a pause, from 1. Default: as many as in one interval.
    public var burst: Int?

    /// A limit; without a number it limits nothing.
    public init(
        name: String,
        topic: String = "*",
        key: String? = nil,
        maxRunning: Int? = nil,
        rate: LimitRate? = nil,
        burst: Int? = nil
    ) {
        self.name = name
        self.topic = topic
        self.key = key
        self.maxRunning = maxRunning
        self.rate = rate
        self.burst = burst
    }
}

/// How far the rate of one counter is used up; kept in the tenant's schema, so that a new owner goes on from it.
package struct LimitUse: Sendable, Hashable {
    /// The limit's name.
    package var limit: String
    /// The limit key that is counted; empty where the limit asks for none.
    package var key: String
    /// When all starts will have been paid for, by the tenant's Postgres.
    package var paidAt: ServerTime

    package init(limit: String, key: String, paidAt: ServerTime) {
        self.limit = limit
        self.key = key
        self.paidAt = paidAt
    }
}

/// A tenant's limits with what of them is used up.
package struct LimitsSnapshot: Sendable, Equatable {
    /// By name.
    package var definitions: [LimitDefinition]
    package var uses: [LimitUse]

    package init(definitions: [LimitDefinition] = [], uses: [LimitUse] = []) {
        self.definitions = definitions
        self.uses = uses
    }
}
