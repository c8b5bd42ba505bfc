/// One message that arrived on a channel.
package struct PostgresNotification: Sendable, Hashable {
    /// The channel, as given to `LISTEN`.
    package let channel: String
    /// The payload; empty if the sender gave none.
    package let payload: String
    /// The server's process that sent it.
    package let serverProcessID: Int

    /// Creates a notification.
    package init(channel: String, payload: String, serverProcessID: Int) {
        self.channel = channel
        self.payload = payload
        self.serverProcessID = serverProcessID
    }
}

/// `LISTEN` and its end.
extension PostgresConnection {
    /// Subscribes to a channel. Messages go to the handler of ``onNotification(_:)`` while the connection lasts.
    ///
    /// - Throws: ``PostgresError``.
    package nonisolated func listen(
        _ channel: String,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) {
        _ = try await self.query(.unnamed("LISTEN \(channel.quotedIdentifier)"), deadline: deadline)
    }

    /// Ends a subscription.
    ///
    /// - Throws: ``PostgresError``.
    package nonisolated func unlisten(
        _ channel: String,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) {
        _ = try await self.query(.unnamed("UNLISTEN \(channel.quotedIdentifier)"), deadline: deadline)
    }

    /// Sets who receives messages; one handler a connection. Called on the reactor: it must not block.
    package func onNotification(_ handler: @escaping @Sendable (PostgresNotification) -> Void) {
        self.notificationHandler = handler
    }
}

extension String {
    /// The text as a quoted SQL identifier.
    package var quotedIdentifier: String {
        "\"" + self.replacing("\"", with: "\"\"") + "\""
    }
}
