internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants migrate`
struct TenantsMigrateCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Creates the schemas of tenants, or brings them up to date, many at a time.",
        discussion: """
            Nodes do the same before they first claim work of a tenant; this does it ahead of time. Exits with status \
            1 when it failed for a tenant; the others are done all the same.

            Examples:
              tenure tenants migrate acme globex
              tenure tenants migrate --all
            """
    )

    /// Tenants that are migrated at the same time.
    private static let parallel = 8

    private struct Outcome: Sendable {
        let tenant: TenantID
        let result: Result<[Int], any Error>

        var json: JSON {
            switch self.result {
            case .success(let numbers):
                .object([
                    "id": .string(self.tenant.description),
                    "applied": .array(numbers.map { .integer($0) }),
                    "error": .null,
                ])
            case .failure(let error):
                .object([
                    "id": .string(self.tenant.description),
                    "applied": .array([]),
                    "error": .string(Failure(of: error)?.message ?? "\(error)"),
                ])
            }
        }
    }

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenants' IDs.")
    var ids: [TenantID] = []

    @Flag(help: "All tenants.")
    var all = false

    func validate() throws {
        guard self.ids.isEmpty == self.all else { throw ValidationError("Give either tenants or --all.") }
    }

    func run() async throws {
        let access = try TenantAccess(try self.global.settings())
        let outcomes: [Outcome]
        do {
            // Looked up in any case: what is wrong with the registry is not wrong with one tenant.
            let known = try await access.router.tenants().map(\.id)
            let ids = self.all ? known : self.ids
            outcomes = await Self.migrate(ids, access.router)
        } catch {
            await access.close()
            throw error
        }
        await access.close()
        self.global.results.list(outcomes.map(\.json), columns: ["id", "applied", "error"], empty: "No tenants.")
        guard outcomes.allSatisfy({ if case .success = $0.result { true } else { false } }) else {
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    private static func migrate(_ ids: [TenantID], _ router: TenantRouter) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            var outcomes: [Outcome] = []
            for (index, id) in ids.enumerated() {
                if index >= Self.parallel, let outcome = await group.next() { outcomes.append(outcome) }
                group.addTask {
                    do {
                        return Outcome(tenant: id, result: .success(try await router.client(for: id).migrate()))
                    } catch {
                        return Outcome(tenant: id, result: .failure(error))
                    }
                }
            }
            for await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.tenant < $1.tenant }
        }
    }
}
