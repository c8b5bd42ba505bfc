/// How many faults of each kind a simulation has met.
package struct FaultCount: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case lostRequest = "requests lost"
        case lostReply = "replies lost"
        case lateRequest = "requests late"
        case lateReply = "replies late"
        case repeatedRequest = "requests repeated"
        case lostHint = "hints lost"
        case cutRequest = "requests into a partition"
        case cutReply = "replies into a partition"
        case refusedRequest = "requests to a server that is down"
        case resetConnection = "requests cut off by a restart"
        case lostTransaction = "pipelines cut off between transactions"
        case crash = "crashes"
        case pause = "pauses"
        case partition = "partitions"
        case redis = "restarts, losses and failovers of Redis"
        case postgres = "outages and restarts of Postgres"
        case clock = "clocks that jump or drift"
        case discovery = "discovery errors"
        case duplicate = "duplicate node IDs"
        case restart = "planned restarts"
        case slowOpening = "slow openings"
        case failedRun = "failed runs"
    }

    package private(set) var counts: [Int]

    package init() {
        self.counts = Array(repeating: 0, count: Kind.allCases.count)
    }

    mutating func add(_ kind: Kind) {
        guard let index = Kind.allCases.firstIndex(of: kind) else { return }
        self.counts[index] += 1
    }

    package mutating func add(_ other: FaultCount) {
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
    }

    package var total: Int { self.counts.reduce(0, +) }

    /// Each kind with its number.
    package var lines: [String] {
        zip(Kind.allCases, self.counts).filter { $0.1 > 0 }.map { "\($0.0.rawValue): \($0.1)" }
    }
}
