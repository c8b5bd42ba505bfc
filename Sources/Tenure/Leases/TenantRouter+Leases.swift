internal import TenureCore

extension TenantRouter {
    /// Runs a body while a lease of one name is held in the databases of several tenants: of all, or of none.
    ///
    /// They are acquired one after the other in the order of the tenants' IDs, which is the same for everybody, so that
    /// two callers never wait for each other; each is renewed while the others are waited for. If one is not to be had,
    /// or its database cannot be used, those that were acquired are released and the body does not run. If one is lost,
    /// the body's task is cancelled.
    ///
    /// - Parameters:
    ///   - name: The name of the lease in each database.
    ///   - tenants: Whose databases. One that is named twice counts once.
    ///   - duration: After how long each expires unless renewed: 10 ms to 7 days. Default 30 s.
    ///   - wait: How long to wait for all together. Default not at all.
    ///   - holder: Who has them, for people. Default the process ID.
    ///   - body: Gets the leases, each with its own token to fence what is written in its database.
    /// - Throws: As ``TenantClient/withLease(_:duration:wait:holder:body:)``, and ``UnknownTenant``.
    public func withLeases<Value: Sendable>(
        _ name: String,
        tenants: [TenantID],
        duration: Duration = .seconds(30),
        wait: Duration = .zero,
        holder: String? = nil,
        body: @escaping @Sendable ([TenantID: Lease]) async throws -> Value
    ) async throws -> Value {
        var acquisitions: [(TenantID, LeaseAcquisition)] = []
        for tenant in Set(tenants).sorted() {
            let client = try await self.client(for: tenant)
            acquisitions.append((tenant, try client.acquisition(of: .lease(name), duration, holder)))
        }
        return try await Self.hold(
            acquisitions[...],
            until: .now + wait,
            waited: wait,
            with: [:],
            body
        )
    }

    /// Each lease is held around the acquisition of the next.
    private static func hold<Value: Sendable>(
        _ acquisitions: ArraySlice<(TenantID, LeaseAcquisition)>,
        until deadline: ContinuousClock.Instant,
        waited: Duration,
        with leases: [TenantID: Lease],
        _ body: @escaping @Sendable ([TenantID: Lease]) async throws -> Value
    ) async throws -> Value {
        guard let (tenant, acquisition) = acquisitions.first else { return try await body(leases) }
        let rest = acquisitions.dropFirst()
        guard let lease = try await acquisition.acquire(wait: ContinuousClock.now.duration(to: deadline)) else {
            throw LeaseNotAcquired(name: acquisition.name, tenant: tenant, waited: max(waited, .zero))
        }
        return try await LeaseKeeper.hold(lease) { lease in
            var leases = leases
            leases[tenant] = lease
            return try await Self.hold(rest, until: deadline, waited: waited, with: leases, body)
        }
    }
}
