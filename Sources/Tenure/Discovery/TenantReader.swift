internal import Logging
internal import Synchronization

/// Makes an answer of the rows of a table of tenants, so that a row that cannot be used harms no tenant but its own.
///
/// Such a tenant keeps the description that was read last; one that never had any is left out. Each problem is part of
/// every answer, and is logged when it appears.
final class TenantReader: Sendable {
    private struct State {
        var lastGood: [TenantID: Tenant] = [:]
        var problems: Set<TenantProblem> = []
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Makes an answer of what the rows say.
    func answer(from readings: [TenantRow.Reading]) -> DiscoveredTenants {
        let (answer, news) = self.state.withLock { state in Self.read(readings, &state) }
        for problem in news {
            self.logger.warning(
                "A row of the tenants cannot be used",
                metadata: ["tenant": "\(problem.tenant)", "reason": "\(problem.reason)"]
            )
        }
        return answer
    }

    private static func read(
        _ readings: [TenantRow.Reading],
        _ state: inout State
    ) -> (DiscoveredTenants, news: [TenantProblem]) {
        var answer = DiscoveredTenants([])
        var listed: Set<TenantID> = []
        var problems: [TenantProblem] = []
        for reading in readings {
            switch reading {
            case .tenant(let tenant):
                guard listed.insert(tenant.id).inserted else {
                    problems.append(TenantProblem(tenant: tenant.id.description, reason: "it is listed twice"))
                    continue
                }
                state.lastGood[tenant.id] = tenant
                answer.tenants.append(tenant)
            case .inactive(let id):
                state.lastGood[id] = nil
                answer.inactive.insert(id)
            case .unreadable(let name, let problem):
                problems.append(problem)
                // A text that is no ID names no tenant that could have been known.
                guard let id = try? TenantID(name), let before = state.lastGood[id], listed.insert(id).inserted
                else { continue }
                answer.tenants.append(before)
            }
        }
        state.lastGood = state.lastGood.filter { listed.contains($0.key) }
        answer.inactive.subtract(listed)
        answer.unreadable = problems.map { .init(tenant: $0.tenant, reason: $0.reason) }
        defer { state.problems = Set(problems) }
        return (answer, problems.filter { !state.problems.contains($0) })
    }
}
