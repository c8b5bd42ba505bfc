import Testing

@testable import TenureCore

@Suite("TenancyMachine")
struct TenancyMachineTests {
    private let own = Holder(node: try! NodeID("node-1"), incarnation: Incarnation("a"))
    private let other = Holder(node: try! NodeID("node-2"), incarnation: Incarnation("b"))
    private let tenant = try! TenantID("acme")
    private let now = MonotonicInstant.zero

    private typealias Machine = TenancyMachine

    /// A machine that works under the given epoch.
    private func owner(_ epoch: Int64) -> TenancyMachine {
        var machine = TenancyMachine(holder: self.own)
        _ = machine.handle(.observed(self.assigned(lock: self.lock(self.own, epoch))), at: self.now)
        _ = machine.handle(.installed(Epoch(epoch)), at: self.now)
        return machine
    }

    private func lock(_ holder: Holder, _ epoch: Int64, remaining: Duration = .seconds(3)) -> TenantLock {
        TenantLock(holder: holder, epoch: Epoch(epoch), remaining: remaining)
    }

    private func assigned(lock: TenantLock? = nil, move: PlannedMove? = nil) -> TenancyMachine.Observation {
        .init(isAssigned: true, lock: lock, move: move)
    }

    private func move(from source: Holder, to target: Holder, stage: PlannedMove.Stage = .preparing) -> PlannedMove {
        var move = PlannedMove(id: "1-1", tenant: self.tenant, from: source, to: target, reason: "drain")
        move.stage = stage
        return move
    }

    /// The request that the last action carries.
    private func request(_ actions: [TenancyMachine.Action]) throws -> TenancyMachine.RequestID {
        for action in actions.reversed() {
            switch action {
            case .acquire(let request, _), .pass(let request, _, _, _), .release(let request, _),
                .setTimer(let request, _):
                return request
            default: continue
            }
        }
        throw Missing()
    }

    private struct Missing: Error {}

    @Test("An assigned tenant is prepared and its lock asked for at the same time")
    func assignedTenant() throws {
        var machine = TenancyMachine(holder: self.own)

        let actions = machine.handle(.observed(self.assigned()), at: self.now)
        let request = try self.request(actions)
        let granted = machine.handle(.lockReplied(request, .answered(.acquired(Epoch(7)))), at: self.now)

        #expect(actions == [.host, .acquire(request, floor: .none)])
        #expect(granted == [.activate(Epoch(7), .takeover)])
        #expect(machine.handle(.installed(Epoch(7)), at: self.now) == [])
        #expect(machine.state == .owning(Epoch(7)))
    }

    @Test("A lock that another node still holds is asked for again the moment it runs out")
    func waitsForLock() throws {
        var machine = TenancyMachine(holder: self.own)
        let request = try self.request(machine.handle(.observed(self.assigned()), at: self.now))

        let waiting = machine.handle(
            .lockReplied(request, .answered(.held(self.lock(self.other, 3, remaining: .seconds(2))))),
            at: self.now
        )
        let again = machine.handle(.timerFired(request), at: self.now.advanced(by: .seconds(2)))

        #expect(waiting == [.setTimer(request, self.now.advanced(by: .milliseconds(2002)))])
        #expect(again == [.acquire(try self.request(again), floor: .none)])
    }

    @Test("A reply to an earlier request is ignored")
    func lateReply() throws {
        var machine = TenancyMachine(holder: self.own)
        let early = try self.request(machine.handle(.observed(self.assigned()), at: self.now))
        _ = machine.handle(.lockReplied(early, .unavailable), at: self.now)
        _ = machine.handle(.timerFired(early), at: self.now)

        #expect(machine.handle(.lockReplied(early, .answered(.acquired(Epoch(1)))), at: self.now) == [])
    }

    @Test("A8: an epoch that the fence refuses is asked for again above the fence's floor")
    func refusedEpoch() throws {
        var machine = TenancyMachine(holder: self.own)
        let request = try self.request(machine.handle(.observed(self.assigned()), at: self.now))
        _ = machine.handle(.lockReplied(request, .answered(.acquired(Epoch(1)))), at: self.now)

        let actions = machine.handle(.refused(Epoch(1), floor: Epoch(41)), at: self.now)

        #expect(actions == [.acquire(try self.request(actions), floor: Epoch(41))])
    }

