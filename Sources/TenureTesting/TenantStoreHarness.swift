package import InMemoryStores
package import TenureCore

/// A tenant under test: its stores, its users' side, and what the schema holds.
///
/// Each harness is a tenant of its own, without work, owner or jobs.
package protocol TenantStoreHarness: Sendable {
    /// The tenant as one more node uses it, not prepared yet.
    func makeStore() async throws -> any TenantStore

    /// The tenant's clock.
    func now() async throws -> ServerTime
    /// Lets time pass: waits, or moves the clock.
    func advance(by duration: Duration) async throws
    /// Everything that the tenant holds.
    func contents() async throws -> TenantContents

    /// Adds work, and returns its ID or that of the work which has the unique key already; ``StoreError`` with
    /// `.rejected` when that is to be an error.
    func add(_ work: NewWork) async throws -> WorkID
    /// Takes in a message; `nil` if it was seen before.
    func receive(_ work: NewWork, source: String, messageID: String) async throws -> WorkID?
    /// Cancels work that has not started; false if there is none.
    func cancel(_ id: WorkID, kinds: [WorkKind]) async throws -> Bool
    /// Cancels a run of any kind, also one in progress.
    func cancelRun(_ id: WorkID) async throws -> CancelReply
    /// Adds work in a transaction that lasts for a body, and then commits.
    func whileAdding(_ work: NewWork, _ body: (WorkID) async throws -> Void) async throws
    /// Cancels work in a transaction that lasts for a body, and then commits or is rolled back. Returns whether there
    /// was something to cancel.
    func whileCancelling(_ id: WorkID, commits: Bool, _ body: () async throws -> Void) async throws -> Bool
    /// Puts a dead letter back to work; false if that is refused.
    func retryDeadLetter(_ id: WorkID) async throws -> Bool
    /// Deletes a dead letter; false if there is none.
    func discardDeadLetter(_ id: WorkID) async throws -> Bool

    /// Creates or changes a job, and returns its revision.
    func putJob(_ job: NewJob) async throws -> Int64
    /// Pauses a job; false if it was, `nil` if there is none.
    func pauseJob(_ name: String) async throws -> Bool?
    /// Resumes a job; false if it was not paused, `nil` if there is none.
    func resumeJob(_ name: String) async throws -> Bool?
    /// Runs a job once now; `nil` if there is none.
    func triggerJob(_ name: String) async throws -> WorkID?
    /// Deletes a job; false if there is none.
    func deleteJob(_ name: String) async throws -> Bool

    /// Creates or changes a limit; false if that changed nothing.
    func putLimit(_ limit: LimitDefinition) async throws -> Bool
    /// Deletes a limit; false if there is none.
    func deleteLimit(_ name: String) async throws -> Bool
    /// Creates or changes a calendar, and returns its revision.
    func putCalendar(_ calendar: JobCalendar) async throws -> Int64
    /// Deletes a calendar; false if a job uses it, `nil` if there is none.
    func deleteCalendar(_ name: String) async throws -> Bool?
}

/// The tenant store in memory with a clock that moves when it is told to.
package struct InMemoryTenantHarness: TenantStoreHarness {
    /// The tenant.
    package let tenant: InMemoryTenant
    private let clock: ManualServerTime

    /// A tenant without work, at 2026-01-01 00:00 UTC.
    package init() {
        let clock = ManualServerTime(ServerTime(microseconds: 1_767_225_600_000_000))
        self.clock = clock
        self.tenant = InMemoryTenant { clock.tick() }
    }

    package func makeStore() async throws -> any TenantStore { self.tenant.store() }
    package func now() async throws -> ServerTime { self.clock.tick() }
    package func advance(by duration: Duration) async throws { self.clock.advance(by: duration) }
    package func contents() async throws -> TenantContents { self.tenant.contents }
    package func add(_ work: NewWork) async throws -> WorkID { try self.tenant.add(work) }

    package func receive(_ work: NewWork, source: String, messageID: String) async throws -> WorkID? {
        try self.tenant.receive(work, source: source, messageID: messageID)
    }

    package func cancel(_ id: WorkID, kinds: [WorkKind]) async throws -> Bool { self.tenant.cancel(id, kinds: kinds) }

    package func cancelRun(_ id: WorkID) async throws -> CancelReply { self.tenant.cancelRun(id) }

    package func whileAdding(_ work: NewWork, _ body: (WorkID) async throws -> Void) async throws {
        try await self.tenant.whileAdding(work, body)
    }

    package func whileCancelling(
        _ id: WorkID,
        commits: Bool,
        _ body: () async throws -> Void
    ) async throws -> Bool {
        try await self.tenant.whileCancelling(id, commits: commits, body)
    }

    package func retryDeadLetter(_ id: WorkID) async throws -> Bool { self.tenant.retryDeadLetter(id) }
    package func discardDeadLetter(_ id: WorkID) async throws -> Bool { self.tenant.discardDeadLetter(id) }
    package func putJob(_ job: NewJob) async throws -> Int64 { self.tenant.putJob(job) }
    package func pauseJob(_ name: String) async throws -> Bool? { self.tenant.pauseJob(name) }
    package func resumeJob(_ name: String) async throws -> Bool? { self.tenant.resumeJob(name) }
    package func triggerJob(_ name: String) async throws -> WorkID? { self.tenant.triggerJob(name) }
    package func deleteJob(_ name: String) async throws -> Bool { self.tenant.deleteJob(name) }
    package func putLimit(_ limit: LimitDefinition) async throws -> Bool { self.tenant.putLimit(limit) }
    package func deleteLimit(_ name: String) async throws -> Bool { self.tenant.deleteLimit(name) }
    package func putCalendar(_ calendar: JobCalendar) async throws -> Int64 { self.tenant.putCalendar(calendar) }
    package func deleteCalendar(_ name: String) async throws -> Bool? { self.tenant.deleteCalendar(name) }
}
