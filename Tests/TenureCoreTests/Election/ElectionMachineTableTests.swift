import TenureCore
import Testing

/// Every state with every event: what is done about it, timers aside, and whether the node leads afterwards.
@Suite("ElectionMachine: states and events")
struct ElectionMachineTableTests {
    enum Start: String, CaseIterable, Sendable {
        case idle, following, acquiring, leadingWaiting, leadingRenewing, abstaining, stopped

        /// A machine in this state at 1000 ms, with the timer and the request that are current in it.
        func machine() -> (Machine, Machine.TimerID, Machine.RequestID) {
            var machine = Machine.sample()
            let none = (Machine.TimerID(value: 99), Machine.RequestID(value: 99))
            if self == .idle { return (machine, none.0, none.1) }
            let asked = machine.handle(.started, at: at(0))
            if self == .acquiring { return (machine, asked.timer, asked.request) }
            if self == .following {
                let other = Leadership(holder: holder("n2"), term: Term(3), remaining: .seconds(3))
                let held = machine.handle(.acquireReplied(asked.request, .held(other)), at: at(0))
                return (machine, held.timer, none.1)
            }
            let granted = machine.handle(.acquireReplied(asked.request, .acquired(Term(4))), at: at(0))
            if self == .leadingWaiting { return (machine, granted.timer, none.1) }
            if self == .leadingRenewing {
                let renewing = machine.handle(.timerFired(granted.timer), at: at(1000))
                return (machine, renewing.timer, renewing.request)
            }
            _ = machine.handle(self == .abstaining ? .fitnessChanged(.unfit) : .stopRequested, at: at(500))
            return (machine, none.0, none.1)
        }
    }

    enum Input: String, CaseIterable, Sendable {
        case started, timer, lateTimer, granted, lateGranted, held, acquireFailed, renewed, lateRenewed, renewSuperseded
        case renewFailed, otherSeen, newerSeen, nobodySeen, released, fit, unfit, stop

        func event(_ timer: Machine.TimerID, _ request: Machine.RequestID) -> Machine.Event {
            let late = Machine.RequestID(value: 98)
            let other = Leadership(holder: holder("n2"), term: Term(3), remaining: .seconds(3))
            let newer = Leadership(holder: holder("n2"), term: Term(9), remaining: .seconds(3))
            return switch self {
            case .started: .started
            case .timer: .timerFired(timer)
            case .lateTimer: .timerFired(Machine.TimerID(value: 98))
            case .granted: .acquireReplied(request, .acquired(Term(4)))
            case .lateGranted: .acquireReplied(late, .acquired(Term(4)))
            case .held: .acquireReplied(request, .held(other))
            case .acquireFailed: .acquireReplied(request, .failed)
            case .renewed: .renewReplied(request, .renewed)
            case .lateRenewed: .renewReplied(late, .renewed)
            case .renewSuperseded: .renewReplied(request, .superseded)
            case .renewFailed: .renewReplied(request, .failed)
            case .otherSeen: .leadershipSeen(other, lastTerm: Term(3))
            case .newerSeen: .leadershipSeen(newer, lastTerm: Term(9))
            case .nobodySeen: .leadershipSeen(nil, lastTerm: Term(3))
            case .released: .leadershipReleased
            case .fit: .fitnessChanged(.fit)
            case .unfit: .fitnessChanged(.unfit)
            case .stop: .stopRequested
            }
        }
    }

    /// Effects by name: `a` acquire, `r` renew, `+` start leading, `-` stop leading, `x` resign; then `L` when leading.
    private static func expected(_ start: Start, _ input: Input) -> String {
        switch (start, input) {
        case (.idle, .started): "a"
        case (.idle, .granted), (.idle, .lateGranted): "x"

        case (.following, .timer), (.following, .nobodySeen), (.following, .released): "a"
        case (.following, .granted), (.following, .lateGranted): "x"

        case (.acquiring, .granted): "+L"

        case (.leadingWaiting, .timer): "rL"
        case (.leadingWaiting, .newerSeen), (.leadingRenewing, .newerSeen): "-"
        case (.leadingWaiting, .unfit), (.leadingWaiting, .stop): "-x"
        case (.leadingRenewing, .unfit), (.leadingRenewing, .stop): "-x"
        case (.leadingRenewing, .timer), (.leadingRenewing, .renewSuperseded): "-"
        case (.leadingWaiting, _), (.leadingRenewing, _): "L"

        case (.abstaining, .fit): "a"
        case (.abstaining, .granted), (.abstaining, .lateGranted): "x"
        case (.stopped, .granted), (.stopped, .lateGranted): "x"

        case (.idle, _), (.following, _), (.acquiring, _), (.abstaining, _), (.stopped, _): ""
        }
    }

    @Test("Every event in every state has its answer", arguments: Start.allCases, Input.allCases)
    func answers(start: Start, input: Input) {
        var (machine, timer, request) = start.machine()

        let actions = machine.handle(input.event(timer, request), at: at(1100))

        var answer = actions.map { action in
            switch action {
            case .acquire: "a"
            case .renew: "r"
            case .resign: "x"
            case .startLeading: "+"
            case .stopLeading: "-"
            case .setTimer: ""
            }
        }.joined()
        if machine.isLeader(at: at(1100)) { answer += "L" }
        #expect(answer == Self.expected(start, input))
    }

    @Test("Whatever happens, a machine that neither abstains nor stopped has a timer set", arguments: Input.allCases)
    func timerIsSet(input: Input) {
        for start in [Start.following, .acquiring, .leadingWaiting, .leadingRenewing] {
            var (machine, timer, request) = start.machine()
            let actions = machine.handle(input.event(timer, request), at: at(1100))

            // Either nothing changed, and the timer that was set still counts, or there is a new one.
            let current = actions.timerInstant == nil ? timer : actions.timer
            if input == .unfit || input == .stop { continue }
            let fired = machine.handle(.timerFired(current), at: at(60_000))
            #expect(fired.timerInstant != nil, "\(start) after \(input)")
        }
    }
}
