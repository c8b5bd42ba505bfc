import TenureCore
import Testing

typealias Machine = ElectionMachine

extension ElectionMachine {
    /// A machine for node `n1`: lease 3 s, margin 500 ms, renewal each second, retry after 250 ms, jitter 100 ms.
    static func sample() -> ElectionMachine {
        ElectionMachine(
            node: node("n1"),
            parameters: .init(
                lease: .seconds(3),
                safetyMargin: .milliseconds(500),
                renewEvery: .seconds(1),
                retryAfter: .milliseconds(250),
                jitter: .milliseconds(100)
            )
        )
    }

    /// A machine that leads under a term from an acquire sent at the origin and answered at once.
    static func leading(_ term: Int64 = 7) -> ElectionMachine {
        var machine = self.sample()
        let actions = machine.handle(.started, at: at(0))
        _ = machine.handle(.acquireReplied(actions.request, .acquired(Term(term))), at: at(0))
        return machine
    }
}

extension [ElectionMachine.Action] {
    /// The request that these actions send; a name that fits nothing when there is none.
    var request: ElectionMachine.RequestID {
        for action in self {
            switch action {
            case .acquire(let request, _), .renew(let request, _): return request
            case .resign, .startLeading, .stopLeading, .setTimer: continue
            }
        }
        Issue.record("no request in \(self)")
        return ElectionMachine.RequestID(value: -1)
    }

    /// The timer that these actions set last.
    var timer: ElectionMachine.TimerID {
        for action in self.reversed() {
            if case .setTimer(let timer, _) = action { return timer }
        }
        Issue.record("no timer in \(self)")
        return ElectionMachine.TimerID(value: -1)
    }

    /// When the timer that these actions set last fires.
    var timerInstant: MonotonicInstant? {
        for action in self.reversed() {
            if case .setTimer(_, let instant) = action { return instant }
        }
        return nil
    }

    /// The actions without timers.
    var effects: [ElectionMachine.Action] {
        self.filter {
            if case .setTimer = $0 { false } else { true }
        }
    }
}

