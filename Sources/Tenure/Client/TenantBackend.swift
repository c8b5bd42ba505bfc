/// What a ``TenantClient`` asks of a tenant's schema; each call is one transaction.
///
/// Adapters: Postgres, and memory (in `TenureTesting`). All calls throw ``RequestRefused`` for wrong arguments and for
/// what does not exist, and ``StoreError`` otherwise.
package protocol TenantBackend: Sendable {
    func migrate() async throws -> [Int]

    func add(
        _ kind: WorkKind,
        topic: String,
        payload: String,
        due: WorkDue,
        options: WorkOptions
    ) async throws -> WorkID
    func receive(
        source: String,
        messageID: String,
        topic: String,
        payload: String,
        due: WorkDue,
        options: WorkOptions,
        ifChanged: ChangedMessage
    ) async throws -> WorkID?
    func add(_ messages: [Message], due: WorkDue, options: WorkOptions, group: GroupID?) async throws -> [WorkID]
    func cancel(_ id: WorkID, kinds: [WorkKind]) async throws -> Bool
    func cancelRun(_ id: WorkID) async throws -> CancelReply

    func openGroup(followUp: String, payload: String, expiry: WorkDue?, options: WorkOptions) async throws -> GroupID
    func sealGroup(_ id: GroupID) async throws -> Bool
    func cancelGroup(_ id: GroupID) async throws -> Int?
    func groups(id: GroupID?, limit: Int) async throws -> [GroupInfo]
    func beginFanOut(_ fanOut: FanOut) async throws -> Bool
    func fanOutStep(_ name: String, rows: Int) async throws -> Int
    func fanOuts(name: String?, limit: Int) async throws -> [FanOutInfo]
    func forgetFanOut(_ name: String) async throws -> Bool

    func putJob(_ job: JobDraft) async throws -> Int64
    func pauseJob(_ name: String) async throws -> Bool
    func resumeJob(_ name: String) async throws -> Bool
    func triggerJob(_ name: String) async throws -> WorkID
    func deleteJob(_ name: String) async throws
    func jobs(tags: [String]) async throws -> [JobInfo]
    func job(_ name: String) async throws -> JobInfo?

    func putCalendar(_ calendar: JobCalendar) async throws -> Int64
    func deleteCalendar(_ name: String) async throws
    func calendars(_ name: String?) async throws -> [CalendarInfo]

    func work(kinds: [WorkKind], job: String?, id: WorkID?, states: [String], limit: Int) async throws -> [WorkInfo]
    func running(limit: Int) async throws -> [RunningInfo]
    func progress(of run: WorkID) async throws -> String?
    func runs(_ filter: RunFilter, limit: Int) async throws -> [RunInfo]
    func deadLetters(_ filter: DeadLetterFilter, id: WorkID?, limit: Int) async throws -> [DeadLetter]
    func retryDeadLetter(_ id: WorkID) async throws -> WorkID
    func discardDeadLetter(_ id: WorkID) async throws -> Bool
    func retryDeadLetters(_ filter: DeadLetterFilter, limit: Int, isPlan: Bool) async throws -> DeadLetterChange
    func discardDeadLetters(_ filter: DeadLetterFilter, limit: Int, isPlan: Bool) async throws -> DeadLetterChange
    func changes(prefix: String?, limit: Int) async throws -> [Change]
    func inbox(source: String?, limit: Int) async throws -> [ReceivedMessage]
    func status(history: Duration?) async throws -> TenantStatus
    func lag() async throws -> Duration?

    func schemaDrift() async throws -> SchemaDrift
    func pauseJobs(topic: String?) async throws -> JobSwitch
    func resumeJobs(topic: String?) async throws -> JobSwitch
    func backfillJob(_ name: String, _ instants: [ServerTime], isPlan: Bool) async throws -> [Backfill.Occurrence]
    func transferableWork() async throws -> [TenantExport.Work]
    func importing(_ export: TenantExport, commits: Bool) async throws -> TenantImport

    func putLimit(_ limit: LimitDefinition) async throws -> Bool
    func deleteLimit(_ name: String) async throws -> Bool
    func limits() async throws -> [LimitDefinition]

    func leaseBackend(for subject: LeaseSubject) -> any LeaseBackend
    func leases(limit: Int) async throws -> [LeaseInfo]
}
