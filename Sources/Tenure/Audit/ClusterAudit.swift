internal import PostgresStore
internal import TenureCore

/// Looks at a live cluster and its tenants' databases, and tells which promises are broken.
///
/// ```swift
/// let audit = ClusterAudit(discovery: RegistryDiscovery(connection: "env:REGISTRY_URL"), cluster: cluster)
/// let report = try await audit.run()
/// guard report.isSound else { … }
/// ```
///
/// Each tenant is read as it is at one instant, so that nothing which is under way there looks like a gap. What Redis
/// and Postgres say of the same thing cannot be read at one instant: where they differ they are looked at again, and
/// only what stays the same for the patience of the options is told. Changes nothing.
public final class ClusterAudit: Sendable {
    /// How far an audit has come.
    public struct Progress: Sendable, Hashable {
        /// Tenants that have been looked at.
        public let done: Int
        /// All of them.
        public let all: Int
    }

    /// One look at one tenant.
    private struct Look: Sendable {
        enum Outcome: Sendable {
            case read(TenantFacts)
            case failed(StoreError)
        }

        let tenant: Tenant
        let outcome: Outcome
    }

    /// How long to wait before looking again.
    private static let pause = Duration.milliseconds(500)

    private let discovery: any TenantDiscovery
    private let cluster: ClusterClient?
    private let options: AuditOptions

    /// An audit of the tenants of a discovery. Connects when it is run.
    ///
    /// - Parameters:
    ///   - discovery: Finds the tenants.
    ///   - cluster: Who owns what, in Redis; `nil` to ask the databases only.
    ///   - options: What is looked at, and how patiently.
    public init(discovery: any TenantDiscovery, cluster: ClusterClient?, options: AuditOptions = AuditOptions()) {
        self.discovery = discovery
        self.cluster = cluster
        self.options = options
    }

    /// Audits once.
    ///
    /// - Parameter progress: Told after each tenant of the first look.
    /// - Throws: ``CoordinationError`` when Redis cannot be read, what the discovery throws, ``UnknownTenant`` for a
    ///   tenant that was asked for. A tenant whose database cannot be read is in the report.
    public func run(progress: @escaping @Sendable (Progress) -> Void = { _ in }) async throws -> AuditReport {
        let tenants = try await self.tenants()
        let access = PostgresAccess(name: "audit", perServer: max(1, self.options.concurrency))
        do {
            let report = try await self.audit(tenants, access, progress)
            await access.close()
            return report
        } catch {
            await access.close()
            throw error
        }
    }

    private func tenants() async throws -> [Tenant] {
        let known = try await self.discovery.discover().tenants.sorted { $0.id < $1.id }
        guard !self.options.tenants.isEmpty else { return known }
        return try Set(self.options.tenants).sorted().map { id in
            guard let tenant = known.first(where: { $0.id == id }) else { throw UnknownTenant(id.description) }
            return tenant
        }
    }

    private func audit(
        _ tenants: [Tenant],
        _ access: PostgresAccess,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> AuditReport {
        var report = AuditReport(includesCluster: self.cluster != nil)
        var confirmations: [TenantID: AuditConfirmation] = [:]
        var left = tenants
        var isFirst = true
        let deadline = ContinuousClock.now + self.options.patience
        while true {
            let isLast = ContinuousClock.now >= deadline
            let state = try await self.cluster?.status()
            let looks = isFirst ? await self.look(at: left, access, progress) : await self.look(at: left, access)
            report.checked.looks += looks.count
            var again: [Tenant] = []
            for look in looks {
                let id = look.tenant.id
                var confirmation = confirmations[id] ?? AuditConfirmation()
                switch look.outcome {
                case .read(let facts):
                    if isFirst { report.checked.add(facts) }
                    let auditor = TenantAuditor(
                        tenant: look.tenant,
                        cluster: state,
                        facts: facts,
                        options: self.options
                    )
                    confirmation.looked(auditor.findings())
                case .failed(let error):
                    confirmation.lookFailed()
                    report.note(error, id)
                }
                confirmations[id] = confirmation
                if confirmation.isOpen { again.append(look.tenant) }
            }
            guard !again.isEmpty, !isLast else { break }
            isFirst = false
            left = again
            try await Task.sleep(for: Self.pause)
        }
        for tenant in tenants {
            let findings = confirmations[tenant.id]?.findings ?? []
            report.violations += findings.filter { $0.severity == .violation }
            report.warnings += findings.filter { $0.severity == .warning }
        }
        return report
    }

    /// Looks at tenants, so many at a time; in the order of the tenants.
    private func look(
        at tenants: [Tenant],
        _ access: PostgresAccess,
        _ progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async -> [Look] {
        let options = self.options
        var looks: [Look] = []
        await withTaskGroup(of: Look.self) { group in
            for (index, tenant) in tenants.enumerated() {
                if index >= max(1, options.concurrency), let look = await group.next() {
                    looks.append(look)
                    progress(Progress(done: looks.count, all: tenants.count))
                }
                group.addTask { Look(tenant: tenant, outcome: await Self.outcome(of: tenant, access, options)) }
            }
            for await look in group {
                looks.append(look)
                progress(Progress(done: looks.count, all: tenants.count))
            }
        }
        return looks.sorted { $0.tenant.id < $1.tenant.id }
    }

    private static func outcome(
        of tenant: Tenant,
        _ access: PostgresAccess,
        _ options: AuditOptions
    ) async -> Look.Outcome {
        do {
            let client = try PostgresTenantClient(
                pools: access.pools(),
                connection: tenant.connection,
                schema: tenant.schema
            )
            return .read(try await TenantFacts.read(client, options))
        } catch let error as StoreError {
            return .failed(error)
        } catch {
            return .failed(StoreError(.unavailable, operation: "tenant.read", detail: "\(error)"))
        }
    }
}

extension AuditReport.Checked {
    fileprivate mutating func add(_ facts: TenantFacts) {
        self.tenants += 1
        self.jobs += facts.jobs.count
        self.occurrences += facts.jobs.reduce(0) { $0 + ($1.ledger?.expected ?? 0) }
        self.runs += facts.epochs.reduce(0) { $0 + $1.rows }
        self.claims += facts.claims.count
    }
}

extension AuditReport {
    /// A tenant that could not be read: its server does not answer, or its schema is not there.
    fileprivate mutating func note(_ error: StoreError, _ tenant: TenantID) {
        let reason = error.detail ?? error.description
        let isKnown = self.unreachable.contains { $0.tenant == tenant }
        if error.code == .schema {
            self.warnings.append(AuditFinding(.schema, tenant, reason, severity: .warning))
        } else if !isKnown {
            self.unreachable.append(Unreachable(tenant: tenant, reason: reason))
            self.warnings.append(AuditFinding(.unread, tenant, reason, severity: .warning))
        }
    }
}