    @Test("A18: the lock is passed only after the claims have stopped, with the instant of the last one")
    func handsOver() throws {
        var machine = self.owner(5)
        let ready = self.move(from: self.own, to: self.other, stage: .ready)

        let preparing = machine.handle(
            .observed(self.assigned(lock: self.lock(self.own, 5), move: self.move(from: self.own, to: self.other))),
            at: self.now
        )
        let stopping = machine.handle(.observed(self.assigned(lock: self.lock(self.own, 5), move: ready)), at: self.now)
        let passing = machine.handle(
            .claimsStopped(Epoch(5), lastClaim: ServerTime(microseconds: 99)),
            at: self.now
        )
        let request = try self.request(passing)
        let passed = machine.handle(.passReplied(request, .answered(.passed(Epoch(6)))), at: self.now)

        #expect(preparing == [])
        #expect(stopping == [.stopClaiming(Epoch(5))])
        #expect(passing == [.pass(request, ready, Epoch(5), lastClaim: ServerTime(microseconds: 99))])
        #expect(passed == [.retire])
        #expect(machine.isAbsent)
    }

    @Test("A move that came to nothing leaves the source claiming under the same epoch")
    func voidMove() throws {
        var machine = self.owner(5)
        let ready = self.move(from: self.own, to: self.other, stage: .ready)
        _ = machine.handle(.observed(self.assigned(lock: self.lock(self.own, 5), move: ready)), at: self.now)
        let request = try self.request(
            machine.handle(.claimsStopped(Epoch(5), lastClaim: .distantPast), at: self.now)
        )

        #expect(machine.handle(.passReplied(request, .answered(.void)), at: self.now) == [.resumeClaiming(Epoch(5))])
        #expect(machine.heldEpoch == Epoch(5))
    }

