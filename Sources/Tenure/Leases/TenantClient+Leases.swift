internal import TenureCore

extension TenantClient {
    /// Runs a body while a lease in this tenant's database is held: by one holder at a time, whatever its process.
    ///
    /// It is renewed at a third of its duration. If it is lost, the body's task is cancelled; it should end soon then,
    /// and what it still writes is to be fenced by the token: `SELECT tenure.assert_lease(name, token)` as the last
    /// statement of a transaction in this database. The lease is released when the body has ended, however it did.
    ///
    /// - Parameters:
    ///   - name: 1 to 200 printable ASCII characters without spaces.
    ///   - duration: After how long it expires unless renewed, by the database's clock: 10 ms to 7 days. Default 30 s.
    ///     It is also how long others wait when this process dies.
    ///   - wait: How long to wait for it, in the order of arrival. Default not at all.
    ///   - holder: Who has it, for people. Default the process ID. A unique part is added.
    ///   - body: What needs the lease. Runs in a task of its own.
    /// - Returns: What the body returns.
    /// - Throws: ``LeaseNotAcquired`` when another had it all the time; ``LeaseLost`` when it ended before the body;
    ///   ``RequestRefused``, ``StoreError``; and what the body throws.
    public func withLease<Value: Sendable>(
        _ name: String,
        duration: Duration = .seconds(30),
        wait: Duration = .zero,
        holder: String? = nil,
        body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        try await self.hold(.lease(name), duration, wait, holder, body)
    }

    /// Runs a body while one of a semaphore's permits is held: so many bodies at a time, whatever their processes.
    ///
    /// All else is as with ``withLease(_:duration:wait:holder:body:)``. What is written in this database is fenced by
    /// `SELECT tenure.assert_permit(name, token)` as the last statement of its transaction.
    ///
    /// - Parameters:
    ///   - name: The semaphore. Leases and semaphores of one name have nothing to do with each other.
    ///   - limit: How many permits there are: 1 to 10,000. Each caller goes by its own number.
    public func withPermit<Value: Sendable>(
        of name: String,
        limit: Int,
        duration: Duration = .seconds(30),
        wait: Duration = .zero,
        holder: String? = nil,
        body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        try await self.hold(.permit(name, limit: limit), duration, wait, holder, body)
    }

    /// Acquires a lease for the caller to renew and release.
    ///
    /// - Returns: `nil` when it was not to be had in time.
    /// - Throws: ``RequestRefused`` or ``StoreError``.
    public func acquireLease(
        _ name: String,
        duration: Duration = .seconds(30),
        wait: Duration = .zero,
        holder: String? = nil
    ) async throws -> Lease? {
        try await self.acquisition(of: .lease(name), duration, holder).acquire(wait: wait)
    }

    /// Acquires one of a semaphore's permits for the caller to renew and release.
    ///
    /// - Returns: `nil` when none was to be had in time.
    /// - Throws: ``RequestRefused`` or ``StoreError``.
    public func acquirePermit(
        of name: String,
        limit: Int,
        duration: Duration = .seconds(30),
        wait: Duration = .zero,
        holder: String? = nil
    ) async throws -> Lease? {
        try await self.acquisition(of: .permit(name, limit: limit), duration, holder).acquire(wait: wait)
    }

    /// Leases and permits that are held, by name.
    public func leases(limit: Int = 100) async throws -> [LeaseInfo] {
        try await self.backend.leases(limit: limit)
    }

    /// Ends somebody's lease, or permit, before its time. Its holder notices at its next renewal, and what it writes
    /// under the token is refused from now on.
    ///
    /// - Returns: False when it was not held under this token.
    public func releaseLease(
        _ name: String,
        token: LeaseToken,
        kind: LeaseInfo.Kind = .lease
    ) async throws -> Bool {
        let subject: LeaseSubject =
            switch kind {
            case .lease: .lease(name)
            // The limit is for those who acquire.
            case .permit: .permit(name, limit: 1)
            }
        return try await self.backend.leaseBackend(for: subject)
            .release(token, of: "", timeout: LeaseAcquisition.partingTimeout)
    }

    /// Checks the arguments; acquires nothing yet.
    func acquisition(
        of subject: LeaseSubject,
        _ duration: Duration,
        _ holder: String?
    ) throws(RequestRefused) -> LeaseAcquisition {
        try LeaseAcquisition(
            name: subject.name,
            tenant: self.tenant,
            duration: duration,
            holder: holder,
            backend: self.backend.leaseBackend(for: subject)
        )
    }

    private func hold<Value: Sendable>(
        _ subject: LeaseSubject,
        _ duration: Duration,
        _ wait: Duration,
        _ holder: String?,
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        try await self.acquisition(of: subject, duration, holder).withLease(wait: wait, body)
    }
}

extension LeaseAcquisition {
    /// Acquires, and runs a body under the lease.
    ///
    /// - Throws: ``LeaseNotAcquired``, ``LeaseLost``, what the store throws, and what the body throws.
    func withLease<Value: Sendable>(
        wait: Duration,
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        guard let lease = try await self.acquire(wait: wait) else {
            throw LeaseNotAcquired(name: self.name, tenant: self.tenant, waited: max(wait, .zero))
        }
        return try await LeaseKeeper.hold(lease, body)
    }
}
