internal import PostgresClient
package import TenureCore

/// Becoming the owner: preparing, standing by, taking ownership, and the look at where things stand.
extension PostgresTenantStore {
    package func prepare(migrate: Bool) async throws(StoreError) {
        let place = try self.place.get()
        let migrator = SchemaMigrator(tenant: place.schema)
        let deadline = ContinuousClock.now + self.timeouts.migration
        try await self.withConnection("schema.prepare", .opening) { connection in
            switch try await migrator.check(connection, deadline: deadline) {
            case .current:
                break
            case .pending(let number):
                guard migrate else {
                    throw StoreError(
                        .schema,
                        operation: "schema.prepare",
                        detail: "migration \(number) of schema \(place.schema) has not been applied"
                    )
                }
                try await migrator.migrate(connection, deadline: deadline)
            }
        }
    }

    package func takeOwnership(epoch: Epoch, holder: Holder) async throws(StoreError) -> OwnershipReply {
        let unit = self.ownershipUnit(epoch, holder, .durable)
        return try await self.run(unit, Self.taking) { answers throws(PostgresError) in try self.ownership(answers) }
    }

    package func assume(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration,
        first: ClaimPass?
    ) async throws(StoreError) -> Assumption {
        // Who stands by comes by a planned move. Its predecessor has stopped by itself, so the fence need not be on
        // disk before the first claim is, which is committed later and waits for both.
        let commit: Commit = self.standby == nil ? .durable : .deferred
        var units = [
            self.ownershipUnit(epoch, holder, commit), self.openingUnit(epoch, holder, living, lending, commit),
        ]
        if let first { units.append(self.unit(first)) }
        // Read after the pass has looked for changes, so that none is missed in between.
        units.append(self.jobsUnit())
        let deadline = ContinuousClock.now + self.timeouts.opening
        let results = try await self.pipeline(units, Self.taking, .opening, deadline: deadline)
        let assumption: Assumption
        do throws(PostgresError) {
            switch try self.ownership(try results[0].get()) {
            case .refused(let floor): assumption = .refused(floor: floor)
            case .installed:
                var opening = try self.opening(try results[1].get(), holder)
                // What failed here is asked for again.
                if let first, case .success(let answers) = results[2] {
                    opening.firstPass = try self.decode(first, answers)
                    opening.jobsVersion = self.jobsVersion
                }
                if case .success(let answers) = results[results.count - 1] { opening.jobs = try self.jobs(answers) }
                assumption = .opened(opening)
            }
        } catch {
            throw StoreError(error, operation: Self.taking)
        }
        await self.followHints()
        return assumption
    }

    package func standBy() async throws(StoreError) {
        let place = try self.place.get()
        let rehearsal = PostgresUnit(self.statements.rehearse)
        let reads = self.jobsUnit()
        // An epoch that is always refused.
        let nobody = Holder(node: Self.nobody, incarnation: Incarnation(""))
        let ownership = self.ownershipUnit(Epoch(-1), nobody, .deferred)
        let deadline = ContinuousClock.now + self.timeouts.opening
        self.standby?.expire()
        self.standby = nil
        do {
            let session = try await StandbySession.open(
                self.pools,
                to: place.target,
                deadline: deadline,
                patience: Self.standbyPatience
            ) { connection in
                // Until one goes as smoothly as the move should: the first ones read the catalog and plan.
                let clock = ContinuousClock()
                let start = clock.now
                let gate = QuietGate(at: .zero, patience: Self.rehearsalPatience)
                var quickest = QuickestRoundTrip()
                while true {
                    let sentAt = clock.now
                    for result in await connection.pipeline([ownership, rehearsal, reads], deadline: deadline) {
                        _ = try result.get()
                    }
                    let roundTrip = sentAt.duration(to: clock.now)
                    let now = MonotonicInstant.zero.advanced(by: start.duration(to: clock.now))
                    if gate.probed(roundTrip: roundTrip, quickest: quickest, at: now) == .proceed { break }
                    quickest.note(roundTrip)
                    try await clock.sleep(for: QuietGate.pause)
                }
            }
            if self.isClosed { session.expire() } else { self.standby = session }
        } catch {
            throw StoreError(error, operation: "ownership.stand_by")
        }
    }

