/// Exponential backoff with jitter.
package enum Backoff {
    /// The delay after a number of failed attempts: `base · 2^(failures − 1)`, at most the policy's maximum, of which
    /// the second half is random.
    ///
    /// - Parameters:
    ///   - failures: From 1.
    ///   - fraction: A random number from 0 to 1.
    package static func delay(after failures: Int, policy: RetryPolicy, fraction: Double) -> Duration {
        let doublings = min(max(failures - 1, 0), 40)
        let (product, overflow) = policy.baseDelayMilliseconds.multipliedReportingOverflow(by: 1 << doublings)
        let full = max(0, overflow ? policy.maxDelayMilliseconds : min(product, policy.maxDelayMilliseconds))
        return .microseconds(Int64(Double(full) * 1000 * (0.5 + 0.5 * min(max(fraction, 0), 1))))
    }

    /// The pause after a number of failed tries of something that is tried for ever: from 100 ms to 5 s, with jitter.
    package static func pause(after failures: Int, fraction: Double) -> Duration {
        Self.delay(
            after: failures,
            policy: RetryPolicy(maxAttempts: .max, baseDelayMilliseconds: 100, maxDelayMilliseconds: 5_000),
            fraction: fraction
        )
    }
}
