internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure lease release`
struct LeaseReleaseCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Ends somebody's lease before its time; exits with status 1 when it is not held under the token.",
        discussion: """
            Its holder notices at its next renewal, after a third of its duration at most.

            Examples:
              tenure lease release nightly-export --token 12 --tenant acme
              tenure lease release uploads --token 13 --permit --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The name of the lease, or of the semaphore.")
    var name: String

    @Option(help: ArgumentHelp("The token under which it is held, as 'tenure lease list' shows it.", valueName: "n"))
    var token: LeaseToken

    @Flag(help: "It is a permit of a semaphore.")
    var permit = false

    func run() async throws {
        let isReleased = try await self.scope.withClient(self.global) { client in
            try await client.releaseLease(self.name, token: self.token, kind: self.permit ? .permit : .lease)
        }
        guard isReleased else {
            throw Failure(.failed, "'\(self.name)' is not held under the token \(self.token): see 'tenure lease list'")
        }
        self.global.results.done(
            .object([
                "name": .string(self.name), "token": .integer(self.token.value), "released": .boolean(true),
            ]),
            "'\(self.name)' is released."
        )
    }
}