    /// When a transaction is on disk.
    private enum Commit {
        /// Before its commit is answered.
        case durable
        /// With whatever is committed durably next.
        case deferred
    }

    private static let standbyPatience = Duration.seconds(2)
    private static let rehearsalPatience = Duration.milliseconds(300)
    private static let taking = "ownership.take"
    // The literal is a valid name.
    private static let nobody = try! NodeID("nobody")

    private func unit(_ commit: Commit) -> PostgresUnit {
        switch commit {
        case .durable: PostgresUnit()
        case .deferred: PostgresUnit(self.statements.deferCommit)
        }
    }

    private func ownershipUnit(_ epoch: Epoch, _ holder: Holder, _ commit: Commit) -> PostgresUnit {
        var unit = self.unit(commit)
        unit.add(
            self.statements.takeOwnership,
            .int(epoch.value),
            .text(holder.node.description),
            .text(holder.incarnation.description)
        )
        return unit
    }

    private func ownership(_ answers: [PostgresRows]) throws(PostgresError) -> OwnershipReply {
        let row = try answers[answers.count - 1].single()
        return try row.bool(0) ? .installed : .refused(floor: Epoch(Int64(try row.int(1))))
    }

    private func openingUnit(
        _ epoch: Epoch,
        _ holder: Holder,
        _ living: [Incarnation],
        _ lending: Duration,
        _ commit: Commit
    ) -> PostgresUnit {
        var unit = self.unit(commit)
        unit.add(
            self.statements.openTenant,
            .int(epoch.value),
            .text(holder.incarnation.description),
            .texts(living.map(\.description)),
            .int(lending.milliseconds)
        )
        unit.add(self.statements.standingClaims)
        unit.add(self.statements.look, .int(epoch.value), .null(.text))
        return unit
    }

    package func open(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration
    ) async throws(StoreError) -> Opening {
        let unit = self.openingUnit(epoch, holder, living, lending, .durable)
        let opening = try await self.run(unit, "tenant.open") { answers throws(PostgresError) in
            try self.opening(answers, holder)
        }
        await self.followHints()
        return opening
    }

    private func opening(_ answers: [PostgresRows], _ holder: Holder) throws(PostgresError) -> Opening {
        let answers = answers.suffix(3).map(\.self)
        let look = try answers[2].single()
        self.definitionsSeen = try look.string(1)
        self.jobsVersion += 1
        var opening = Opening(serverTime: try look.time(0), jobsVersion: self.jobsVersion)
        opening.crashedRuns = try answers[0].single().int(0)
        for row in answers[1] {
            let batch = BatchID(try row.string(0))
            let incarnation = Incarnation(try row.string(1))
            let ids = try row.ints(2).map { WorkID(Int64($0)) }
            if incarnation == holder.incarnation {
                opening.own.append(StandingClaim(batch: batch, ids: ids))
            } else {
                opening.lent.append(
                    LentClaim(
                        batch: batch,
                        incarnation: incarnation,
                        ids: ids,
                        orderingKeys: try row.strings(3),
                        until: try row.time(4),
                        subjects: zip(try row.strings(5), try row.strings(6)).map { topic, key in
                            LimitBook.Subject(topic: topic, key: key.isEmpty ? nil : key)
                        }
                    )
                )
            }
        }
        return opening
    }

    package func jobs() async throws(StoreError) -> JobsSnapshot {
        try await self.run(self.jobsUnit(), "jobs.read") { answers throws(PostgresError) in try self.jobs(answers) }
    }

    private func jobsUnit() -> PostgresUnit {
        var unit = PostgresUnit(self.statements.serverTime)
        unit.add(self.statements.jobs)
        unit.add(self.statements.limits)
        unit.add(self.statements.limitUses)
        return unit
    }

    private func jobs(_ answers: [PostgresRows]) throws(PostgresError) -> JobsSnapshot {
        JobsSnapshot(
            jobs: try answers[1].map { row throws(PostgresError) in try JobDefinition(row) },
            limits: LimitsSnapshot(
                definitions: try answers[2].map { row throws(PostgresError) in try LimitDefinition(row) },
                uses: try answers[3].map { row throws(PostgresError) in
                    LimitUse(limit: try row.string(0), key: try row.string(1), paidAt: try row.time(2))
                }
            ),
            version: self.jobsVersion,
            serverTime: try answers[0].single().time(0)
        )
    }
}
