internal import InMemoryStores
internal import TenureCore

/// A tenant in a check, with short words for what checks do all the time.
struct TenantScene: Sendable {
    /// A lending that does not end during a check.
    static let long = Duration.seconds(600)
    /// A span that a check lets pass.
    static let short = Duration.milliseconds(60)
    /// An instant long ago, and one that never comes.
    static let past = ServerTime(microseconds: 946_684_800_000_000)
    static let future = ServerTime(microseconds: 32_503_680_000_000_000)

    let harness: any TenantStoreHarness

    /// A registration from `node/incarnation`.
    func holder(_ text: String) throws -> Holder {
        let parts = text.split(separator: "/")
        return Holder(node: try NodeID(String(parts[0])), incarnation: Incarnation(String(parts[1])))
    }

    /// A claim's name: a UUID that ends with a number.
    func batch(_ number: Int) -> BatchID {
        let digits = String(number)
        return BatchID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
    }

    /// A node that took over, and opened, the tenant.
    func owner(
        _ text: String = "a/1",
        epoch: Int64 = 1,
        living: [String] = [],
        lending: Duration = Self.long
    ) async throws -> TenantOwner {
        let store = try await self.harness.makeStore()
        try await store.prepare(migrate: true)
        let holder = try self.holder(text)
        let owner = TenantOwner(store: store, holder: holder, epoch: Epoch(epoch), harness: self.harness)
        let reply = try await store.takeOwnership(epoch: owner.epoch, holder: holder)
        try expectEqual(reply, .installed, "taking ownership as \(text) with epoch \(epoch)")
        _ = try await owner.open(living: living, lending: lending)
        return owner
    }

    /// Adds so much work that is due.
    func added(_ count: Int, _ change: (inout NewWork) -> Void = { _ in }) async throws -> [WorkID] {
        var work = NewWork()
        change(&work)
        var ids: [WorkID] = []
        for _ in 0..<count { ids.append(try await self.harness.add(work)) }
        return ids
    }

    /// The row of an ID.
    func row(_ id: WorkID) async throws -> WorkItem? {
        try await self.harness.contents().work.first { $0.item.id == id }?.item
    }

    /// The states of an ID in history.
    func history(_ id: WorkID) async throws -> [String] {
        try await self.harness.contents().runs.filter { $0.id == id }.map(\.state)
    }

    /// The job of a name.
    func job(_ name: String) async throws -> JobDefinition {
        guard let job = try await self.harness.contents().jobs.first(where: { $0.definition.name == name }) else {
            throw TenantStoreConformance.Violation(description: "there is no job \(name)")
        }
        return job.definition
    }

    /// Fails unless a body leaves everything as it is.
    func expectUnchanged(_ what: String, _ body: () async throws -> Void) async throws {
        let before = try await self.harness.contents()
        try await body()
        try expectEqual(try await self.harness.contents(), before, what)
    }

    /// Fails unless a body throws an error of a code.
    func expectFailure(_ code: StoreError.Code, _ what: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as StoreError {
            return try expectEqual(error.code, code, what)
        }
        throw TenantStoreConformance.Violation(description: "\(what): expected \(code), found success")
    }

    /// Fails unless a hint comes within 10 s, whatever came before it.
    func expectSignal(_ expected: StoreSignal, in signals: AsyncStream<StoreSignal>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals where signal == expected { return }
                throw TenantStoreConformance.Violation(description: "the hints ended before \(expected)")
            }
            group.addTask {
                try await Task.sleep(for: .seconds(10))
                throw TenantStoreConformance.Violation(description: "no hint \(expected) within 10 s")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

/// One node with its store, as the holder of an epoch.
struct TenantOwner: Sendable {
    let store: any TenantStore
    let holder: Holder
    let epoch: Epoch
    let harness: any TenantStoreHarness

    /// Opens the tenant; the owner itself is among the living.
    func open(living: [String] = [], lending: Duration = TenantScene.long) async throws -> Opening {
        let scene = TenantScene(harness: self.harness)
        return try await self.store.open(
            epoch: self.epoch,
            holder: self.holder,
            living: [self.holder.incarnation] + living.map { try scene.holder($0).incarnation },
            lending: lending
        )
    }

    /// Makes one pass.
    func pass(_ change: (inout ClaimPass) -> Void = { _ in }) async throws -> PassResult {
        var pass = ClaimPass(epoch: self.epoch, holder: self.holder)
        change(&pass)
        guard let result = await self.store.exchange(Exchange(pass: pass)).pass else {
            throw TenantStoreConformance.Violation(description: "a pass without an answer")
        }
        return try result.get()
    }

    /// Claims IDs, and returns those that were claimed.
    func claim(_ batch: BatchID, _ ids: [WorkID], isLone: Bool = false) async throws -> [WorkID] {
        try await self.pass { $0.claims = [ClaimRequest(batch: batch, ids: ids, isLone: isLone)] }.claimed[0]
    }

    /// Settles IDs of a claim with one verdict.
    func settle(
        _ batch: BatchID,
        _ ids: [WorkID],
        _ verdict: Outcome.Verdict = .completed,
        error: String? = nil
    ) async throws -> SettlementResult {
        let outcomes = try await self.outcomes(ids, verdict, error: error)
        let settlement = Settlement(batch: batch, outcomes: outcomes)
        return await self.store.exchange(Exchange(settlements: [settlement])).settlements[0]
    }

    /// Outcomes of attempts that took 10 ms.
    func outcomes(_ ids: [WorkID], _ verdict: Outcome.Verdict, error: String? = nil) async throws -> [Outcome] {
        let now = try await self.harness.now()
        return ids.map { id in
            Outcome(
                id: id,
                attempt: 1,
                verdict: verdict,
                startedAt: now.advanced(by: .milliseconds(-10)),
                finishedAt: now,
                error: error
            )
        }
    }

    /// Looks for due work, page by page, until there is no more.
    func scan(
        from cursor: ScanCursor? = nil,
        limit: Int = 100
    ) async throws -> (ids: [WorkID], cursor: ScanCursor, nextDue: ServerTime?) {
        var cursor = cursor
        var ids: [WorkID] = []
        for _ in 0..<100 {
            let request = ScanRequest(limit: limit, cursor: cursor)
            guard let scan = try await self.pass({ $0.scan = request }).scan else { break }
            ids += scan.items.map(\.id)
            if !scan.hasMore { return (ids, scan.cursor, scan.nextDue) }
            cursor = scan.cursor
        }
        throw TenantStoreConformance.Violation(description: "the scan found no end after \(ids)")
    }

    /// Materialises occurrences of a job, as it stands, in the order given.
    func materialise(
        _ job: JobDefinition,
        _ occurrences: [ServerTime],
        skipped: [Materialisation.Skip] = [],
        nextDue: ServerTime? = nil,
        pauses: Bool = false
    ) async throws -> PassResult.Materialised {
        let request = Materialisation(
            job: job.name,
            revision: job.revision,
            lastOccurrence: job.lastOccurrence,
            occurrences: occurrences,
            skipped: skipped,
            nextDue: nextDue,
            pauses: pauses
        )
        return try await self.pass { $0.materialise = [request] }.materialised[0]
    }
}
