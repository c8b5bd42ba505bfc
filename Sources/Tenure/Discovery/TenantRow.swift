internal import Foundation
internal import PostgresStore

/// One row of a table of tenants, as text: nothing in it is trusted yet.
struct TenantRow: Sendable, Equatable {
    var id: String?
    var connection: String?
    var schema: String?
    var weight: String?
    var priority: String?
    var labels: String?
    var pinnedNode: String?
    var isActive: String?
    var isSuspended: String?

    /// What a row says.
    enum Reading: Sendable, Equatable {
        case tenant(Tenant)
        case inactive(TenantID)
        /// The row cannot be used; the text is what stands in place of the ID.
        case unreadable(String, TenantProblem)
    }

    /// Checks every part. An inactive tenant needs no more than its ID.
    func read() -> Reading {
        let id: TenantID
        do {
            id = try TenantID(self.id ?? "")
        } catch {
            return .unreadable(self.id ?? "", self.problem(error.description))
        }
        do throws(TenantProblem) {
            guard try self.flag(self.isActive, "is_active", absent: true) else { return .inactive(id) }
            return .tenant(
                Tenant(
                    id: id,
                    connection: try self.checkedConnection(),
                    schema: try self.checkedSchema(),
                    weight: try self.checkedWeight(),
                    priority: try self.checkedPriority(),
                    labels: try self.checkedLabels(),
                    pinnedNode: try self.checkedNode(),
                    isSuspended: try self.flag(self.isSuspended, "suspended", absent: false)
                )
            )
        } catch {
            return .unreadable(id.description, error)
        }
    }

    private func problem(_ reason: String) -> TenantProblem {
        TenantProblem(tenant: self.id ?? "", reason: reason)
    }

    private func checkedConnection() throws(TenantProblem) -> String {
        guard let connection, !connection.isEmpty else { throw self.problem("the connection string is missing") }
        return connection
    }

    private func checkedSchema() throws(TenantProblem) -> String {
        let schema = self.schema ?? SchemaName.tenant.description
        guard SchemaName(schema) != nil else {
            throw self.problem("'\(schema)' is no schema name: use 1 to 48 letters, digits and underscores")
        }
        return schema
    }

    private func checkedWeight() throws(TenantProblem) -> Double {
        guard let weight else { return 1 }
        guard let number = Double(weight), number > 0, number.isFinite else {
            throw self.problem("the weight is '\(weight)': use a number above 0")
        }
        return number
    }

    private func checkedPriority() throws(TenantProblem) -> Int {
        guard let priority else { return 0 }
        guard let number = Int(priority) else { throw self.problem("the priority '\(priority)' is not a whole number") }
        return number
    }

    private func checkedNode() throws(TenantProblem) -> NodeID? {
        guard let pinnedNode, !pinnedNode.isEmpty else { return nil }
        do {
            return try NodeID(pinnedNode)
        } catch {
            throw self.problem(error.description)
        }
    }

    private func checkedLabels() throws(TenantProblem) -> [String: String] {
        guard let labels else { return [:] }
        do {
            return try JSONDecoder().decode([String: LabelValue].self, from: Data(labels.utf8)).mapValues(\.text)
        } catch {
            throw self.problem("the labels are not a JSON object of texts, numbers and truth values")
        }
    }

    private func flag(_ text: String?, _ column: String, absent: Bool) throws(TenantProblem) -> Bool {
        switch text?.lowercased() {
        case nil: return absent
        case "t", "true", "1", "y", "yes", "on": return true
        case "f", "false", "0", "n", "no", "off": return false
        case let other?: throw self.problem("\(column) is '\(other)': use true or false")
        }
    }
}

/// A row of a table of tenants that cannot be used.
struct TenantProblem: Error, Sendable, Hashable {
    /// The ID as it stands there.
    let tenant: String
    /// What is wrong; never a connection string.
    let reason: String
}

/// A scalar of JSON as text.
private struct LabelValue: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Each kind is tried in turn; only the failure of the last one is an error.
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let flag = try? container.decode(Bool.self) {  // As above.
            self.text = String(flag)
        } else if let number = try? container.decode(Int.self) {  // As above.
            self.text = String(number)
        } else {
            self.text = String(try container.decode(Double.self))
        }
    }
}
