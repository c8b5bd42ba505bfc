internal import ArgumentParser

/// A duration on the command line, such as `500ms`, `2s`, `5m` or `1h`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let duration = DurationText.parse(argument) else { return nil }
        self.duration = duration
    }
}
