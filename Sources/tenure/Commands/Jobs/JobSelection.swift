internal import ArgumentParser
internal import Tenure

/// One job by its name, or several.
struct JobSelection: ParsableArguments {
    /// Which jobs are meant.
    enum Meaning {
        case job(String)
        case jobs(topic: String?)
    }

    @Argument(help: "The job's name.")
    var name: String?

    @Option(help: "All jobs of this topic.")
    var topic: String?

    @Flag(help: "All jobs.")
    var all = false

    func validate() throws {
        guard [self.name != nil, self.topic != nil, self.all].count(where: { $0 }) == 1 else {
            throw ValidationError("Give a job's name, --topic, or --all.")
        }
    }

    var meaning: Meaning { self.name.map { .job($0) } ?? .jobs(topic: self.topic) }

    /// Tells how many jobs changed.
    ///
    /// - Throws: ``Failure`` when there is no job of the topic.
    func report(_ jobs: JobSwitch, to output: Output, verb: String) throws {
        if let topic, jobs.matching == 0 { throw Failure(.failed, "there is no job of the topic '\(topic)'") }
        output.done(
            .object([
                "topic": .string(orNull: self.topic),
                "matching": .integer(jobs.matching),
                "changed": .integer(jobs.changed),
            ]),
            "\(jobs.changed) of \(jobs.matching) jobs are \(verb); the others were so already."
        )
    }
}
