internal import PostgresClient
package import TenureCore

/// A lease or a permit that is held.
package struct LeaseRecord: Sendable, Hashable {
    package var isPermit: Bool
    package var name: String
    package var token: LeaseToken
    package var holder: String
    package var acquiredAt: ServerTime
    package var expiresAt: ServerTime
    /// How many permits there are, as the last caller said; `nil` for a lease.
    package var limit: Int?
    /// How many wait for one of this name.
    package var waiting: Int
}

/// Leases and semaphores. Every method throws ``RefusedRequest`` or ``StoreError``; each call may be repeated.
extension PostgresTenantClient {
    /// Acquires for a holder, or tells how things are.
    ///
    /// - Parameter place: How long its place among those who wait is kept; `nil` when it does not wait.
    package func acquire(
        _ subject: LeaseSubject,
        for holder: String,
        duration: Duration,
        place: Duration?,
        timeout: Duration
    ) async throws -> LeaseAnswer {
        let statement: PostgresStatement
        var parameters: [PostgresValue] = [.text(subject.name)]
        switch subject {
        case .lease:
            statement = self.statements.leases.acquireLease
        case .permit(_, let limit):
            statement = self.statements.leases.acquirePermit
            // A number that Postgres cannot hold is out of range as well.
            parameters.append(.int(Int64(Int32(clamping: limit))))
        }
        parameters += [.text(holder), .int(duration.milliseconds), .int(place?.milliseconds)]
        let row = try await self.query(statement, "lease.acquire", parameters, timeout: timeout).single()
        if let token = try row.optionalInt(0) { return .held(LeaseToken(Int64(token))) }
        return .taken(freeIn: try row.optionalInt(1).map { .milliseconds($0) }, ahead: try row.int(2))
    }

    /// Prolongs. False when it is no longer held under this token.
    package func renew(
        _ subject: LeaseSubject,
        _ token: LeaseToken,
        duration: Duration,
        timeout: Duration
    ) async throws -> Bool {
        let statement =
            switch subject {
            case .lease: self.statements.leases.renewLease
            case .permit: self.statements.leases.renewPermit
            }
        let parameters: [PostgresValue] = [.text(subject.name), .int(token.value), .int(duration.milliseconds)]
        // Not behind those who wait for connections to do what can wait.
        return try await self.query(statement, "lease.renew", parameters, purpose: .claiming, timeout: timeout)
            .single().bool(0)
    }

    /// Gives it back. False when it was no longer held under this token.
    package func release(_ subject: LeaseSubject, _ token: LeaseToken, timeout: Duration) async throws -> Bool {
        let statement =
            switch subject {
            case .lease: self.statements.leases.releaseLease
            case .permit: self.statements.leases.releasePermit
            }
        let parameters: [PostgresValue] = [.text(subject.name), .int(token.value)]
        return try await self.query(statement, "lease.release", parameters, purpose: .claiming, timeout: timeout)
            .single().bool(0)
    }

    /// Gives up a place among those who wait, and what the holder may have got without knowing it.
    package func withdraw(_ subject: LeaseSubject, _ holder: String, timeout: Duration) async throws {
        let statement =
            switch subject {
            case .lease: self.statements.leases.withdrawLease
            case .permit: self.statements.leases.withdrawPermit
            }
        let parameters: [PostgresValue] = [.text(subject.name), .text(holder)]
        _ = try await self.query(statement, "lease.withdraw", parameters, purpose: .claiming, timeout: timeout)
    }

    /// Leases and permits that are held, by name.
    package func leases(limit: Int = 100) async throws -> [LeaseRecord] {
        try await self.query(self.statements.leases.leases, "lease.list", [.int(limit)]).map { row in
            LeaseRecord(
                isPermit: try row.string(0) == "permit",
                name: try row.string(1),
                token: LeaseToken(Int64(try row.int(2))),
                holder: try row.string(3),
                acquiredAt: try row.time(4),
                expiresAt: try row.time(5),
                limit: try row.optionalInt(6),
                waiting: try row.int(7)
            )
        }
    }
}
