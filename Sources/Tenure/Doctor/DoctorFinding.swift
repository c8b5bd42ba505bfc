/// What an examination of a set-up measured, and what to do about it.
public struct DoctorFinding: Sendable, Hashable {
    /// How it is.
    public enum Level: String, Sendable, Hashable, Comparable {
        /// As it should be.
        case ok
        /// It works, and may not for long, or not as well as it could.
        case warn
        /// It does not work.
        case fail

        /// Orders by gravity.
        public static func < (lhs: Level, rhs: Level) -> Bool {
            func rank(_ level: Level) -> Int {
                switch level {
                case .ok: 0
                case .warn: 1
                case .fail: 2
                }
            }
            return rank(lhs) < rank(rhs)
        }
    }

    /// What was looked at, e.g. `redis.memory`. The names are a contract.
    public let check: String
    /// Where: `redis`, `registry`, `cluster`, `settings`, or the name of a tenant, a node or a server.
    public let subject: String
    /// How it is.
    public let level: Level
    /// What was measured.
    public let measured: String
    /// What to do, unless it is as it should be.
    public let advice: String?

    init(_ check: String, _ subject: String, _ level: Level, _ measured: String, advice: String? = nil) {
        self.check = check
        self.subject = subject
        self.level = level
        self.measured = measured
        self.advice = advice
    }
}

/// What an examination of a set-up found.
public struct DoctorReport: Sendable, Hashable {
    /// In the order in which things depend on one another.
    public let findings: [DoctorFinding]
    /// Whether neither Redis nor the list of tenants could be reached: nothing else can be told then.
    public let isBlind: Bool

    /// Whether nothing fails.
    public var isHealthy: Bool { !self.findings.contains { $0.level == .fail } }
}
