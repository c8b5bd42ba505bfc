import TenureCore
import Testing

@testable import Tenure

@Suite("AuditConfirmation")
struct AuditConfirmationTests {
    private let tenant = try! TenantID("acme")

    private func finding(_ check: AuditCheck, _ persistence: String?) -> AuditFinding {
        AuditFinding(check, self.tenant, "detail", persistence: persistence)
    }

    @Test("What one look is enough for counts at once, and is not looked at again")
    func sure() {
        var confirmation = AuditConfirmation()
        confirmation.looked([self.finding(.completedTwice, nil)])

        #expect(!confirmation.isOpen)
        #expect(confirmation.findings.map(\.check) == [.completedTwice])
    }

    @Test("What may pass counts while it stays the very same")
    func suspects() {
        var confirmation = AuditConfirmation()
        confirmation.looked([self.finding(.lockAndFence, "1 2"), self.finding(.claimStale, "a")])
        confirmation.looked([self.finding(.lockAndFence, "3 4"), self.finding(.claimStale, "a")])

        #expect(confirmation.isOpen)
        #expect(confirmation.findings.map(\.check) == [.claimStale])

        // Not accused for what was seen before and after, but not in between.
        confirmation.looked([self.finding(.lockAndFence, "1 2")])
        #expect(confirmation.findings.isEmpty)
    }

    @Test("What could not be looked at again is given up")
    func failed() {
        var confirmation = AuditConfirmation()
        confirmation.looked([self.finding(.unowned, "1"), self.finding(.indexMissing, nil)])
        confirmation.lookFailed()

        #expect(confirmation.findings.map(\.check) == [.indexMissing])
    }
}
