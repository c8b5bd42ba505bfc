internal import ArgumentParser

/// A duration on the command line, such as `500ms`, `2s`, `5m` or `1h`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = DurationText.parse(argument) else { return nil }
        self.duration = duration
    }

    /// As ``DurationText`` writes it, for help.
    var defaultValueDescription: String { DurationText.text(self.duration) }
}
