internal import RedisClient
package import TenureCore

/// Names that one holder has for the whole cluster. Every method throws ``CoordinationError`` and may be repeated.
extension RedisCoordinationStore {
    /// Acquires a name, or tells for how long it is taken. Nobody is kept in a queue.
    ///
    /// - Parameters:
    ///   - holder: Unique to one acquisition; asking again with it prolongs under the same token.
    ///   - duration: At least 1 ms.
    package func acquireSingleton(
        _ name: String,
        for holder: String,
        duration: Duration,
        timeout: Duration
    ) async throws(CoordinationError) -> LeaseAnswer {
        let reply = try await self.runSingleton(
            .acquireSingleton,
            "singleton.acquire",
            [name, holder, Self.milliseconds(duration), self.highestSingletonToken.value],
            timeout
        )
        switch try reply[0].code() {
        case 0: return .taken(freeIn: .milliseconds(max(0, try reply[1].number())), ahead: 0)
        case 1:
            let token = LeaseToken(try reply[1].number())
            self.highestSingletonToken.raise(to: token.value)
            return .held(token)
        default: throw reply.malformed()
        }
    }

    /// Prolongs. False when the name is no longer held under this token.
    package func renewSingleton(
        _ name: String,
        holder: String,
        token: LeaseToken,
        duration: Duration,
        timeout: Duration
    ) async throws(CoordinationError) -> Bool {
        try await self.runSingleton(
            .renewSingleton,
            "singleton.renew",
            [name, "\(holder)/\(token)", Self.milliseconds(duration)],
            timeout
        ).flag()
    }

    /// Releases. False when the name is no longer held by this holder, and under this token if one is given.
    package func releaseSingleton(
        _ name: String,
        holder: String,
        token: LeaseToken?,
        timeout: Duration
    ) async throws(CoordinationError) -> Bool {
        try await self.runSingleton(
            .releaseSingleton,
            "singleton.release",
            [name, holder, token?.description ?? ""],
            timeout
        ).flag()
    }

    private func runSingleton(
        _ script: CoordinationScript,
        _ operation: String,
        _ arguments: [any RedisArgument],
        _ timeout: Duration
    ) async throws(CoordinationError) -> ReplyReader {
        do throws(RedisError) {
            let value = try await self.commands.run(
                script.script,
                keys: script.keys.map { self.keyspace[$0] },
                arguments: arguments,
                deadline: .now + timeout
            )
            return ReplyReader(value, operation: operation)
        } catch {
            throw CoordinationError(error, operation: operation)
        }
    }
}
