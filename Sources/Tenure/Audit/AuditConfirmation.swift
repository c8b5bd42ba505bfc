/// Which findings of a tenant hold up when it is looked at again. Pure.
///
/// One that may be a hand-over or a takeover in progress counts when the very same was found at every look until the
/// patience ran out; any other counts at once.
struct AuditConfirmation: Sendable {
    private struct Identity: Hashable {
        let check: AuditCheck
        let severity: AuditFinding.Severity
        let persistence: String

        init?(_ finding: AuditFinding) {
            guard let persistence = finding.persistence else { return nil }
            self.check = finding.check
            self.severity = finding.severity
            self.persistence = persistence
        }
    }

    private var sure: [AuditFinding] = []
    private var suspects: [AuditFinding] = []
    private var hasLooked = false

    /// Whether it is worth looking again.
    var isOpen: Bool { !self.suspects.isEmpty }

    /// Takes what one look found.
    mutating func looked(_ findings: [AuditFinding]) {
        // What is broken stays so: the latest look tells it best.
        self.sure = findings.filter { $0.persistence == nil }
        let present = findings.filter { $0.persistence != nil }
        let before = Set(self.suspects.compactMap(Identity.init))
        self.suspects =
            self.hasLooked ? present.filter { Identity($0).map(before.contains) == true } : present
        self.hasLooked = true
    }

    /// Gives up what could not be looked at again.
    mutating func lookFailed() {
        self.suspects = []
    }

    /// What is found, once the patience has run out.
    var findings: [AuditFinding] { self.sure + self.suspects }
}
