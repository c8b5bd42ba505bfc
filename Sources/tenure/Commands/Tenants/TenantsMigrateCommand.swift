internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants migrate`
struct TenantsMigrateCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Creates the schemas of tenants, or brings them up to date, many at a time.",
        discussion: """
            Nodes do the same before they first claim work of a tenant; this does it ahead of time. One tenant goes \
            first, the others only after it succeeded. Progress goes to standard error. Exits with status 1 when it \
            failed for a tenant: the same command again does what is left.

            With --check nothing is changed: it tells how each schema stands, and exits with status 1 unless all are \
            current.

            Examples:
              tenure tenants migrate acme globex
              tenure tenants migrate --all --canary acme --concurrency 20
              tenure tenants migrate --check --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenants' IDs.")
    var ids: [TenantID] = []

    @Flag(help: "All tenants; with --check that need not be said.")
    var all = false

    @Option(help: ArgumentHelp("How many at the same time.", valueName: "n"))
    var concurrency = 8

    @Option(help: ArgumentHelp("Who goes first. Default: the first that has to be migrated.", valueName: "id"))
    var canary: TenantID?

    @Flag(help: "Nobody goes first.")
    var noCanary = false

    @Flag(name: [.customLong("check"), .customLong("dry-run")], help: "Only tell how the schemas stand.")
    var check = false

    func validate() throws {
        guard self.ids.isEmpty || !self.all, !self.ids.isEmpty || self.meansAll else {
            throw ValidationError("Give either tenants or --all.")
        }
        guard (1...100).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency): use 1 to 100.")
        }
        guard self.canary == nil || !self.noCanary else {
            throw ValidationError("Give either --canary or --no-canary.")
        }
        if let canary, !self.meansAll, !self.ids.contains(canary) {
            throw ValidationError("--canary \(canary) is none of the tenants that are given.")
        }
    }

    /// A look harms nobody: without tenants it is one at all of them.
    private var meansAll: Bool { self.all || self.check && self.ids.isEmpty }

    func run() async throws {
        let access = try TenantAccess(try self.global.settings())
        do {
            // Looked up in any case: what is wrong with the registry is not wrong with one tenant.
            let known = try await access.router.tenants().map(\.id)
            if let canary, self.meansAll, !known.contains(canary) { throw UnknownTenant(canary.description) }
            // Each once: two at a time would wait for one another.
            let ids = self.meansAll ? known : Set(self.ids).sorted()
            let isDone = self.check ? await self.survey(ids, access) : await self.migrate(ids, access)
            await access.close()
            guard isDone else { throw ExitCode(ExitStatus.failed.rawValue) }
        } catch {
            await access.close()
            throw error
        }
    }

    private func rollout(_ access: TenantAccess) -> SchemaRollout {
        var rollout = SchemaRollout(
            check: { try await access.router.client(for: $0).schemaDrift() },
            migrate: { try await access.router.client(for: $0).migrate() },
            report: { done, all, tenant, outcome in
                StandardStreams.writeError("[\(done)/\(all)] \(tenant): \(outcome.sentence)")
            }
        )
        rollout.concurrency = self.concurrency
        rollout.canary = self.noCanary ? .none : self.canary.map { .tenant($0) } ?? .first
        return rollout
    }

    private func migrate(_ ids: [TenantID], _ access: TenantAccess) async -> Bool {
        let outcomes = await self.rollout(access).run(ids)
        self.global.results.list(
            outcomes.map { JSON.migrated($0.tenant, $0.value) },
            columns: ["id", "state", "applied", "error"],
            empty: "No tenants."
        )
        let failures = outcomes.count { !$0.value.isDone }
        guard failures > 0 else { return true }
        StandardStreams.writeError(
            "\(failures) of \(outcomes.count) tenants are not up to date: the same command again does what is left."
        )
        return false
    }

    private func survey(_ ids: [TenantID], _ access: TenantAccess) async -> Bool {
        let findings = await self.rollout(access).survey(ids)
        self.global.results.list(
            findings.map { JSON.drift($0.tenant, $0.value) },
            columns: ["id", "state", "missing", "edited", "unknown", "error"],
            empty: "No tenants."
        )
        return findings.allSatisfy { finding in
            if case .success(let drift) = finding.value { drift.state == .current } else { false }
        }
    }
}

extension SchemaRollout.Outcome {
    /// What happened, for people.
    fileprivate var sentence: String {
        switch self {
        case .current: "up to date"
        case .migrated(let numbers): numbers.isEmpty ? "up to date" : "applied \(numbers.numbers)"
        case .failed(let error): "failed: \(Failure(of: error)?.message ?? "\(error)")"
        case .untried: "not tried"
        }
    }
}

extension JSON {
    /// What became of a tenant's schema.
    fileprivate static func migrated(_ tenant: TenantID, _ outcome: SchemaRollout.Outcome) -> JSON {
        let (state, applied, error): (String, [Int], String?) =
            switch outcome {
            case .current: ("current", [], nil)
            case .migrated(let numbers): (numbers.isEmpty ? "current" : "migrated", numbers, nil)
            case .failed(let error): ("failed", [], Failure(of: error)?.message ?? "\(error)")
            case .untried: ("untried", [], "the canary failed")
            }
        return .object([
            "id": .string(tenant.description),
            "state": .string(state),
            "applied": .array(applied.map { .integer(Int64($0)) }),
            "error": .string(orNull: error),
        ])
    }

    /// How a tenant's schema stands.
    fileprivate static func drift(_ tenant: TenantID, _ drift: Result<SchemaDrift, any Error>) -> JSON {
        let known: SchemaDrift
        let state: String
        var reason: String?
        switch drift {
        case .success(let drift): (known, state) = (drift, drift.state.rawValue)
        case .failure(let error):
            (known, state) = (SchemaDrift(exists: false), "unreadable")
            reason = Failure(of: error)?.message ?? "\(error)"
        }
        func list(_ numbers: [Int]) -> JSON { .array(numbers.map { .integer(Int64($0)) }) }
        return .object([
            "id": .string(tenant.description),
            "state": .string(state),
            "applied": list(known.applied),
            "missing": list(known.missing),
            "edited": list(known.edited),
            "unknown": list(known.unknown),
            "error": .string(orNull: reason),
        ])
    }
}
