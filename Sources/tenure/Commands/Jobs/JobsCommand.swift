internal import ArgumentParser

/// `tenure jobs`
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Recurring jobs of a tenant.",
        subcommands: [
            JobsPutCommand.self, JobsListCommand.self, JobsShowCommand.self, JobsPauseCommand.self,
            JobsResumeCommand.self, JobsTriggerCommand.self, JobsDeleteCommand.self, JobsPreviewCommand.self,
        ]
    )
}
