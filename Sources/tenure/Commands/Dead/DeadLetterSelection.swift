internal import ArgumentParser
internal import Tenure

/// What dead letters have to fit.
struct DeadLetterConditions: ParsableArguments {
    @Option(help: ArgumentHelp("Of this topic, or of those with a prefix: 'report.*'.", valueName: "topic"))
    var topic: String?

    @Option(help: ArgumentHelp("Occurrences of this job.", valueName: "name"))
    var job: String?

    @Option(help: ArgumentHelp("'attempts exhausted', 'permanent' or 'crash_limit'.", valueName: "reason"))
    var reason: String?

    @Option(help: ArgumentHelp("That failed at this instant or later: ISO 8601.", valueName: "time"))
    var after: TimeArgument?

    @Option(help: ArgumentHelp("That failed before this instant: ISO 8601.", valueName: "time"))
    var before: TimeArgument?

    /// The same as a filter.
    var filter: DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.topic = self.topic
        filter.job = self.job
        filter.reason = self.reason
        filter.failedAfter = self.after?.time
        filter.failedBefore = self.before?.time
        return filter
    }
}

/// Dead letters by their IDs, by what they have in common, or all.
struct DeadLetterSelection: ParsableArguments {
    @Argument(help: "The dead letters' IDs.")
    var ids: [WorkID] = []

    @OptionGroup var conditions: DeadLetterConditions

    @Flag(help: "All of the tenant.")
    var all = false

    @Option(help: ArgumentHelp("The most, the oldest first; not for IDs.", valueName: "n"))
    var limit = TenantClient.defaultDeadLetterLimit

    @Flag(help: "Only tell how many it would be; not for IDs.")
    var plan = false

    func validate() throws {
        let isFiltered = self.conditions.filter != DeadLetterFilter()
        guard [!self.ids.isEmpty, isFiltered, self.all].count(where: { $0 }) == 1 else {
            throw ValidationError("Give IDs, or conditions such as --topic or --before, or --all.")
        }
        guard (1...100_000).contains(self.limit) else {
            throw ValidationError("--limit is \(self.limit): use 1 to 100,000.")
        }
        guard self.ids.isEmpty || !self.plan else { throw ValidationError("--plan is not for IDs.") }
    }

    /// Tells what a change of many did, or would do.
    ///
    /// - Parameter words: What happened to them, what would happen, and the key of their number.
    func report(_ change: DeadLetterChange, to output: Output, words: (did: String, would: String, key: String)) {
        var sentence = "\(change.changed) of \(change.matching) that fit \(self.plan ? words.would : words.did)."
        if change.kept > 0 {
            sentence += " \(change.kept) stay: other work has their unique key, or is their occurrence."
        }
        let rest = change.matching - change.changed - change.kept
        if rest > 0 { sentence += " \(rest) are beyond --limit \(self.limit): call again for them." }
        output.done(
            .object([
                "plan": .boolean(self.plan),
                "matching": .integer(change.matching),
                words.key: .integer(change.changed),
                "kept": .integer(change.kept),
            ]),
            sentence
        )
    }
}
