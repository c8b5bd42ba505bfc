/// What a measurement of throughput found: the median of its rounds.
struct ThroughputResult: Sendable {
    /// One round, in runs a second.
    struct Round: Sendable {
        let value: Double
        let limit: Double
    }

    let timers: Int
    let batchSize: Int
    let fsync: String
    let serverVersion: String
    let rounds: [Round]

    /// What a node reached, in runs a second.
    var value: Double { Self.median(self.rounds.map(\.value)) }
    /// What a bare loop reached.
    var limit: Double { Self.median(self.rounds.map(\.limit)) }
    /// The share of the limit.
    var ratio: Double { self.value / self.limit }

    var json: JSON {
        .object([
            "benchmark": "throughput",
            "unit": "runs/s",
            "value": .number(self.value.rounded()),
            "limit": .number(self.limit.rounded()),
            "ratio": .number((self.ratio * 1_000).rounded() / 1_000),
            "timers": .integer(self.timers),
            "batch_size": .integer(self.batchSize),
            "fsync": .string(self.fsync),
            "postgres": .string(self.serverVersion),
            "rounds": .array(
                self.rounds.map {
                    .object(["value": .number($0.value.rounded()), "limit": .number($0.limit.rounded())])
                }
            ),
        ])
    }

    var text: [String] {
        [
            "throughput  \(Int(self.value)) runs/s",
            "limit       \(Int(self.limit)) runs/s (bare loop: read \(self.batchSize), delete with history)",
            "ratio       \((self.ratio * 1_000).rounded() / 1_000)",
            "",
            "\(self.timers) timers, median of \(self.rounds.count) rounds, Postgres \(self.serverVersion), "
                + "fsync \(self.fsync)",
        ]
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
