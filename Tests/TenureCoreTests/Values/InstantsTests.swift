import TenureCore
import Testing

@Suite("Instants")
struct InstantsTests {
    @Test("Instants move by durations, and durations between them come out again")
    func arithmetic() {
        #expect(at(1000).advanced(by: .milliseconds(250)) == at(1250))
        #expect(at(1000).duration(to: at(250)) == .milliseconds(-750))
        #expect(ServerTime(microseconds: 5).advanced(by: .seconds(-1)) == ServerTime(microseconds: -999_995))
        #expect(ServerTime(microseconds: 5).duration(to: ServerTime(microseconds: 8)) == .microseconds(3))
    }

    @Test("The ends are not passed")
    func saturation() {
        #expect(MonotonicInstant.distantFuture.advanced(by: .seconds(1)) == .distantFuture)
        #expect(at(0).advanced(by: .seconds(Int64.max)) == .distantFuture)
        #expect(MonotonicInstant(nanoseconds: .min).advanced(by: .seconds(-1)).nanoseconds == .min)
        #expect(ServerTime.distantFuture.advanced(by: .seconds(1)) == .distantFuture)
        #expect(ServerTime.distantPast.advanced(by: .seconds(-1)) == .distantPast)
        #expect(ServerTime.distantPast.duration(to: .distantFuture) == .microseconds(Int64.max))
    }

    @Test(
        "Durations as whole units, towards zero, within the numbers there are",
        arguments: [
            (Duration.milliseconds(1500), 1_500_000_000, 1_500_000, 1500),
            (.nanoseconds(1999), 1999, 1, 0),
            (.nanoseconds(-1999), -1999, -1, 0),
            (.milliseconds(-1500), -1_500_000_000, -1_500_000, -1500),
            (.zero, 0, 0, 0),
            (.seconds(Int64.max), .max, .max, .max),
            (.seconds(Int64.min), .min, .min, .min),
        ] as [(Duration, Int64, Int64, Int64)]
    )
    func units(duration: Duration, nanoseconds: Int64, microseconds: Int64, milliseconds: Int64) {
        #expect(duration.nanoseconds == nanoseconds)
        #expect(duration.microseconds == microseconds)
        #expect(duration.milliseconds == milliseconds)
    }

    @Test("Epochs and terms are ordered by age")
    func tokens() {
        #expect(Epoch.none < Epoch(1))
        #expect(Epoch(2) < Epoch(10))
        #expect(Term.none < Term(1))
        #expect(Term(9).description == "9")
    }
}
