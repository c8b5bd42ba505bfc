extension RedisClient {
    /// Runs a script.
    ///
    /// Scripts of the configuration are loaded with each connection; another one is loaded when it is first run. If the
    /// server has forgotten it, it is loaded again and run once more: nothing of it had happened then.
    ///
    /// - Parameters:
    ///   - script: The script.
    ///   - keys: The keys, as many as the script declares.
    ///   - arguments: The arguments.
    ///   - deadline: When to stop waiting.
    /// - Returns: What the script returns.
    /// - Throws: As ``send(_:deadline:)-(RedisCommand,_)``. An error inside of the script is `.server`, and
    ///   ``RedisError/mayHaveHappened`` then: what the script wrote before stays.
    package func run(
        _ script: RedisScript,
        keys: [String],
        arguments: [any RedisArgument] = [],
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisValue {
        precondition(keys.count == script.keys.count, "\(script.name) takes \(script.keys.count) keys")
        do throws(RedisError) {
            var digest = try await self.digest(of: script, deadline: deadline)
            do throws(RedisError) {
                return try await self.send(Self.call(digest, keys, arguments), deadline: deadline)
            } catch {
                guard error.serverError?.kind == "NOSCRIPT" else { throw error }
            }
            self.digests[script.name] = nil
            digest = try await self.digest(of: script, deadline: deadline)
            return try await self.send(Self.call(digest, keys, arguments), deadline: deadline)
        } catch {
            throw error.renamed(script.name)
        }
    }

    private static func call(_ digest: String, _ keys: [String], _ arguments: [any RedisArgument]) -> RedisCommand {
        var command = RedisCommand("EVALSHA", digest, keys.count)
        for key in keys { command.append(key) }
        for argument in arguments { command.append(argument) }
        return command
    }

    private func digest(
        of script: RedisScript,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> String {
        if let digest = self.digests[script.name] { return digest }
        let reply = try await self.send("SCRIPT", "LOAD", script.source, deadline: deadline)
        guard let digest = reply.string else { throw RedisError(.malformed, operation: "SCRIPT LOAD") }
        self.digests[script.name] = digest
        return digest
    }
}
