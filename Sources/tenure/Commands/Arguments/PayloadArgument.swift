internal import ArgumentParser
internal import Foundation

/// A payload on the command line: JSON text, or `-` for standard input.
struct PayloadArgument: ParsableArguments {
    @Option(help: ArgumentHelp("The payload; - reads standard input. Default: {}", valueName: "json"))
    var payload: String?

    /// The payload as JSON text.
    ///
    /// - Throws: ``Failure`` (``ExitStatus/usage``) when it is not JSON.
    func json() throws -> String {
        guard let payload else { return "{}" }
        let data = payload == "-" ? try FileHandle.standardInput.readToEnd() ?? Data() : Data(payload.utf8)
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        } catch {
            throw Failure(.usage, "the payload is not JSON: quote it for the shell, as in --payload '{\"n\": 1}'")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
