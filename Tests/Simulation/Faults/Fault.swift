package import TenureCore

/// Something that goes wrong at an instant, besides single messages.
package struct Fault: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// A process ends in the middle of whatever it does, and is started again.
        case crash(node: Int, restartAfter: Duration)
        /// Likewise, after so many more of its steps.
        case crashAtStep(node: Int, steps: Int, restartAfter: Duration)
        /// Whoever leads then crashes, or stands still, in the middle of what it does.
        case leaderStops(steps: Int, restartAfter: Duration)
        case leaderPauses(steps: Int, for: Duration)
        /// A process stands still, as when its machine is suspended.
        case pause(node: Int, for: Duration)
        case partition(node: Int, from: Server, requests: Bool, replies: Bool, for: Duration)
        case redisForgets
        case redisRestores(age: Duration)
        case redisFailsOver(age: Duration, noticedWithin: Duration)
        case redisDown(for: Duration)
        case redisClockJumps(by: Duration)
        case databaseDown(Int, for: Duration)
        case databaseSlow(Int, by: Duration, for: Duration)
        case databaseRestarts(Int)
        case databaseClockJumps(Int, by: Duration)
        case clockDrifts(node: Int, rate: Double)
        case clockJumps(node: Int, by: Duration)
        case discoveryFails(for: Duration)
        case discoveryFindsNothing(for: Duration)
        case openingIsSlow(node: Int, by: Duration, for: Duration)
        /// Another process is started under the same node ID.
        case duplicate(node: Int)
        /// A node leaves gracefully and comes back.
        case restart(node: Int)
        /// All nodes, one after the other.
        case rollingRestart(pace: Duration)
        case rebalanceRequested
        case moveRequested(tenant: Int, node: Int)
        case tenantRemoved(Int)
    }

    package let at: MonotonicInstant
    package let kind: Kind

    package init(at: MonotonicInstant, _ kind: Kind) {
        self.at = at
        self.kind = kind
    }

    /// After a time from the start.
    package init(after duration: Duration, _ kind: Kind) {
        self.init(at: MonotonicInstant.zero.advanced(by: duration), kind)
    }

    package var description: String {
        "\(Double(self.at.nanoseconds / 1_000_000) / 1e3)s \(self.kind)"
    }

    /// As what it is counted.
    var counted: FaultCount.Kind? {
        switch self.kind {
        case .crash, .crashAtStep, .leaderStops: .crash
        case .pause, .leaderPauses: .pause
        case .partition: .partition
        case .redisForgets, .redisRestores, .redisFailsOver, .redisDown: .redis
        case .databaseDown, .databaseSlow, .databaseRestarts: .postgres
        case .clockDrifts, .clockJumps, .redisClockJumps, .databaseClockJumps: .clock
        case .discoveryFails, .discoveryFindsNothing: .discovery
        case .openingIsSlow: .slowOpening
        case .duplicate: .duplicate
        case .restart, .rollingRestart: .restart
        case .rebalanceRequested, .moveRequested, .tenantRemoved: nil
        }
    }
}
