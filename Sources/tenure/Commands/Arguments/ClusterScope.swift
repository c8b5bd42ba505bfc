internal import Tenure
internal import TenureCore

extension GlobalOptions {
    /// Gives a client of the cluster to a body.
    func withCluster<Value>(_ body: (ClusterClient) async throws -> Value) async throws -> Value {
        let client = try self.settings().clusterClient()
        do {
            let value = try await body(client)
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
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
