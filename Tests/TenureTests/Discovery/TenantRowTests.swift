import Logging
import TenureCore
import Testing

@testable import Tenure

@Suite("TenantRow and TenantReader")
struct TenantRowTests {
    @Test("A row with an ID and a connection is a tenant with the defaults")
    func defaults() throws {
        let row = TenantRow(id: "acme", connection: "postgresql://one/db")

        #expect(row.read() == .tenant(Tenant(id: try TenantID("acme"), connection: "postgresql://one/db")))
    }

    @Test("Every column counts")
    func allColumns() throws {
        let row = TenantRow(
            id: "acme",
            connection: "env:ACME",
            schema: "jobs_2",
            weight: "2.5",
            priority: "-3",
            labels: #"{"region": "eu", "tier": 2, "dedicated": true}"#,
            pinnedNode: "node-1",
            isActive: "t",
            isSuspended: "true"
        )

        let expected = Tenant(
            id: try TenantID("acme"),
            connection: "env:ACME",
            schema: "jobs_2",
            weight: 2.5,
            priority: -3,
            labels: ["region": "eu", "tier": "2", "dedicated": "true"],
            pinnedNode: try NodeID("node-1"),
            isSuspended: true
        )
        #expect(row.read() == .tenant(expected))
    }

    @Test("An inactive tenant needs no more than its ID")
    func inactive() throws {
        let row = TenantRow(id: "acme", weight: "heavy", isActive: "f")

        #expect(row.read() == .inactive(try TenantID("acme")))
    }

    static let faults: [(TenantRow, String)] = [
        (TenantRow(id: "a b", connection: "c"), "'a b' is not a valid tenant ID"),
        (TenantRow(connection: "c"), "'' is not a valid tenant ID"),
        (TenantRow(id: "a"), "the connection string is missing"),
        (TenantRow(id: "a", connection: "c", schema: "x;y"), "'x;y' is no schema name"),
        (TenantRow(id: "a", connection: "c", schema: ""), "'' is no schema name"),
        (TenantRow(id: "a", connection: "c", weight: "0"), "the weight is '0'"),
        (TenantRow(id: "a", connection: "c", weight: "NaN"), "the weight is 'NaN'"),
        (TenantRow(id: "a", connection: "c", priority: "high"), "the priority 'high'"),
        (TenantRow(id: "a", connection: "c", labels: "[1]"), "the labels"),
        (TenantRow(id: "a", connection: "c", labels: #"{"a": {"b": 1}}"#), "the labels"),
        (TenantRow(id: "a", connection: "c", labels: "{"), "the labels"),
        (TenantRow(id: "a", connection: "c", pinnedNode: "no de"), "'no de' is not a valid node ID"),
        (TenantRow(id: "a", connection: "c", isActive: "perhaps"), "is_active is 'perhaps'"),
        (TenantRow(id: "a", connection: "c", isSuspended: "2"), "suspended is '2'"),
    ]

    @Test("What cannot be used is told with its reason", arguments: Self.faults)
    func unreadable(_ row: TenantRow, _ reason: String) {
        guard case .unreadable(let name, let problem) = row.read() else {
            Issue.record("\(row) was read")
            return
        }
        #expect(name == row.id ?? "")
        #expect(problem.reason.hasPrefix(reason))
    }

    @Test("A row that cannot be used harms no tenant but its own, which keeps its last description")
    func lastGood() throws {
        let reader = TenantReader(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let good = ["a", "b"].map { TenantRow(id: $0, connection: "one").read() }
        let first = reader.answer(from: good)

        let second = reader.answer(from: [
            TenantRow(id: "a", connection: "one", weight: "x").read(),
            TenantRow(id: "b", connection: "two").read(),
            TenantRow(id: "new", connection: "two", labels: "7").read(),
            TenantRow(id: "???", connection: "two").read(),
        ])

        #expect(first.tenants.map(\.connection) == ["one", "one"])
        #expect(second.tenants.map(\.id.description) == ["a", "b"])
        #expect(second.tenants.map(\.connection) == ["one", "two"])
        #expect(second.inactive == [])
    }

    @Test("A tenant that is listed twice is the first of the two, and is not inactive")
    func twice() throws {
        let reader = TenantReader(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

        let answer = reader.answer(from: [
            TenantRow(id: "a", connection: "one").read(),
            TenantRow(id: "a", connection: "two").read(),
            TenantRow(id: "a", isActive: "false").read(),
        ])

        #expect(answer.tenants.map(\.connection) == ["one"])
        #expect(answer.inactive == [])
    }

    @Test("Columns are found by name, whatever their order")
    func columnsByName() throws {
        let columns = try TenantColumns(["Weight", "connection", "created", "tenant_id", "schema"])

        #expect(columns.id == 3)
        #expect(columns.connection == 1)
        #expect(columns.weight == 0)
        #expect(columns.schema == 4)
        #expect(columns.labels == nil)
    }

    @Test("Without names the first columns that are left are the ID and the connection")
    func columnsByPosition() throws {
        let columns = try TenantColumns(["is_active", "customer_id", "dsn"])

        #expect(columns.id == 1)
        #expect(columns.connection == 2)
        #expect(columns.isActive == 0)
    }

    @Test("A query with too few columns is refused with those that it has")
    func tooFew() {
        let failure = #expect(throws: DiscoveryFailure.self) { try TenantColumns(["customer", "weight"]) }
        #expect(failure?.code == .misconfigured)
        #expect(failure?.description.contains("customer") == true)
    }
}
