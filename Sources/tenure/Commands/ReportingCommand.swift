internal import ArgumentParser

/// A command that answers with one value on standard output, also when the answer is an error.
protocol ReportingCommand: AsyncParsableCommand {
    /// Where the answer goes, and in which form.
    var results: Output { get }
}

/// A command with the options that nearly all have.
protocol GlobalCommand: ReportingCommand {
    var global: GlobalOptions { get }
}

extension GlobalCommand {
    var results: Output { self.global.results }
}
