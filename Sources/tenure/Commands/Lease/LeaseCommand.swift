public import ArgumentParser
public import TenureCore

/// `tenure lease`
struct LeaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease",
        abstract: "What one at a time may do: in a tenant's database, or in the whole cluster.",
        discussion: """
            A lease is held by one process at a time, is renewed while that lives, and expires when it does not. Its \
            token grows with each holder: what a holder writes is to be fenced by it.

            Example:
              tenure lease run nightly-export --tenant acme -- ./export.sh
            """,
        subcommands: [
            LeaseRunCommand.self, LeaseListCommand.self, LeaseReleaseCommand.self,
        ]
    )
}

// What the library calls by a type of its own, the command line takes as a word.
extension LeaseToken: ExpressibleByArgument {
    /// A token, if it is a positive number.
    public init?(argument: String) {
        guard let number = Int64(argument), number > 0 else { return nil }
        self.init(number)
    }
}
