import Testing

@testable import TenureCore

@Suite("QuietGate")
struct QuietGateTests {
    private let gate = QuietGate(at: .zero, patience: .milliseconds(100))

    private func quickest(_ milliseconds: Int64) -> QuickestRoundTrip {
        var quickest = QuickestRoundTrip()
        quickest.note(.milliseconds(milliseconds))
        return quickest
    }

    private func at(_ milliseconds: Int64) -> MonotonicInstant { .zero.advanced(by: .milliseconds(milliseconds)) }

    @Test("The first probe ever says nothing: another one follows")
    func unknown() {
        let verdict = self.gate.probed(roundTrip: .milliseconds(1), quickest: QuickestRoundTrip(), at: self.at(1))

        #expect(verdict == .probeAgain)
    }

    @Test("A probe that is about as quick as the quickest marks a good moment; a slow one does not")
    func moments() {
        #expect(self.gate.probed(roundTrip: .milliseconds(4), quickest: self.quickest(2), at: self.at(5)) == .proceed)
        #expect(
            self.gate.probed(roundTrip: .milliseconds(9), quickest: self.quickest(2), at: self.at(9)) == .probeAgain
        )
    }

    @Test("A way that takes long always is no reason to wait")
    func farAway() {
        let verdict = self.gate.probed(roundTrip: .milliseconds(85), quickest: self.quickest(80), at: self.at(85))

        #expect(verdict == .proceed)
    }

    @Test("When no good moment comes, any is good after the patience is over")
    func impatient() {
        let slow = Duration.milliseconds(50)

        #expect(self.gate.probed(roundTrip: slow, quickest: self.quickest(1), at: self.at(99)) == .probeAgain)
        #expect(self.gate.probed(roundTrip: slow, quickest: self.quickest(1), at: self.at(100)) == .proceed)
    }

    @Test("The quickest round trip counts, and is forgotten when it never comes again")
    func forgetting() throws {
        var quickest = self.quickest(8)
        quickest.note(.milliseconds(1))
        #expect(quickest.duration == .milliseconds(1))

        for _ in 0..<300 { quickest.note(.milliseconds(8)) }

        let settled = try #require(quickest.duration)
        #expect(settled > .milliseconds(7) && settled <= .milliseconds(8))
    }
}
