internal import Tenure
internal import TenureCore

extension GlobalOptions {
    /// Gives a client of the cluster to a body.
    func withCluster<Value>(_ body: (ClusterClient) async throws -> Value) async throws -> Value {
        let settings = try self.settings()
        let client = try settings.clusterClient()
        do {
            let value = try await body(client)
            await client.close()
            return value
        } catch {
            await client.close()
            guard let error = error as? CoordinationError, error.code == .unavailable else { throw error }
            throw Failure(redisUnreachable: error.detail ?? "\(error)", settings)
        }
    }

    /// Gives the registry to a body.
    func withRegistry<Value>(_ body: (Registry) async throws -> Value) async throws -> Value {
        let registry = try self.settings().tenantRegistry()
        do {
            let value = try await body(registry)
            await registry.close()
            return value
        } catch {
            await registry.close()
            guard let error = error as? StoreError, error.code == .schema else { throw error }
            throw Failure(.failed, "there is no registry in that database: create it with 'tenure registry init'")
        }
    }
}
