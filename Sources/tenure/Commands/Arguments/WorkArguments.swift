internal import ArgumentParser
internal import Tenure

/// What all kinds of work can be told.
struct WorkArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Work with this key exists once: while it is there, it is not added again.", valueName: "key"))
    var uniqueKey: String?

    @Option(help: ArgumentHelp("Work of one key runs in order, one at a time.", valueName: "key"))
    var orderingKey: String?

    @Option(help: ArgumentHelp("-9 to 9, higher first. Default: 0.", valueName: "n"))
    var priority: Int = 0

    @Option(help: ArgumentHelp("Attempts in all. Default: 5.", valueName: "n"))
    var maxAttempts: Int = 5

    @Option(help: ArgumentHelp("How long one attempt may take. Default: the node's.", valueName: "duration"))
    var timeout: DurationArgument?

    @Option(help: ArgumentHelp("What belongs together, for history and logs.", valueName: "id"))
    var correlationID: String?
}
