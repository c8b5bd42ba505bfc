internal import ArgumentParser
internal import Tenure

/// What single work can be told besides its topic and payload.
struct WorkArguments: ParsableArguments {
    @Option(help: ArgumentHelp("While work with this key is there, it is not added again.", valueName: "key"))
    var uniqueKey: String?

    @Option(help: ArgumentHelp("What happens when the unique key is taken.", valueName: "action"))
    var onConflict = UniqueConflict.ignore

    @Option(help: ArgumentHelp("Which work takes the unique key: live is waiting or running.", valueName: "states"))
    var uniqueStates = UniqueStates.live

    @Option(
        help: ArgumentHelp(
            "How long the unique key is taken at least, also when the work has ended.",
            valueName: "duration"
        )
    )
    var uniqueFor: DurationArgument?

    @Option(help: ArgumentHelp("Work of one key runs in order, one at a time.", valueName: "key"))
    var orderingKey: String?

    @Option(name: .customLong("correlation-id"), help: ArgumentHelp("What belongs together.", valueName: "id"))
    var correlationID: String?

    @Option(help: ArgumentHelp("W3C trace context.", valueName: "traceparent"))
    var traceContext: String?

    @OptionGroup var runs: RunArguments

    var options: WorkOptions {
        var options = WorkOptions()
        options.uniqueKey = self.uniqueKey
        options.onConflict = self.onConflict
        options.uniqueStates = self.uniqueStates
        options.uniqueFor = self.uniqueFor?.duration
        options.limitKey = self.runs.limitKey
        options.orderingKey = self.orderingKey
        options.correlationID = self.correlationID
        options.traceContext = self.traceContext
        options.priority = self.runs.priority
        options.retry = self.runs.retry
        options.timeout = self.runs.timeout?.duration
        return options
    }
}
