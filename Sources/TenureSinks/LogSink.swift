internal import Logging
internal import Tenure

/// Writes one line to the log for each run, and is done.
struct LogSink: Sendable {
    /// Longer payloads are cut, so that one message cannot fill a log. In characters.
    private static let payloadLengthMax = 2_000

    func handle(payload: String, context: RunContext) async throws {
        let isCut = payload.utf8.count > Self.payloadLengthMax
        context.logger.info(
            "Run",
            metadata: [
                "topic": "\(context.topic)",
                "kind": "\(context.kind.rawValue)",
                "payload": "\(isCut ? payload.prefix(Self.payloadLengthMax) + "…" : payload[...])",
            ]
        )
    }
}
