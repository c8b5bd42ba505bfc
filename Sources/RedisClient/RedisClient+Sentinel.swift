extension RedisClient {
    /// Begins to listen for failovers, in an installation with Sentinels.
    ///
    /// A master that was replaced on purpose, or was cut off from the Sentinels only, goes on taking writes for seconds
    /// until it is made a replica, and loses them then.
    func startSentinelWatch() {
        guard case .sentinel(let sentinels, let master) = self.configuration.url.topology else { return }
        var configuration = self.configuration
        // Any one of them will do, as with the nodes of a cluster.
        configuration.url = RedisURL(
            topology: .cluster(sentinels),
            credentials: self.configuration.url.sentinelCredentials
        )
        configuration.scripts = []
        let subscriber = RedisSubscriber(reactor: self.reactor, configuration: configuration)
        // SHIELD: listens for as long as the client lives, whoever's request began it. `close()` ends it with the
        // subscriber's stream, and waits for it.
        let task = Task { await self.followFailovers(of: master, told: subscriber) }
        self.sentinelWatch = (subscriber, task)
    }

    private func followFailovers(of master: String, told subscriber: RedisSubscriber) async {
        let connector = RedisConnector(reactor: self.reactor, configuration: self.configuration)
        for await event in await subscriber.subscribe(to: ["+switch-master"]) {
            if case .message(_, let payload) = event {
                let name = payload.prefix { $0 != UInt8(ascii: " ") }
                guard name.elementsEqual(master.utf8) else { continue }
            }
            let deadline = ContinuousClock.now + self.configuration.connectTimeout
            // Where there is no answer there is nothing to follow; the next event asks again.
            guard let endpoint = try? await connector.askSentinels(for: master, deadline: deadline),
                let current = self.current, current.endpoint != endpoint
            else { continue }
            await self.retire(current.connection, reason: "the sentinels name another master")
        }
    }
}