@Suite("ElectionMachine")
struct ElectionMachineTests {
    @Test("A node that starts asks, and leads when it is granted")
    func startsAndLeads() {
        var machine = Machine.sample()

        let asked = machine.handle(.started, at: at(1000))
        #expect(asked.effects == [.acquire(asked.request, highestTermSeen: .none)])
        #expect(!machine.isLeader(at: at(1000)))

        let granted = machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(1020))
        #expect(granted.effects == [.startLeading(Term(4))])
        #expect(granted.timerInstant == at(2000))
        #expect(machine.trustedUntil == at(3500))
        #expect(machine.term(at: at(3499)) == Term(4))
    }

    @Test("A3: leadership is checked against the clock at each read, whatever has been handled since")
    func checkedAtEachRead() {
        let machine = Machine.leading()

        #expect(machine.isLeader(at: at(2499)))
        #expect(!machine.isLeader(at: at(2500)))
        #expect(!machine.isLeader(at: at(15_000)))
    }

    @Test("A3: a leader that was stopped past its lease stops leading before it does anything else")
    func wakesUpAfterTheLease() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))
        let granted = machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(0))

        let actions = machine.handle(.timerFired(granted.timer), at: at(15_000))

        #expect(actions.effects == [.stopLeading(Term(4), .leaseExpired)])
        #expect(actions.timerInstant == at(15_250))
    }

    @Test("A6: a grant that took longer than the lease never leads, and is given back")
    func slowGrant() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))

        let actions = machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(2500))

        #expect(actions.effects == [.resign(Term(4))])
        #expect(actions.timerInstant == at(2750))
        #expect(!machine.isLeader(at: at(2500)))
    }

    @Test(
        "A6: a request without a reply is given up when it could not entitle any more; a late grant is given back"
    )
    func grantAfterGivingUp() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))
        #expect(asked.timerInstant == at(2500))

        let gaveUp = machine.handle(.timerFired(asked.timer), at: at(2500))
        #expect(gaveUp.effects == [])

        let late = machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(2600))
        #expect(late == [.resign(Term(4))])
        #expect(machine.lateEvents == 1)
        #expect(machine.highestTermSeen == Term(4))
    }

    @Test("A late grant is not given back while the same question is asked again")
    func lateGrantWhileAsking() {
        var machine = Machine.sample()
        let first = machine.handle(.started, at: at(0))
        let gaveUp = machine.handle(.timerFired(first.timer), at: at(2500))
        let second = machine.handle(.timerFired(gaveUp.timer), at: at(2750))

        #expect(machine.handle(.acquireReplied(first.request, .acquired(Term(4))), at: at(2800)) == [])

        let granted = machine.handle(.acquireReplied(second.request, .acquired(Term(4))), at: at(2810))
        #expect(granted.effects == [.startLeading(Term(4))])
    }

    @Test("A renewal extends trust from its own start")
    func renews() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))
        let granted = machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(100))

        let renewing = machine.handle(.timerFired(granted.timer), at: at(1000))
        #expect(renewing.effects == [.renew(renewing.request, Term(4))])
        #expect(renewing.timerInstant == at(2500))

        let renewed = machine.handle(.renewReplied(renewing.request, .renewed), at: at(1800))
        #expect(renewed.effects == [])
        #expect(renewed.timerInstant == at(2000))
        #expect(machine.trustedUntil == at(3500))
    }

    @Test("A renewal that returns after the trust window does not extend it")
    func lateRenewal() {
        var machine = Machine.leading()
        let renewing = machine.handle(.timerFired(Machine.TimerID(value: 2)), at: at(1000))

        let actions = machine.handle(.renewReplied(renewing.request, .renewed), at: at(2500))

        #expect(actions.effects == [.stopLeading(Term(7), .leaseExpired)])
        #expect(!machine.isLeader(at: at(2500)))
    }

    @Test("A4: a leader whose renewals fail keeps trying and stops before its lease ends")
    func renewalsFail() {
        var machine = Machine.leading()
        var now: Int64 = 1000
        var actions = machine.handle(.timerFired(Machine.TimerID(value: 2)), at: at(now))
        var stopped: MonotonicInstant?

        while stopped == nil, now < 10_000 {
            if let request = actions.renewal {
                now += 10
                actions = machine.handle(.renewReplied(request, .failed), at: at(now))
            } else {
                let instant = actions.timerInstant ?? .distantFuture
                actions = machine.handle(.timerFired(actions.timer), at: instant)
                now = instant.nanoseconds / 1_000_000
            }
            if actions.effects == [.stopLeading(Term(7), .leaseExpired)] { stopped = at(now) }
        }

        #expect(stopped == at(2500))
    }

    @Test("A leadership that another took ends at once")
    func superseded() {
        var machine = Machine.leading()
        let renewing = machine.handle(.timerFired(Machine.TimerID(value: 2)), at: at(1000))

        let actions = machine.handle(.renewReplied(renewing.request, .superseded), at: at(1010))

        #expect(actions.effects == [.stopLeading(Term(7), .superseded)])
        #expect(!machine.isLeader(at: at(1010)))
    }

    @Test("A5: a graceful stop ends the local leadership before it releases the store's")
    func gracefulStop() {
        var machine = Machine.leading()

        let actions = machine.handle(.stopRequested, at: at(500))

        #expect(actions == [.stopLeading(Term(7), .stopped), .resign(Term(7))])
        #expect(!machine.isLeader(at: at(500)))
        #expect(machine.handle(.leadershipReleased, at: at(600)) == [])
    }

    @Test("An unfit leader resigns and abstains until it is fit")
    func unfit() {
        var machine = Machine.leading()

        #expect(
            machine.handle(.fitnessChanged(.unfit), at: at(500)) == [.stopLeading(Term(7), .unfit), .resign(Term(7))]
        )
        #expect(machine.handle(.leadershipReleased, at: at(510)) == [])
        #expect(machine.handle(.leadershipSeen(nil, lastTerm: Term(7)), at: at(520)) == [])

        let fit = machine.handle(.fitnessChanged(.fit), at: at(9000))
        #expect(fit.effects == [.acquire(fit.request, highestTermSeen: Term(7))])
    }

    @Test("A term that was given back is never led again: the store may hear of it late")
    func resignedTerm() {
        var machine = Machine.leading()
        _ = machine.handle(.fitnessChanged(.unfit), at: at(500))
        let again = machine.handle(.fitnessChanged(.fit), at: at(510))

        let same = machine.handle(.acquireReplied(again.request, .acquired(Term(7))), at: at(520))
        #expect(same.effects == [.resign(Term(7))])
        #expect(!machine.isLeader(at: at(520)))

        let next = machine.handle(.timerFired(same.timer), at: at(770))
        let granted = machine.handle(.acquireReplied(next.request, .acquired(Term(8))), at: at(780))
        #expect(granted.effects == [.startLeading(Term(8))])
    }

    @Test("A grant that arrives after the node became unfit is given back")
    func grantWhileUnfit() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))
        _ = machine.handle(.fitnessChanged(.unfit), at: at(10))

        #expect(machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(20)) == [.resign(Term(4))])
    }

    @Test("A2, A10: a follower tries when the present lease has run out, as the last heartbeat said")
    func followerArmsItsTry() {
        var machine = Machine.sample()
        let other = Leadership(holder: holder("n2"), term: Term(5), remaining: .milliseconds(2000))
        let asked = machine.handle(.started, at: at(0))
        let held = machine.handle(.acquireReplied(asked.request, .held(other)), at: at(10))
        #expect(held.timerInstant == at(2110))

        let renewed = Leadership(holder: holder("n2"), term: Term(5), remaining: .milliseconds(2900))
        let seen = machine.handle(.leadershipSeen(renewed, lastTerm: Term(5)), at: at(1000))
        #expect(seen.effects == [])
        #expect(seen.timerInstant == at(4000))

        #expect(machine.handle(.timerFired(held.timer), at: at(2110)) == [])
        #expect(machine.lateEvents == 1)
        let tried = machine.handle(.timerFired(seen.timer), at: at(4000))
        #expect(tried.effects == [.acquire(tried.request, highestTermSeen: Term(5))])
    }

    @Test("A10: a follower is woken by a release, and finds an absent leader by its heartbeat when that is lost")
    func followerIsWoken() {
        let other = Leadership(holder: holder("n2"), term: Term(5), remaining: .seconds(3))
        for wake in [Machine.Event.leadershipReleased, .leadershipSeen(nil, lastTerm: Term(5))] {
            var machine = Machine.sample()
            let asked = machine.handle(.started, at: at(0))
            _ = machine.handle(.acquireReplied(asked.request, .held(other)), at: at(10))

            let actions = machine.handle(wake, at: at(100))

            #expect(actions.effects == [.acquire(actions.request, highestTermSeen: Term(5))])
        }
    }

    @Test("A follower that reads its own name as leader asks again: the grant's reply was lost")
    func ownNameSeen() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))
        _ = machine.handle(.acquireReplied(asked.request, .failed), at: at(10))
        let own = Leadership(holder: holder("n1"), term: Term(5), remaining: .seconds(3))

        let actions = machine.handle(.leadershipSeen(own, lastTerm: Term(5)), at: at(100))

        #expect(actions.effects == [.acquire(actions.request, highestTermSeen: Term(5))])
    }

    @Test("News from before the last election is ignored")
    func oldNews() {
        var machine = Machine.sample()
        let asked = machine.handle(.started, at: at(0))
        let present = Leadership(holder: holder("n3"), term: Term(6), remaining: .seconds(3))
        _ = machine.handle(.acquireReplied(asked.request, .held(present)), at: at(10))
        let old = Leadership(holder: holder("n2"), term: Term(5), remaining: .seconds(60))

        #expect(machine.handle(.leadershipSeen(old, lastTerm: Term(5)), at: at(20)) == [])
        #expect(machine.highestTermSeen == Term(6))

        var leader = Machine.leading(7)
        #expect(leader.handle(.leadershipSeen(present, lastTerm: Term(6)), at: at(20)) == [])
        #expect(leader.isLeader(at: at(20)))
    }

    @Test("A leader that sees a newer term stops leading at once")
    func newerTermSeen() {
        var machine = Machine.leading()
        let newer = Leadership(holder: holder("n2"), term: Term(8), remaining: .seconds(3))

        let actions = machine.handle(.leadershipSeen(newer, lastTerm: Term(8)), at: at(100))

        #expect(actions.effects == [.stopLeading(Term(7), .superseded)])
    }

    @Test("A8: a term that was seen anywhere is the floor of the next election")
    func termFloor() {
        var machine = Machine.sample()
        machine.noteTerm(Term(41))
        machine.noteTerm(Term(12))

        let actions = machine.handle(.started, at: at(0))

        #expect(actions.effects == [.acquire(actions.request, highestTermSeen: Term(41))])
    }

    @Test("Times follow from the options, jitter from the node's name")
    func parameters() {
        let parameters = Machine.Parameters(CoordinationOptions(), node: node("n1"))

        #expect(parameters.lease == .seconds(3))
        #expect(parameters.safetyMargin == .milliseconds(500))
        #expect(parameters.renewEvery == .seconds(1))
        #expect(parameters.retryAfter == .milliseconds(250))
        #expect(parameters.jitter > .zero && parameters.jitter < .milliseconds(250))
        #expect(parameters == Machine.Parameters(CoordinationOptions(), node: node("n1")))
        #expect(parameters != Machine.Parameters(CoordinationOptions(), node: node("n2")))
    }
}

extension [ElectionMachine.Action] {
    /// The renewal that these actions send, if any.
    fileprivate var renewal: ElectionMachine.RequestID? {
        for action in self {
            if case .renew(let request, _) = action { return request }
        }
        return nil
    }
}
