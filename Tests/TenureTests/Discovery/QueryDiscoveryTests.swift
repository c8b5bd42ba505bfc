import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("QueryDiscovery", .needsPostgres, .timeLimit(.minutes(1)))
struct QueryDiscoveryTests {
    private func discover(_ query: String, setUp: String) async throws -> DiscoveredTenants {
        var answer: DiscoveredTenants?
        try await withDatabase { database in
            try await database.execute(setUp)
            let discovery = QueryDiscovery(connection: database.url, query: query)
            let result: Result<DiscoveredTenants, any Error>
            do { result = .success(try await discovery.discover()) } catch { result = .failure(error) }
            await discovery.close()
            answer = try result.get()
        }
        return try #require(answer)
    }

    @Test("A company's own table is read by position")
    func byPosition() async throws {
        let answer = try await self.discover(
            "SELECT customer_id, connection_string FROM active_customers ORDER BY customer_id",
            setUp: """
                CREATE TABLE active_customers (customer_id uuid, connection_string text);
                INSERT INTO active_customers VALUES
                    ('6f1f4a9e-3d7c-4a55-9a3e-0a1b2c3d4e5f', 'postgresql://one/a'),
                    ('7f1f4a9e-3d7c-4a55-9a3e-0a1b2c3d4e5f', 'postgresql://one/b');
                """
        )

        #expect(
            answer.tenants.map(\.id.description) == [
                "6f1f4a9e-3d7c-4a55-9a3e-0a1b2c3d4e5f", "7f1f4a9e-3d7c-4a55-9a3e-0a1b2c3d4e5f",
            ]
        )
        #expect(answer.tenants.map(\.connection) == ["postgresql://one/a", "postgresql://one/b"])
    }

    @Test("Columns of any type are read by name; a row that cannot be used harms no other")
    func byName() async throws {
        let answer = try await self.discover(
            "SELECT * FROM customers ORDER BY id",
            setUp: """
                CREATE TABLE customers (
                    joined timestamptz DEFAULT now(), id integer, connection text, schema_name name,
                    weight numeric(6, 2), priority smallint, labels json, active boolean, suspended boolean);
                INSERT INTO customers (id, connection, schema_name, weight, priority, labels, active, suspended) VALUES
                    (1, 'postgresql://one/a', 'jobs', 2.5, 4, '{"region": "eu"}', true, true),
                    (2, 'postgresql://one/b', NULL, NULL, NULL, NULL, NULL, NULL),
                    (3, 'postgresql://one/c', 'jobs', 1, 0, NULL, false, false),
                    (4, 'postgresql://one/d', 'jobs', -1, 0, NULL, true, false),
                    (NULL, 'postgresql://one/e', 'jobs', 1, 0, NULL, true, false);
                """
        )

        let first = Tenant(
            id: try TenantID("1"),
            connection: "postgresql://one/a",
            schema: "jobs",
            weight: 2.5,
            priority: 4,
            labels: ["region": "eu"],
            isSuspended: true
        )
        let second = Tenant(id: try TenantID("2"), connection: "postgresql://one/b")
        #expect(answer.tenants == [first, second])
        #expect(answer.inactive == [try TenantID("3")])
        #expect(answer.unreadable.map(\.tenant) == ["4", ""])
    }

    @Test(
        "A query that cannot be used is misconfigured",
        arguments: ["SELECT nonsense", "SELECT 1 AS id", "DELETE", ""]
    )
    func misconfigured(_ query: String) async throws {
        let failure = await #expect(throws: DiscoveryFailure.self) { try await self.discover(query, setUp: "SELECT 1") }

        #expect(failure?.code == .misconfigured)
    }
}
