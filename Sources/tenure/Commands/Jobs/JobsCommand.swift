internal import ArgumentParser

/// `tenure jobs`
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Recurring jobs of a tenant.",
        discussion: """
            A job is due by a cron expression or at an interval; each occurrence is a run.

            Example:
              tenure jobs put nightly --tenant acme --topic report.make --cron "0 3 * * *"
            """,
        subcommands: [
            JobsPutCommand.self, JobsListCommand.self, JobsShowCommand.self, JobsPauseCommand.self,
            JobsResumeCommand.self, JobsTriggerCommand.self, JobsDeleteCommand.self, JobsPreviewCommand.self,
            JobsBackfillCommand.self,
        ]
    )
}
