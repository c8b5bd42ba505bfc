internal import Synchronization
internal import Tenure
internal import TenureCore

extension InMemoryTenantBackend {
    func putLimit(_ limit: LimitDefinition) async throws -> Bool {
        guard limit.maxRunning != nil || limit.rate != nil else {
            throw RequestRefused(message: "limit '\(limit.name)' limits nothing", hint: nil, isNotFound: false)
        }
        return self.allLimits.withLock { $0.updateValue(limit, forKey: limit.name) != limit }
    }

    func deleteLimit(_ name: String) async throws -> Bool {
        self.allLimits.withLock { $0.removeValue(forKey: name) != nil }
    }

    func limits() async throws -> [LimitDefinition] {
        self.allLimits.withLock { $0.values.sorted { $0.name < $1.name } }
    }
}