    @Test("A pass whose reply was lost is tried again, and what it did is found out")
    func lostPass() throws {
        var machine = self.owner(5)
        let ready = self.move(from: self.own, to: self.other, stage: .ready)
        _ = machine.handle(.observed(self.assigned(lock: self.lock(self.own, 5), move: ready)), at: self.now)
        let first = try self.request(machine.handle(.claimsStopped(Epoch(5), lastClaim: .distantPast), at: self.now))

        _ = machine.handle(.passReplied(first, .unknown), at: self.now)
        let second = try self.request(machine.handle(.timerFired(first), at: self.now))
        let found = machine.handle(.passReplied(second, .answered(.notHeld)), at: self.now)
        let asked = try self.request(found)

        #expect(found == [.suspend(Epoch(5)), .acquire(asked, floor: Epoch(5))])
        #expect(
            machine.handle(.lockReplied(asked, .answered(.notAssigned(self.other.node))), at: self.now) == [.retire]
        )
    }

    @Test("The target of a move prepares, reports once it is ready, and works when the lock is passed to it")
    func incoming() throws {
        var machine = TenancyMachine(holder: self.own)
        let move = self.move(from: self.other, to: self.own)

        let hosting = machine.handle(.observed(.init(isAssigned: false, lock: nil, move: move)), at: self.now)
        let reporting = machine.handle(.prepared, at: self.now)
        let working = machine.handle(
            .lockPassed(epoch: Epoch(6), from: self.other.node, lastClaim: ServerTime(microseconds: 5)),
            at: self.now
        )

        #expect(hosting == [.host])
        #expect(reporting == [.reportReady(move: "1-1")])
        #expect(
            working == [
                .activate(Epoch(6), .handover(from: self.other.node, lastClaim: ServerTime(microseconds: 5)))
            ]
        )
    }

    @Test("A19: a pass whose wake-up was lost is seen at the next look at the assignment")
    func lostWakeup() {
        var machine = TenancyMachine(holder: self.own)
        _ = machine.handle(
            .observed(.init(isAssigned: false, lock: nil, move: self.move(from: self.other, to: self.own))),
            at: self.now
        )

        let actions = machine.handle(.observed(self.assigned(lock: self.lock(self.own, 6))), at: self.now)

        #expect(actions == [.activate(Epoch(6), .takeover)])
    }

    @Test("A lost lock stops the claims at once, and is asked for under a higher epoch")
    func lostLock() throws {
        var machine = self.owner(5)

        let actions = machine.handle(.lockLost(Epoch(5)), at: self.now)

        #expect(actions == [.suspend(Epoch(5)), .acquire(try self.request(actions), floor: Epoch(5))])
        #expect(machine.heldEpoch == nil)
    }

    @Test("A loss of an earlier epoch is ignored")
    func staleLoss() {
        var machine = self.owner(5)

        #expect(machine.handle(.lockLost(Epoch(4)), at: self.now) == [])
        #expect(machine.heldEpoch == Epoch(5))
    }

    @Test("A node that is fenced lets go and backs off, so that two never fence each other in turn")
    func fenced() throws {
        var machine = self.owner(5)

        let letting = machine.handle(.fenced(Epoch(5)), at: self.now)
        let request = try self.request(letting)
        let pausing = machine.handle(.releaseReplied(request, .answered(true)), at: self.now)

        #expect(letting == [.suspend(Epoch(5)), .release(request, Epoch(5))])
        #expect(pausing == [.setTimer(request, self.now.advanced(by: .seconds(2)))])
    }

    @Test("A node that Redis forgot asks again for what it holds, and keeps its runs")
    func forgotten() throws {
        var machine = self.owner(5)

        let actions = machine.handle(.forgotten, at: self.now)
        let request = try self.request(actions)
        // The assignment was read before the request arrived: it must not end the tenancy.
        let early = machine.handle(.observed(.init(isAssigned: false, lock: nil, move: nil)), at: self.now)

        #expect(actions == [.suspend(Epoch(5)), .acquire(request, floor: Epoch(5))])
        #expect(early == [])
        #expect(
            machine.handle(.lockReplied(request, .answered(.acquired(Epoch(6)))), at: self.now)
                == [.activate(Epoch(6), .takeover)]
        )
    }

    @Test("A node that was declared lost drops everything")
    func evicted() {
        var machine = self.owner(5)

        #expect(machine.handle(.evicted, at: self.now) == [.drop])
        #expect(machine.isAbsent)
    }

    @Test("A tenant that is taken from the node stops, is released, and retires")
    func unassigned() throws {
        var machine = self.owner(5)

        let stopping = machine.handle(.observed(.init(isAssigned: false, lock: nil, move: nil)), at: self.now)
        let releasing = machine.handle(.claimsStopped(Epoch(5), lastClaim: .distantPast), at: self.now)
        let request = try self.request(releasing)

        #expect(stopping == [.stopClaiming(Epoch(5))])
        #expect(releasing == [.release(request, Epoch(5))])
        #expect(machine.handle(.releaseReplied(request, .answered(true)), at: self.now) == [.retire])
    }

    @Test(
        "A node that leaves while the store is silent waits for no lock that is on its way out, and for claims to stop"
    )
    func forsaken() throws {
        var machine = self.owner(3)
        #expect(machine.handle(.forsake, at: self.now) == [], "it claims")
        #expect(machine.handle(.abandon, at: self.now) == [.stopClaiming(Epoch(3))])
        #expect(machine.handle(.forsake, at: self.now) == [], "claims have not stopped")
        let release = machine.handle(.claimsStopped(Epoch(3), lastClaim: .distantPast), at: self.now)
        #expect(release == [.release(try self.request(release), Epoch(3))])

        #expect(machine.handle(.forsake, at: self.now) == [.retire])
        #expect(machine.isAbsent)
        #expect(machine.handle(.forsake, at: self.now) == [])

        var waiting = TenancyMachine(holder: self.own)
        _ = waiting.handle(.observed(self.assigned()), at: self.now)
        #expect(waiting.handle(.forsake, at: self.now) == [.retire])
    }
}
