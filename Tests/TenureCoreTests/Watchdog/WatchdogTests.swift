import TenureCore
import Testing

@Suite("Watchdog")
struct WatchdogTests {
    /// Thresholds of 30, 30 and 10 s; a cooldown of 5 minutes.
    var watchdog = Watchdog(options: WatchdogOptions())
    let acme = tenant("acme")

    @Test("A condition is raised once its threshold is reached, not before, and once only")
    mutating func threshold() {
        let present: [Watchdog.Condition: Watchdog.Beginning] = [.overdue(self.acme): .at(at(5_000))]

        #expect(self.watchdog.look(at: present, now: at(34_999)) == Watchdog.Verdict())
        let raised = self.watchdog.look(at: present, now: at(35_000)).raised
        #expect(raised == [Watchdog.Alert(.overdue(self.acme), lasting: .seconds(30))])
        #expect(self.watchdog.look(at: present, now: at(36_000)) == Watchdog.Verdict())
    }

    @Test("What lasts is raised again after the cooldown")
    mutating func cooldown() {
        let present: [Watchdog.Condition: Watchdog.Beginning] = [.overdue(self.acme): .at(at(0))]

        #expect(self.watchdog.look(at: present, now: at(30_000)).raised.count == 1)
        #expect(self.watchdog.look(at: present, now: at(329_999)).raised.isEmpty)
        let again = self.watchdog.look(at: present, now: at(330_000)).raised
        #expect(again == [Watchdog.Alert(.overdue(self.acme), lasting: .seconds(330))])
    }

    @Test("What has ended is told once, and only if it was raised")
    mutating func ending() {
        let other = tenant("globex")
        _ = self.watchdog.look(
            at: [.overdue(self.acme): .at(at(0)), .overdue(other): .at(at(25_000))],
            now: at(30_000)
        )

        #expect(self.watchdog.look(at: [:], now: at(31_000)).ended == [.overdue(self.acme)])
        #expect(self.watchdog.look(at: [:], now: at(32_000)) == Watchdog.Verdict())
    }

    @Test("A condition whose beginning moves on has ended while it is below the threshold")
    mutating func movingBeginning() {
        _ = self.watchdog.look(at: [.overdue(self.acme): .at(at(0))], now: at(30_000))

        let verdict = self.watchdog.look(at: [.overdue(self.acme): .at(at(29_000))], now: at(31_000))

        #expect(verdict == Watchdog.Verdict(raised: [], ended: [.overdue(self.acme)]))
    }

    @Test("What comes back within the cooldown is not raised before its end")
    mutating func flapping() {
        let present: [Watchdog.Condition: Watchdog.Beginning] = [.overdue(self.acme): .at(at(0))]
        _ = self.watchdog.look(at: present, now: at(30_000))
        _ = self.watchdog.look(at: [:], now: at(40_000))

        #expect(self.watchdog.look(at: present, now: at(50_000)).raised.isEmpty)
        _ = self.watchdog.look(at: [:], now: at(60_000))
        #expect(self.watchdog.look(at: present, now: at(329_999)).raised.isEmpty)
        #expect(self.watchdog.look(at: present, now: at(330_000)).raised.count == 1)
    }

    @Test("Without a known beginning it counts from the first of the looks that showed it without a break")
    mutating func firstSight() {
        let present: [Watchdog.Condition: Watchdog.Beginning] = [.unowned(self.acme): .firstSight]
        _ = self.watchdog.look(at: present, now: at(0))
        _ = self.watchdog.look(at: [:], now: at(5_000))
        _ = self.watchdog.look(at: present, now: at(6_000))

        #expect(self.watchdog.look(at: present, now: at(15_999)).raised.isEmpty)
        let raised = self.watchdog.look(at: present, now: at(16_000)).raised
        #expect(raised == [Watchdog.Alert(.unowned(self.acme), lasting: .seconds(10))])
    }

    @Test("Each kind has its own threshold, and two runs of a tenant are two conditions")
    mutating func kinds() {
        var options = WatchdogOptions()
        options.stuck = .seconds(20)
        self.watchdog = Watchdog(options: options)

        let raised = self.watchdog.look(
            at: [
                .unowned(self.acme): .at(at(0)), .overdue(self.acme): .at(at(0)),
                .stuck(self.acme, WorkID(2)): .at(at(0)), .stuck(self.acme, WorkID(1)): .at(at(0)),
            ],
            now: at(20_000)
        ).raised

        #expect(
            raised.map(\.condition) == [
                .stuck(self.acme, WorkID(1)), .stuck(self.acme, WorkID(2)), .unowned(self.acme),
            ]
        )
    }

    @Test("One look raises so many at most; the others follow, in order and none twice")
    mutating func limit() {
        let all = (1...50).map { Watchdog.Condition.stuck(self.acme, WorkID(Int64($0))) }
        let present = Dictionary(uniqueKeysWithValues: all.map { ($0, Watchdog.Beginning.at(at(0))) })

        var raised: [Watchdog.Condition] = []
        for second in 30..<40 {
            let some = self.watchdog.look(at: present, now: at(Int64(second) * 1000)).raised
            #expect(some.count <= Watchdog.alertLimit)
            raised += some.map(\.condition)
        }

        #expect(raised == all)
    }
}
