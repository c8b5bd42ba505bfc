internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func leaseBackend(for subject: LeaseSubject) -> any LeaseBackend {
        PostgresLeaseBackend(tenant: self, subject: subject)
    }

    func leases(limit: Int) async throws -> [LeaseInfo] {
        try await self.translating { try await self.client.leases(limit: limit).map(LeaseInfo.init) }
    }
}

/// A lease or a semaphore in a tenant's Postgres.
private struct PostgresLeaseBackend: LeaseBackend {
    let tenant: PostgresTenantBackend
    let subject: LeaseSubject

    func acquire(
        for holder: String,
        duration: Duration,
        place: Duration?,
        timeout: Duration
    ) async throws -> LeaseAnswer {
        try await self.tenant.translating {
            try await self.tenant.client.acquire(
                self.subject,
                for: holder,
                duration: duration,
                place: place,
                timeout: timeout
            )
        }
    }

    func renew(_ token: LeaseToken, of holder: String, duration: Duration, timeout: Duration) async throws -> Bool {
        try await self.tenant.translating {
            try await self.tenant.client.renew(self.subject, token, duration: duration, timeout: timeout)
        }
    }

    func release(_ token: LeaseToken, of holder: String, timeout: Duration) async throws -> Bool {
        try await self.tenant.translating {
            try await self.tenant.client.release(self.subject, token, timeout: timeout)
        }
    }

    func withdraw(_ holder: String, timeout: Duration) async throws {
        try await self.tenant.translating {
            try await self.tenant.client.withdraw(self.subject, holder, timeout: timeout)
        }
    }
}

extension LeaseInfo {
    init(_ record: LeaseRecord) {
        self.init(
            kind: record.isPermit ? .permit : .lease,
            name: record.name,
            token: record.token,
            holder: record.holder,
            acquiredAt: record.acquiredAt,
            expiresAt: record.expiresAt,
            limit: record.limit,
            waiting: record.waiting
        )
    }
}
