internal import PostgresClient
internal import TenureCore

/// Feeds an owner's hints: from notifications while it works, from the database's activity while it is idle.
actor HintSource {
    /// Where hints come from.
    enum Origin: Sendable, Equatable {
        /// The schema's channel, on a connection that the pools keep.
        case notifications
        /// The counters of the server, which one query a second reads for all idle tenants.
        case activity
    }

    private let place: TenantPlace
    private let pools: PostgresPools
    private let probe: ActivityProbe
    private let continuation: AsyncStream<StoreSignal>.Continuation
    private var origin: Origin?
    private var listening: Task<Void, Never>?
    private var watch: ActivityProbe.WatchID?

    init(
        place: TenantPlace,
        pools: PostgresPools,
        probe: ActivityProbe,
        continuation: AsyncStream<StoreSignal>.Continuation
    ) {
        self.place = place
        self.pools = pools
        self.probe = probe
        self.continuation = continuation
    }

    /// Changes where hints come from.
    func follow(_ origin: Origin) async {
        guard self.origin != origin else { return }
        self.origin = origin
        await self.stop()
        // Another call may have come in between.
        guard self.origin == origin else { return }
        switch origin {
        case .notifications:
            let events = await self.pools.listen(to: self.place.target, channel: self.place.schema.wakeChannel)
            guard self.origin == origin else { return }
            // SHIELD: the subscription outlives the call that asked for it; `stop()` cancels it.
            self.listening = Task { [continuation] in
                for await event in events {
                    switch event {
                    case .resumed: continuation.yield(.interrupted)
                    case .notification: continuation.yield(.work)
                    case .lost: break
                    }
                }
            }
        case .activity:
            let watch = await self.probe.watch(self.place) { [continuation] in continuation.yield(.work) }
            guard self.origin == origin else { return await self.probe.unwatch(watch) }
            self.watch = watch
        }
    }

    /// Ends the stream.
    func end() async {
        self.origin = nil
        await self.stop()
        self.continuation.finish()
    }

    private func stop() async {
        self.listening?.cancel()
        self.listening = nil
        if let watch = self.watch {
            self.watch = nil
            await self.probe.unwatch(watch)
        }
    }
}
