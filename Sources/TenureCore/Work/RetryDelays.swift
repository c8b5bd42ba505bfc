/// How long failed work waits before each further attempt.
///
/// ```swift
/// options.retry.delays = .linear(.seconds(1), max: .seconds(300))
/// options.retry.delays = RetryDelays("exponential(250ms, max 60s, jitter decorrelated)")
/// ```
///
/// The n-th delay comes after the n-th failed attempt. It depends on nothing but the policy and the work's identity, so
/// that asking twice gives the same; work that failed together still does not come back together.
public struct RetryDelays: Sendable, Hashable {
    /// How delays grow.
    public enum Growth: Sendable, Hashable {
        /// The first one, doubled with each further failure, up to a longest one.
        case exponential(Duration, max: Duration)
        /// As many times the first one as there were failures, up to a longest one.
        case linear(Duration, max: Duration)
        /// Always the same.
        case fixed(Duration)
        /// One after the other; the last one stays.
        case list([Duration])
    }

    /// What chance does to a delay.
    public enum Jitter: String, Sendable, Hashable, CaseIterable {
        /// Nothing.
        case none
        /// Anything from nothing to the whole delay.
        case full
        /// Anything from half of the delay to the whole.
        case equal
        /// In place of doubling: anything from the first delay to three times the one before, up to the longest one.
        case decorrelated
    }

    /// The longest delay where none is given, unless the first one is longer.
    public static let standardMax = Duration.seconds(60)
    /// The longest list.
    static let listLimit = 50

    /// How delays grow.
    public let growth: Growth
    /// What chance does to them.
    public let jitter: Jitter

    /// Doubles with each failure.
    ///
    /// - Parameters:
    ///   - first: From 0.
    ///   - max: From the first one. Default 60 s, or the first one if that is longer.
    ///   - jitter: Default half of each delay.
    public static func exponential(_ first: Duration, max: Duration? = nil, jitter: Jitter = .equal) -> Self {
        Self(.exponential(first, max: max ?? Swift.max(first, Self.standardMax)), jitter)
    }

    /// Grows by the same with each failure.
    ///
    /// - Parameters:
    ///   - step: From 0.
    ///   - max: From the step. Default 60 s, or the step if that is longer.
    ///   - jitter: Default half of each delay; `decorrelated` counts as `equal`.
    public static func linear(_ step: Duration, max: Duration? = nil, jitter: Jitter = .equal) -> Self {
        Self(.linear(step, max: max ?? Swift.max(step, Self.standardMax)), jitter)
    }

    /// Is always the same.
    ///
    /// - Parameter jitter: Default none; `decorrelated` counts as `equal`.
    public static func fixed(_ delay: Duration, jitter: Jitter = .none) -> Self {
        Self(.fixed(delay), jitter)
    }

    /// Takes one delay after the other; the last one stays.
    ///
    /// - Parameters:
    ///   - delays: 1 to 50; an empty list is one delay of nothing.
    ///   - jitter: Default none; `decorrelated` counts as `equal`.
    public static func list(_ delays: [Duration], jitter: Jitter = .none) -> Self {
        Self(.list(delays.isEmpty ? [.zero] : Array(delays.prefix(Self.listLimit))), jitter)
    }

    private init(_ growth: Growth, _ jitter: Jitter) {
        // Whole milliseconds, as they are written down.
        self.growth =
            switch growth {
            case .exponential(let first, let max):
                .exponential(Self.whole(first), max: Self.whole(Swift.max(first, max)))
            case .linear(let step, let max): .linear(Self.whole(step), max: Self.whole(Swift.max(step, max)))
            case .fixed(let delay): .fixed(Self.whole(delay))
            case .list(let delays): .list(delays.map(Self.whole))
            }
        switch growth {
        case .exponential: self.jitter = jitter
        case .linear, .fixed, .list: self.jitter = jitter == .decorrelated ? .equal : jitter
        }
    }

    private static func whole(_ delay: Duration) -> Duration {
        let milliseconds = Swift.max(.zero, delay).milliseconds
        return .milliseconds(delay > .milliseconds(milliseconds) ? milliseconds + 1 : milliseconds)
    }

    // MARK: Calculating

