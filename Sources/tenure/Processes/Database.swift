internal import IOReactor
internal import PostgresClient

/// One connection to a database, for commands that look at, or set up, a database of their own.
final class Database: Sendable {
    /// How long one statement may take.
    private static let patience = Duration.seconds(120)

    let connection: PostgresConnection

    /// Connects.
    ///
    /// - Throws: ``Failure`` (``ExitStatus/unavailable``) when the database cannot be reached.
    init(_ url: String, reactor: IOReactor) async throws {
        do {
            let target = try PostgresTarget(reference: url)
            self.connection = try await PostgresConnection.open(target, reactor: reactor, deadline: Self.deadline)
        } catch {
            throw Failure(.unavailable, "\(SecretMask.apply(url)): \(error)")
        }
    }

    /// When a statement that starts now has to have ended.
    static var deadline: ContinuousClock.Instant { .now + Self.patience }

    /// Runs one statement.
    @discardableResult
    func query(_ sql: String, _ parameters: PostgresValue...) async throws -> PostgresRows {
        try await self.connection.query(.unnamed(sql), parameters: parameters, deadline: Self.deadline)
    }

    /// Runs several statements without parameters.
    func execute(_ script: String) async throws {
        try await self.connection.execute(script: script, deadline: Self.deadline)
    }

    func close() async {
        await self.connection.close()
    }
}
