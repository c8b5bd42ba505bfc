internal import ArgumentParser
internal import Tenure

/// `tenure groups`
struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "Messages that belong together, with one that follows when all have ended.",
        discussion: """
            A group is opened with its follow-up, gets members by outbox enqueue --group, and is sealed: then the \
            follow-up runs exactly once, when the last member has ended.

            Example:
              tenure groups list --tenant acme
            """,
        subcommands: [
            GroupsOpenCommand.self, GroupsSealCommand.self, GroupsShowCommand.self, GroupsListCommand.self,
            GroupsCancelCommand.self,
        ]
    )
}
