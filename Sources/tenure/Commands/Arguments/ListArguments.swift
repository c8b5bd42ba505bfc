internal import ArgumentParser

/// How much of a list is wanted.
struct ListArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The most that is listed.", valueName: "n"))
    var limit = 100

    func validate() throws {
        guard (1...100_000).contains(self.limit) else {
            throw ValidationError("--limit is \(self.limit): use 1 to 100,000.")
        }
    }
}