    /// The delay after a number of failed attempts.
    ///
    /// - Parameters:
    ///   - failures: From 1.
    ///   - seed: Stands for the work; the same one gives the same delays.
    /// - Complexity: O(1); with decorrelated jitter O(n) for n failures, since each delay rests on the one before.
    package func delay(after failures: Int, seed: UInt64) -> Duration {
        let failures = Swift.max(failures, 1)
        switch self.growth {
        case .exponential(let first, let max) where self.jitter == .decorrelated:
            var delay = first
            for failure in 1...failures {
                delay = min(first + (delay * 3 - first) * Self.fraction(seed, failure), max)
            }
            return Self.rounded(delay)
        case .exponential(let first, let max):
            let doublings = min(failures - 1, 40)
            // Division, since a product may be too large for a duration.
            let isLongest = first >= max / (1 << doublings)
            return self.jittered(isLongest ? max : first * (1 << doublings), failures, seed)
        case .linear(let step, let max):
            return self.jittered(step >= max / failures ? max : step * failures, failures, seed)
        case .fixed(let delay):
            return self.jittered(delay, failures, seed)
        case .list(let delays):
            return self.jittered(delays[min(failures, delays.count) - 1], failures, seed)
        }
    }

    private func jittered(_ delay: Duration, _ failures: Int, _ seed: UInt64) -> Duration {
        switch self.jitter {
        case .none: delay
        case .full: Self.rounded(delay * Self.fraction(seed, failures))
        case .equal, .decorrelated: Self.rounded(delay / 2 + delay / 2 * Self.fraction(seed, failures))
        }
    }

    private static func rounded(_ delay: Duration) -> Duration { .microseconds(delay.microseconds) }

    /// Another number between 0 and 1 for each failure.
    private static func fraction(_ seed: UInt64, _ failure: Int) -> Double {
        StableHash.unitInterval(StableHash.of(seed, UInt64(failure)))
    }
}

// MARK: - Text

extension RetryDelays: LosslessStringConvertible, Codable {
    /// Reads `exponential(250ms, max 60s, jitter equal)`, `linear(1s, max 5m)`, `fixed(30s)` or `delays(1s, 10s, 1m)`;
    /// `nil` if it is none of them.
    public init?(_ description: String) {
        guard description.hasSuffix(")"), let open = description.firstIndex(of: "(") else { return nil }
        var clauses = description[description.index(after: open)...].dropLast().split(
            separator: ",",
            omittingEmptySubsequences: false
        ).map { $0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed() }.map { String($0) }
        var jitter: Jitter?
        var max: Duration?
        if let last = clauses.last, last.hasPrefix("jitter ") {
            jitter = Jitter(rawValue: String(last.dropFirst(7).drop { $0 == " " }))
            guard jitter != nil else { return nil }
            clauses.removeLast()
        }
        if let last = clauses.last, last.hasPrefix("max ") {
            max = Self.duration(last.dropFirst(4).drop { $0 == " " })
            guard max != nil else { return nil }
            clauses.removeLast()
        }
        let delays = clauses.compactMap { Self.duration($0[...]) }
        guard delays.count == clauses.count, let first = delays.first, delays.count <= Self.listLimit else {
            return nil
        }
        let kind = description[..<open]
        let isSingle = delays.count == 1 && (max ?? first) >= first
        switch (kind, max) {
        case ("exponential", _) where isSingle: self = .exponential(first, max: max, jitter: jitter ?? .equal)
        case ("linear", _) where isSingle && jitter != .decorrelated:
            self = .linear(first, max: max, jitter: jitter ?? .equal)
        case ("fixed", nil) where isSingle && jitter != .decorrelated: self = .fixed(first, jitter: jitter ?? .none)
        case ("delays", nil) where jitter != .decorrelated: self = .list(delays, jitter: jitter ?? .none)
        default: return nil
        }
    }

    /// As it is written down, and read again.
    public var description: String {
        let text: String =
            switch self.growth {
            case .exponential(let first, let max): "exponential(\(Self.text(first)), max \(Self.text(max))"
            case .linear(let step, let max): "linear(\(Self.text(step)), max \(Self.text(max))"
            case .fixed(let delay): "fixed(\(Self.text(delay))"
            case .list(let delays): "delays(\(delays.map(Self.text).joined(separator: ", "))"
            }
        return "\(text), jitter \(self.jitter.rawValue))"
    }

    /// Decodes the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let delays = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no retry policy such as linear(1s, max 5m)"
            )
        }
        self = delays
    }

    /// Encodes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    private static func text(_ delay: Duration) -> String {
        let milliseconds = delay.milliseconds
        let unit = self.units.first { milliseconds >= $0.milliseconds && milliseconds % $0.milliseconds == 0 }
        guard let unit else { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    private static func duration(_ text: Substring) -> Duration? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard (1...9).contains(digits.count), let count = Int64(digits) else { return nil }
        let name = text.dropFirst(digits.count)
        return self.units.first { $0.name == name }.map { .milliseconds(count * $0.milliseconds) }
    }
}
