internal import RedisCoordination
internal import TenureCore

extension ClusterClient {
    /// Runs a body while a name is held for the whole cluster: on one node, or in one process, at a time.
    ///
    /// It is renewed at a third of its duration; if it is lost, the body's task is cancelled. It is released when the
    /// body has ended, however it did. To have a name that always runs somewhere, call this in a loop on every node,
    /// with a long wait.
    ///
    /// Redis decides here, alone: after it was flushed or failed over to a replica that lagged behind, a second process
    /// may hold the name until the first one's next renewal, which fails. So fence what the body writes by the token. A
    /// token is at least Redis's time in microseconds, and above every token that this client has seen: it grows over a
    /// loss of Redis's data too, unless its clock goes back as well.
    ///
    /// - Parameters:
    ///   - name: 1 to 200 printable ASCII characters without spaces.
    ///   - duration: After how long it expires unless renewed, by Redis's clock: 10 ms to 7 days. Default 15 s.
    ///   - wait: How long to wait for it. Those that wait get it in no particular order. Default not at all.
    ///   - holder: Who has it, for people. Default the process ID. A unique part is added.
    ///   - body: What is to run once. Runs in a task of its own.
    /// - Returns: What the body returns.
    /// - Throws: ``LeaseNotAcquired`` when another had it all the time; ``LeaseLost`` when it ended before the body;
    ///   ``RequestRefused``, ``CoordinationError``; and what the body throws.
    public func withSingleton<Value: Sendable>(
        _ name: String,
        duration: Duration = .seconds(15),
        wait: Duration = .zero,
        holder: String? = nil,
        body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        try await self.acquisition(ofSingleton: name, duration, holder).withLease(wait: wait, body)
    }

    /// Acquires a name for the whole cluster, for the caller to renew and release.
    ///
    /// - Returns: `nil` when it was not to be had in time.
    /// - Throws: ``RequestRefused`` or ``CoordinationError``.
    public func acquireSingleton(
        _ name: String,
        duration: Duration = .seconds(15),
        wait: Duration = .zero,
        holder: String? = nil
    ) async throws -> Lease? {
        try await self.acquisition(ofSingleton: name, duration, holder).acquire(wait: wait)
    }

    private func acquisition(
        ofSingleton name: String,
        _ duration: Duration,
        _ holder: String?
    ) throws -> LeaseAcquisition {
        try LeaseAcquisition(
            name: name,
            tenant: nil,
            duration: duration,
            holder: holder,
            backend: SingletonBackend(name: name, store: try self.store())
        )
    }
}

/// A name that is held for the whole cluster, in Redis.
struct SingletonBackend: LeaseBackend {
    let name: String
    let store: RedisCoordinationStore

    func acquire(
        for holder: String,
        duration: Duration,
        place: Duration?,
        timeout: Duration
    ) async throws -> LeaseAnswer {
        try await self.store.acquireSingleton(self.name, for: holder, duration: duration, timeout: timeout)
    }

    func renew(_ token: LeaseToken, of holder: String, duration: Duration, timeout: Duration) async throws -> Bool {
        try await self.store.renewSingleton(
            self.name,
            holder: holder,
            token: token,
            duration: duration,
            timeout: timeout
        )
    }

    func release(_ token: LeaseToken, of holder: String, timeout: Duration) async throws -> Bool {
        try await self.store.releaseSingleton(self.name, holder: holder, token: token, timeout: timeout)
    }

    func withdraw(_ holder: String, timeout: Duration) async throws {
        _ = try await self.store.releaseSingleton(self.name, holder: holder, token: nil, timeout: timeout)
    }
}
