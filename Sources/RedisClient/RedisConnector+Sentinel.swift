extension RedisConnector {
    /// Asks the Sentinels, one after the other, where the master is. The one that answers is asked first next time.
    func askSentinels(
        for master: String,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisEndpoint {
        var failure = RedisError(.unavailable, operation: "SENTINEL", detail: "no sentinel")
        for (index, sentinel) in self.candidates.enumerated() {
            guard !self.isCancelled else { throw RedisError(.closed, operation: "SENTINEL") }
            let share = (deadline - .now) / (self.candidates.count - index + 1)
            do {
                let endpoint = try await self.ask(sentinel, for: master, deadline: .now + share)
                self.prefer(sentinel)
                return endpoint
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func ask(
        _ sentinel: RedisEndpoint,
        for master: String,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisEndpoint {
        let connection = try await self.connect(to: sentinel, deadline: deadline)
        let reply: RedisValue
        do {
            try await Self.logIn(connection, self.configuration.url.sentinelCredentials, deadline: deadline)
            let question = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master)
            reply = try await connection.execute(question, deadline: deadline)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        guard let host = reply[0].string, let port = reply[1].integer.flatMap(UInt16.init(exactly:)),
            let endpoint = RedisEndpoint(host: host, port: port, announcedBy: sentinel)
        else {
            throw RedisError(.unavailable, operation: "SENTINEL", detail: "the sentinel does not know this master")
        }
        return endpoint
    }

    /// Refuses a server that the Sentinels still call master but that is none any more, or not yet.
    func verifyMaster(
        _ connection: RedisConnection,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) {
        let failure: RedisError
        do {
            let role = try await connection.execute(RedisCommand("ROLE"), deadline: deadline)
            if role[0].string == "master" { return }
            failure = RedisError(.unavailable, operation: "ROLE", detail: "the server is not the master")
        } catch {
            failure = error
        }
        await connection.close()
        throw failure
    }
}
