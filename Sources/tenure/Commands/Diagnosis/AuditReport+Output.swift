internal import Tenure
internal import TenureCore

extension AuditReport {
    var json: JSON {
        .object([
            "sound": .boolean(self.isSound),
            "checked": .object([
                "tenants": .integer(self.checked.tenants),
                "jobs": .integer(self.checked.jobs),
                "occurrences": .integer(self.checked.occurrences),
                "runs": .integer(self.checked.runs),
                "claims": .integer(self.checked.claims),
                "looks": .integer(self.checked.looks),
                "cluster": .boolean(self.includesCluster),
            ]),
            "violations": .array(self.violations.map(\.json)),
            "warnings": .array(self.warnings.map(\.json)),
        ])
    }

    /// The report for people: what was looked at, and what was found, by what was looked for.
    var text: [String] {
        let checked = self.checked
        var lines = [
            "\(Self.count(checked.tenants, "tenant")): \(Self.count(checked.jobs, "job")), "
                + "\(Self.count(checked.occurrences, "occurrence")), \(Self.count(checked.runs, "run")), "
                + "\(Self.count(checked.claims, "claim"))"
                + (self.includesCluster ? "" : "; Redis was not asked who owns what")
        ]
        lines += Self.section("broken", self.violations)
        lines += Self.section("worth knowing", self.warnings)
        lines.append("")
        lines.append(self.isSound ? "sound" : "not sound: \(Self.count(self.violations.count, "violation"))")
        return lines
    }

    private static func section(_ title: String, _ findings: [AuditFinding]) -> [String] {
        AuditCheck.allCases.flatMap { check -> [String] in
            let found = findings.filter { $0.check == check }
            guard !found.isEmpty else { return [] }
            let lines = found.flatMap { finding in
                ["  \(finding.tenant): \(finding.detail)"] + finding.rows.map { "    \($0.json)" }
            }
            return ["", "\(title): \(check.title) (\(check.rawValue))"] + lines
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}

extension AuditFinding {
    fileprivate var json: JSON {
        .object([
            "check": .string(self.check.rawValue),
            "tenant": .string(self.tenant.description),
            "detail": .string(self.detail),
            "rows": .array(self.rows.map { .raw($0.json) }),
        ])
    }
}
