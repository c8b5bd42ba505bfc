internal import Tenure
internal import TenureCore

/// Brings the schemas of many tenants up to date: looks at all of them, tries one, then does the others side by side.
///
/// Only what is left is done, so that a rollout that failed is resumed by another. A tenant that fails keeps no other
/// from being done, unless it is the canary.
struct SchemaRollout: Sendable {
    /// Who goes first, alone.
    enum Canary: Sendable, Hashable {
        /// The first of those for which there is something to do.
        case first
        /// This one.
        case tenant(TenantID)
        /// Nobody.
        case none
    }

    /// What became of a tenant.
    enum Outcome: Sendable {
        /// There was nothing to do.
        case current
        /// These migrations were applied.
        case migrated([Int])
        /// Nothing was applied, or not all of it.
        case failed(any Error)
        /// The canary failed.
        case untried

        /// Whether the schema is up to date now.
        var isDone: Bool {
            switch self {
            case .current, .migrated: true
            case .failed, .untried: false
            }
        }
    }

    /// A tenant with something about it.
    struct Finding<Value: Sendable>: Sendable {
        let tenant: TenantID
        let value: Value
    }

    /// Why a schema is left alone.
    struct Unfit: Error, CustomStringConvertible {
        let description: String

        init?(_ drift: SchemaDrift) {
            switch drift.state {
            case .current, .behind, .missing: return nil
            case .edited:
                self.description = "migrations \(drift.edited.numbers) are not the ones that were applied"
            case .ahead:
                self.description =
                    "migrations \(drift.breaking.numbers) are newer than this program, which has to be updated"
            }
        }
    }

    /// Tenants that are dealt with at the same time.
    var concurrency = 8
    /// Who goes first.
    var canary = Canary.first
    /// Looks at a tenant's schema.
    let check: @Sendable (TenantID) async throws -> SchemaDrift
    /// Brings it up to date.
    let migrate: @Sendable (TenantID) async throws -> [Int]
    /// Is told of each tenant that something was done or tried for: how many so far, of how many.
    var report: @Sendable (_ done: Int, _ all: Int, TenantID, Outcome) -> Void = { _, _, _, _ in }

    /// Looks at the schemas. Changes nothing.
    ///
    /// - Returns: In the order of the IDs.
    func survey(_ ids: [TenantID]) async -> [Finding<Result<SchemaDrift, any Error>>] {
        var findings: [Finding<Result<SchemaDrift, any Error>>] = []
        await self.concurrently(ids) { id in
            do { return .success(try await self.check(id)) } catch { return .failure(error) }
        } each: { (finding: Finding<Result<SchemaDrift, any Error>>) in
            findings.append(finding)
        }
        return findings.sorted { $0.tenant < $1.tenant }
    }

    /// Does what is to be done.
    ///
    /// - Returns: One outcome for each ID, in the order of the IDs.
    func run(_ ids: [TenantID]) async -> [Finding<Outcome>] {
        var outcomes: [Finding<Outcome>] = []
        var left: [TenantID] = []
        var unfit: [Finding<Outcome>] = []
        for finding in await self.survey(ids) {
            switch finding.value {
            case .failure(let error): unfit.append(.init(tenant: finding.tenant, value: .failed(error)))
            case .success(let drift):
                if let reason = Unfit(drift) {
                    unfit.append(.init(tenant: finding.tenant, value: .failed(reason)))
                } else if drift.state == .current {
                    outcomes.append(.init(tenant: finding.tenant, value: .current))
                } else {
                    left.append(finding.tenant)
                }
            }
        }
        let all = left.count + unfit.count
        var done = 0
        func note(_ finding: Finding<Outcome>) {
            done += 1
            outcomes.append(finding)
            self.report(done, all, finding.tenant, finding.value)
        }
        for finding in unfit { note(finding) }

        if let first = self.first(of: left) {
            var hasFailed = unfit.contains { $0.tenant == first }
            if let index = left.firstIndex(of: first) {
                left.remove(at: index)
                let outcome = await self.outcome(of: first)
                hasFailed = !outcome.isDone
                note(Finding(tenant: first, value: outcome))
            }
            if hasFailed {
                outcomes += left.map { Finding(tenant: $0, value: .untried) }
                left = []
            }
        }
        await self.concurrently(left) {
            await self.outcome(of: $0)
        } each: {
            note($0)
        }
        return outcomes.sorted { $0.tenant < $1.tenant }
    }

    private func first(of left: [TenantID]) -> TenantID? {
        switch self.canary {
        case .first: left.first
        case .tenant(let id): id
        case .none: nil
        }
    }

    private func outcome(of id: TenantID) async -> Outcome {
        do { return .migrated(try await self.migrate(id)) } catch { return .failed(error) }
    }

    /// Runs a body for each tenant, so many at a time.
    private func concurrently<Value: Sendable>(
        _ ids: [TenantID],
        _ body: @escaping @Sendable (TenantID) async -> Value,
        each: (Finding<Value>) -> Void
    ) async {
        await withTaskGroup(of: Finding<Value>.self) { group in
            for (index, id) in ids.enumerated() {
                if index >= self.concurrency, let finding = await group.next() { each(finding) }
                group.addTask { Finding(tenant: id, value: await body(id)) }
            }
            for await finding in group { each(finding) }
        }
    }
}

extension [Int] {
    /// The numbers in a list for people.
    var numbers: String { self.map(String.init).joined(separator: ", ") }
}
