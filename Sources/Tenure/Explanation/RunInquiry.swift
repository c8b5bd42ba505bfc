internal import PostgresStore
internal import TenureCore

/// Asks what became of one run, or of one occurrence of a job, and why.
///
/// ```swift
/// let inquiry = RunInquiry(discovery: discovery, cluster: cluster)
/// let explanation = try await inquiry.explain(job: "nightly", at: instant, tenant: acme)
/// print(explanation.summary)
/// ```
///
/// It says what the record supports, and nothing else: the tenant's database, read as it is at one instant, and who
/// owned the tenant when, by the events that the cluster keeps. Changes nothing.
public struct RunInquiry: Sendable {
    private static let timeout = Duration.seconds(30)
    /// The most events that are read.
    private static let eventLimit = 10_000

    private let discovery: any TenantDiscovery
    private let cluster: ClusterClient?

    /// An inquiry about tenants of a discovery. Connects when something is asked.
    ///
    /// - Parameters:
    ///   - discovery: Finds the tenants.
    ///   - cluster: Knows who owned what when; `nil`, or one that does not answer, leaves that out.
    public init(discovery: any TenantDiscovery, cluster: ClusterClient?) {
        self.discovery = discovery
        self.cluster = cluster
    }

    /// Explains one occurrence.
    ///
    /// - Parameter instant: When it was scheduled for, to the millisecond.
    /// - Throws: ``NotAnOccurrence`` with its neighbours, ``UnknownTenant``, ``RequestRefused`` when there is no such
    ///   job, ``InvalidSchedule``, ``StoreError``, and what the discovery throws.
    public func explain(job name: String, at instant: ServerTime, tenant: TenantID) async throws -> RunExplanation {
        try await self.explanation(tenant) { snapshot, facts in
            try await facts.read(job: name, snapshot)
            guard facts.times != nil else {
                throw RequestRefused(message: "there is no job '\(name)'", hint: nil, isNotFound: true)
            }
            let first = instant.flooredToMillisecond
            let range = first...first.advanced(by: .microseconds(999))
            if let found = try await snapshot.ids(of: name, in: range).first {
                try await facts.read(found.id, snapshot)
            } else if let exact = try Self.occurrence(of: facts.job?.definition, name, in: range) {
                facts.scheduledFor = exact
                facts.later = try await snapshot.occurrences(of: name, after: exact)
            }
        }
    }

    /// Explains one run by its ID.
    ///
    /// - Throws: ``RequestRefused`` when nothing is recorded of it, and as ``explain(job:at:tenant:)``.
    public func explain(run id: WorkID, tenant: TenantID) async throws -> RunExplanation {
        try await self.explanation(tenant) { snapshot, facts in
            try await facts.read(id, snapshot)
            guard facts.work != nil || facts.deadLetter != nil || !facts.attempts.isEmpty else {
                let hint = "The history may not go back that far."
                throw RequestRefused(message: "nothing is recorded of run \(id)", hint: hint, isNotFound: true)
            }
        }
    }

    private func explanation(
        _ id: TenantID,
        _ read: (TenantSnapshot, inout ExplanationFacts) async throws -> Void
    ) async throws -> RunExplanation {
        let known = try await self.discovery.discover().tenants
        guard let tenant = known.first(where: { $0.id == id }) else { throw UnknownTenant(id.description) }
        let access = PostgresAccess(name: "why", perServer: 1)
        var facts: ExplanationFacts
        do {
            let client = try PostgresTenantClient(
                pools: access.pools(),
                connection: tenant.connection,
                schema: tenant.schema
            )
            facts = try await client.withSnapshot(timeout: Self.timeout) { snapshot in
                var facts = ExplanationFacts(tenant: id, isSuspended: tenant.isSuspended)
                facts.standing = try await snapshot.standing()
                try await read(snapshot, &facts)
                return facts
            }
            await access.close()
        } catch {
            await access.close()
            throw error
        }
        await self.askCluster(&facts)
        return RunExplainer(facts: facts).explanation()
    }

    private func askCluster(_ facts: inout ExplanationFacts) async {
        guard let cluster else { return }
        do {
            facts.cluster = try await cluster.status()
            let events = try await cluster.events(limit: Self.eventLimit).map(\.event)
            facts.history = OwnershipHistory(of: facts.tenant, in: events)
        } catch {
            // What the database says is worth telling without it; the answer says that it is missing.
            facts.cluster = nil
        }
    }

    /// The occurrence of a schedule in a range.
    ///
    /// - Throws: ``NotAnOccurrence``, or ``InvalidSchedule``.
    private static func occurrence(
        of job: JobDefinition?,
        _ name: String,
        in range: ClosedRange<ServerTime>
    ) throws -> ServerTime? {
        guard let job else { throw NotAnOccurrence(job: name, instant: range.lowerBound, previous: nil, next: nil) }
        let timetable = try JobTimetable(
            job.schedule,
            timeZone: job.timeZone,
            daylight: job.daylight,
            job: job.name
        )
        func isWithin(_ instant: Int64) -> Bool {
            instant >= (job.startsAt?.microseconds ?? .min) && instant <= (job.endsAt?.microseconds ?? .max)
        }
        let found = timetable.next(after: range.lowerBound.microseconds - 1)
        if let found, found <= range.upperBound.microseconds, isWithin(found) {
            return ServerTime(microseconds: found)
        }
        let before = min(range.lowerBound.microseconds - 1, job.endsAt?.microseconds ?? .max)
        let after = max(range.upperBound.microseconds, (job.startsAt?.microseconds ?? .min + 1) - 1)
        throw NotAnOccurrence(
            job: name,
            instant: range.lowerBound,
            previous: timetable.previous(through: before).flatMap { isWithin($0) ? ServerTime(microseconds: $0) : nil },
            next: timetable.next(after: after).flatMap { isWithin($0) ? ServerTime(microseconds: $0) : nil }
        )
    }
}

extension ServerTime {
    /// The millisecond that it lies in.
    fileprivate var flooredToMillisecond: ServerTime {
        let rest = self.microseconds % 1_000
        return ServerTime(microseconds: self.microseconds - (rest < 0 ? rest + 1_000 : rest))
    }
}
