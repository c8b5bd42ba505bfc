internal import TenureCore

/// Something that an audit found.
public struct AuditFinding: Sendable, Hashable {
    /// How grave it is.
    public enum Severity: String, Sendable, Hashable {
        /// A promise is broken.
        case violation
        /// Worth knowing; it breaks no promise, or that cannot be told.
        case warning
    }

    /// One row that shows it.
    public struct Row: Sendable, Hashable {
        /// A JSON object.
        public let json: String

        /// A row as a statement returned it.
        package init(json: String) {
            self.json = json
        }

        /// A row of named values.
        init(_ fields: [ClusterEvent.Field]) {
            var object = FlatJSON()
            for field in fields { object.append(field.name, field.value) }
            self.json = object.text
        }
    }

    /// What was looked for.
    public let check: AuditCheck
    /// Whom it concerns.
    public let tenant: TenantID
    /// How grave it is.
    public let severity: Severity
    /// What is wrong, in one sentence.
    public let detail: String
    /// What shows it; at most 100 of them.
    public let rows: [Row]
    /// What it must still be when it is looked at again, if it may also be a hand-over or a takeover in progress; `nil`
    /// when one look is enough.
    let persistence: String?

    init(
        _ check: AuditCheck,
        _ tenant: TenantID,
        _ detail: String,
        severity: Severity = .violation,
        rows: [Row] = [],
        persistence: String? = nil
    ) {
        self.check = check
        self.tenant = tenant
        self.severity = severity
        self.detail = detail
        self.rows = rows
        self.persistence = persistence
    }

    /// The most rows that a finding has.
    static let rowLimit = 100

    /// A number of things for people, such as `1 run` and `2 runs`.
    static func count(_ number: Int, _ noun: String) -> String {
        let isBounded = number >= Self.rowLimit
        return "\(isBounded ? "at least " : "")\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
