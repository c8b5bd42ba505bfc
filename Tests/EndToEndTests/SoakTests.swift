import Foundation
import Ordeals
import TestSupport
import Testing

/// A short soak; `scripts/soak` runs a long one.
@Suite("Soak", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct SoakTests {
    @Test("Every kind of work, and nodes that are killed: every promise holds", .timeLimit(.minutes(3)))
    func soak() async throws {
        var plan = SoakTrial.Plan()
        plan.length = .seconds(25)
        plan.killInterval = .seconds(10)
        plan.databases = 3
        plan.schemasInTwoMore = 6

        let report = try await SoakTrial.run(plan)

        #expect(report.violations == [])
        #expect(report.kills == 2)
        for purpose in report.handedOver { #expect(purpose.count > 0, "\(purpose)") }
        FileHandle.standardError.write(Data("\(report.text)\n".utf8))
    }
}
