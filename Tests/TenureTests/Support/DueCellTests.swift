import TenureCore
import Testing

@testable import Tenure

@Suite("DueCell")
struct DueCellTests {
    private let noon = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("Near is what comes within a hand-over's time, or has its turn now")
    func near() {
        let due = DueCell()
        #expect(!due.isNear(at: self.noon), "nothing is due")

        due.set(self.noon)
        #expect(!due.isNear(at: self.noon.advanced(by: .milliseconds(-150))))
        #expect(due.isNear(at: self.noon.advanced(by: .milliseconds(-50))))
        #expect(due.isNear(at: self.noon.advanced(by: .milliseconds(200))))
    }

    @Test("What has been due for long waits for something else: it holds up no hand-over")
    func overdue() {
        let due = DueCell()
        due.set(self.noon)

        #expect(!due.isNear(at: self.noon.advanced(by: .seconds(1))))
    }
}
