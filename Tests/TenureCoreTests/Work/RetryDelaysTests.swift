import Testing

@testable import TenureCore

@Suite("Retry policies (A42)")
struct RetryDelaysTests {
    private static func milliseconds(_ delays: RetryDelays, _ failures: ClosedRange<Int>, seed: UInt64 = 1) -> [Int64] {
        failures.map { delays.delay(after: $0, seed: seed).milliseconds }
    }

    @Test(
        "Without jitter each delay is exact",
        arguments: [
            ("exponential(100ms, max 1s, jitter none)", [100, 200, 400, 800, 1000, 1000]),
            ("linear(100ms, max 350ms, jitter none)", [100, 200, 300, 350, 350, 350]),
            ("fixed(70ms)", [70, 70, 70, 70, 70, 70]),
            ("delays(10ms, 50ms, 2s)", [10, 50, 2000, 2000, 2000, 2000]),
            ("exponential(0s, jitter none)", [0, 0, 0, 0, 0, 0]),
        ] as [(String, [Int64])]
    )
    func tables(_ text: String, _ expected: [Int64]) throws {
        let delays = try #require(RetryDelays(text))
        #expect(Self.milliseconds(delays, 1...6) == expected)
    }

    @Test("The thousandth delay is as good as the first")
    func manyFailures() {
        for jitter in RetryDelays.Jitter.allCases {
            let exponential = RetryDelays.exponential(.milliseconds(1), max: .seconds(86_400 * 999), jitter: jitter)
            let delay = exponential.delay(after: 1000, seed: 7)
            #expect(delay >= .zero && delay <= .seconds(86_400 * 999), "\(jitter)")
        }
        let linear = RetryDelays.linear(.seconds(1), max: .seconds(9), jitter: .none)
        #expect(linear.delay(after: 1000, seed: 7) == .seconds(9))
    }

    @Test("Jitter stays within its bounds, is not always the same, and repeats for the same seed")
    func bounds() {
        var generator = SplitMix(state: 42)
        for _ in 0..<500 {
            let first = Duration.milliseconds(Int64.random(in: 1...5_000, using: &generator))
            let longest = first * Int.random(in: 1...1_000, using: &generator)
            let failures = Int.random(in: 1...40, using: &generator)
            let seed = generator.next()
            let whole = RetryDelays.exponential(first, max: longest, jitter: .none).delay(after: failures, seed: seed)
            let full = RetryDelays.exponential(first, max: longest, jitter: .full)
            let equal = RetryDelays.exponential(first, max: longest, jitter: .equal)
            let loose = RetryDelays.exponential(first, max: longest, jitter: .decorrelated)
            #expect((.zero...whole).contains(full.delay(after: failures, seed: seed)))
            #expect((whole / 2 - .microseconds(1)...whole).contains(equal.delay(after: failures, seed: seed)))
            let before = failures == 1 ? first : loose.delay(after: failures - 1, seed: seed)
            let delay = loose.delay(after: failures, seed: seed)
            let upper = min(longest, before * 3 + .microseconds(3))
            #expect(delay >= min(first, longest) - .microseconds(1) && delay <= upper)
            #expect(delay == loose.delay(after: failures, seed: seed), "the same work has the same delays")
        }
        let full = RetryDelays.exponential(.seconds(1), jitter: .full)
        let spread = Set((0..<100).map { full.delay(after: 1, seed: $0) })
        #expect(spread.count > 95, "what failed together does not come back together")
    }

    @Test("A policy without delays of its own is exponential, of which half is random")
    func standard() {
        let policy = RetryPolicy(maxAttempts: 5, baseDelayMilliseconds: 100, maxDelayMilliseconds: 300)
        for (failures, whole) in [(1, 100), (2, 200), (3, 300), (9, 300)] as [(Int, Int64)] {
            let delay = policy.delay(after: failures, seed: 3)
            #expect(delay >= .milliseconds(whole) / 2 && delay <= .milliseconds(whole))
        }
    }

    @Test(
        "A policy is written as it is read",
        arguments: [
            ("exponential(250ms)", "exponential(250ms, max 1m, jitter equal)"),
            ("exponential( 2m , max 1h, jitter decorrelated )", "exponential(2m, max 1h, jitter decorrelated)"),
            ("exponential(2m)", "exponential(2m, max 2m, jitter equal)"),
            ("linear(1500ms, jitter full)", "linear(1500ms, max 1m, jitter full)"),
            ("fixed(1d)", "fixed(1d, jitter none)"),
            ("delays(0s,10s, 1m, jitter equal)", "delays(0s, 10s, 1m, jitter equal)"),
        ]
    )
    func texts(_ text: String, _ written: String) throws {
        let delays = try #require(RetryDelays(text))
        #expect(delays.description == written)
        #expect(RetryDelays(written) == delays)
    }

    @Test(
        "What is no policy is refused",
        arguments: [
            "", "fixed", "fixed()", "fixed(5)", "fixed(5s, 6s)", "fixed(5s, max 6s)", "linear(5s, max 1s)",
            "linear(1s, jitter decorrelated)", "delays(1s, jitter none, 2s)", "exponential(1s, jitter some)",
            "sometimes(1s)", "fixed(-1s)", "fixed(1s) ", "fixed(1.5s)", "fixed(1234567890s)",
        ]
    )
    func refusals(_ text: String) {
        #expect(RetryDelays(text) == nil)
    }
}

/// A generator whose numbers depend on its seed only.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
