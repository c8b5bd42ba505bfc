/// How long to wait before the next attempt to connect: doubling, with jitter.
package struct RedisBackoff: Sendable, Hashable {
    /// The upper bound of the first wait; default 20 ms.
    package var first = Duration.milliseconds(20)
    /// The upper bound of every wait; default 1 s.
    package var maximum = Duration.seconds(1)

    /// The defaults.
    package init() {}

    /// A random wait before an attempt: at least half of the bound, which doubles with every attempt.
    ///
    /// - Parameter attempt: The number of attempts that failed in a row, 0 or more.
    package func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let bound = min(self.maximum, self.first * (1 << min(attempt, 20)))
        return bound * Double.random(in: 0.5...1, using: &generator)
    }
}
