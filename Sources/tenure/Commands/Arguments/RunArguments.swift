internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// How runs are made: for jobs and for single work.
struct RunArguments: ParsableArguments {
    @Option(help: ArgumentHelp("-9 to 9, higher first.", valueName: "n"))
    var priority = 0

    @Option(help: ArgumentHelp("Attempts in all.", valueName: "n"))
    var maxAttempts = 5

    @Option(
        help: ArgumentHelp(
            "The delay after the first failure; it doubles with each further one.",
            valueName: "duration"
        )
    )
    var backoffBase = DurationArgument(.milliseconds(250))

    @Option(help: ArgumentHelp("The longest delay between attempts.", valueName: "duration"))
    var backoffMax = DurationArgument(.seconds(60))

    @Option(
        name: .customLong("retry"),
        help: ArgumentHelp(
            "The delays between attempts, in place of the two above: exponential(250ms, max 60s, jitter equal), "
                + "linear(1s, max 5m), fixed(30s) or delays(1s, 10s, 1m).",
            valueName: "policy"
        )
    )
    var retryDelays: RetryDelays?

    @Option(help: ArgumentHelp("No attempt begins later than this after the first was due.", valueName: "duration"))
    var retryFor: DurationArgument?

    @Option(help: ArgumentHelp("What limits that count by key count by.", valueName: "key"))
    var limitKey: String?

    @Option(help: ArgumentHelp("How long one attempt may take. Default: what the node says.", valueName: "duration"))
    var timeout: DurationArgument?

    /// Attempts and delays.
    var retry: RetryPolicy {
        var policy = RetryPolicy(
            maxAttempts: self.maxAttempts,
            baseDelayMilliseconds: self.backoffBase.duration.milliseconds,
            maxDelayMilliseconds: self.backoffMax.duration.milliseconds
        )
        policy.delays = self.retryDelays
        policy.retryFor = self.retryFor?.duration
        return policy
    }
}
