import TenureCore
import Testing

@Suite("LivenessDetector")
struct LivenessDetectorTests {
    private func detector() -> LivenessDetector {
        LivenessDetector(heartbeatInterval: .seconds(1), nodeTimeout: .seconds(3))
    }

    private func state(_ heartbeats: [String: Int64], incarnations: [String: String] = [:]) -> ClusterState {
        var state = ClusterState()
        for (name, counter) in heartbeats {
            state.nodes[node(name)] = NodeDescriptor(
                id: node(name),
                incarnation: Incarnation(incarnations[name] ?? "i1"),
                host: "h",
                pid: 1,
                version: "1"
            )
            state.heartbeats[node(name)] = counter
        }
        return state
    }

    @Test("A counter that changes keeps its node, one that stands still for the timeout loses it")
    func standsStill() {
        var detector = self.detector()

        for second in 0...3 {
            let time = at(Int64(second) * 1000)
            detector.observed(self.state(["a": Int64(second), "b": 7]), requestedAt: time, at: time)
            #expect(detector.lost(at: time) == (second == 3 ? [holder("b")] : []))
        }
    }

    @Test("The verdict needs a look that was sent after the timeout, not just time")
    func needsALook() {
        var detector = self.detector()
        detector.observed(self.state(["a": 1]), requestedAt: at(0), at: at(0))
        detector.observed(self.state(["a": 1]), requestedAt: at(1900), at: at(1900))

        #expect(detector.lost(at: at(3500)) == [])

        detector.observed(self.state(["a": 1]), requestedAt: at(2900), at: at(3600))
        #expect(detector.lost(at: at(3600)) == [])

        detector.observed(self.state(["a": 1]), requestedAt: at(3600), at: at(3610))
        #expect(detector.lost(at: at(3610)) == [holder("a")])
    }

    @Test("A follower that becomes leader judges by the heartbeats it has seen")
    func historyOfAFollower() {
        var detector = self.detector()
        for second in 0...2 {
            let time = at(Int64(second) * 1000)
            detector.observed([node("a"): 5, node("b"): Int64(second)], requestedAt: time, at: time)
        }

        #expect(detector.lost(at: at(2000)) == [])

        // Its first read as a leader names the registrations.
        detector.observed(self.state(["a": 5, "b": 3]), requestedAt: at(3000), at: at(3000))
        #expect(detector.lost(at: at(3000)) == [holder("a")])
    }

    @Test("Another registration of the same node starts afresh")
    func newIncarnation() {
        var detector = self.detector()
        detector.observed(self.state(["a": 5]), requestedAt: at(0), at: at(0))
        detector.observed(self.state(["a": 5]), requestedAt: at(2000), at: at(2000))

        detector.observed(self.state(["a": 5], incarnations: ["a": "i2"]), requestedAt: at(3000), at: at(3000))
        #expect(detector.lost(at: at(3000)) == [])

        for second in 4...6 {
            let time = at(Int64(second) * 1000)
            detector.observed(self.state(["a": 5], incarnations: ["a": "i2"]), requestedAt: time, at: time)
        }
        #expect(detector.lost(at: at(6000)) == [holder("a", "i2")])
    }

    @Test("A reply that comes late with an older counter neither saves nor loses a node")
    func reorderedReplies() {
        var detector = self.detector()
        detector.observed([node("a"): 5], requestedAt: at(1000), at: at(1010))

        detector.observed([node("a"): 4], requestedAt: at(500), at: at(1020))

        #expect(detector.silence(of: node("a"), at: at(1020)) == .milliseconds(10))
        #expect(detector.nextDeadline == at(4010))
    }

    @Test("A counter that starts again counts as a change")
    func counterRestarts() {
        var detector = self.detector()
        detector.observed([node("a"): 500], requestedAt: at(0), at: at(0))

        detector.observed([node("a"): 1], requestedAt: at(1000), at: at(1000))

        #expect(detector.silence(of: node("a"), at: at(1000)) == .zero)
    }

    @Test("After a pause of the observer's own everybody starts afresh")
    func ownPause() {
        var detector = self.detector()
        detector.observed(self.state(["a": 5, "b": 5]), requestedAt: at(0), at: at(0))
        detector.observed(self.state(["a": 5, "b": 6]), requestedAt: at(1000), at: at(1000))

        // Stopped for 15 s, together with b.
        detector.observed(self.state(["a": 5, "b": 6]), requestedAt: at(16_000), at: at(16_000))
        #expect(detector.lost(at: at(16_000)) == [])
        #expect(detector.nextDeadline == at(19_000))

        for second in 17...19 {
            let time = at(Int64(second) * 1000)
            detector.observed(self.state(["a": 5, "b": Int64(second)]), requestedAt: time, at: time)
        }
        #expect(detector.lost(at: at(19_000)) == [holder("a")])
    }

    @Test("One look that fails is no pause")
    func oneLookFails() {
        var detector = self.detector()
        for second in [0, 2, 3] {
            let time = at(Int64(second) * 1000)
            detector.observed(self.state(["a": 5]), requestedAt: time, at: time)
        }

        #expect(detector.lost(at: at(3000)) == [holder("a")])
    }

    @Test("After Redis forgot nobody is lost for one node timeout")
    func forgetful() {
        var detector = self.detector()
        detector.observed(self.state(["a": 5]), requestedAt: at(0), at: at(0))
        detector.storeForgot(at: at(1000))

        #expect(detector.isForgiving(at: at(3999)))
        #expect(!detector.isForgiving(at: at(4000)))

        for time in [1000, 2500, 3900] {
            detector.observed(self.state(["a": 5]), requestedAt: at(Int64(time)), at: at(Int64(time)))
            #expect(detector.lost(at: at(Int64(time))) == [])
        }
        #expect(detector.nextDeadline == at(4000))
        detector.observed(self.state(["a": 5]), requestedAt: at(4000), at: at(4000))
        #expect(detector.lost(at: at(4000)) == [holder("a")])
    }

    @Test("A node that is no longer registered is forgotten")
    func deregistered() {
        var detector = self.detector()
        detector.observed(self.state(["a": 5, "b": 5]), requestedAt: at(0), at: at(0))

        detector.observed(self.state(["b": 6]), requestedAt: at(1000), at: at(1000))

        #expect(detector.silence(of: node("a"), at: at(1000)) == nil)
        #expect(detector.nextDeadline == at(4000))
    }

    @Test("The store's word on a heartbeat's age makes the deadline exact, within the time between two looks")
    func ages() {
        var detector = self.detector()
        detector.observed([node("a"): 1], requestedAt: at(1000), at: at(1001))

        detector.observed([node("a"): 2], ages: [node("a"): .milliseconds(700)], requestedAt: at(2000), at: at(2001))
        #expect(detector.nextDeadline == at(4301))

        // The store's clock jumped ahead by an hour: the change is no older than the look before it.
        detector.observed([node("a"): 3], ages: [node("a"): .seconds(3600)], requestedAt: at(3000), at: at(3001))
        #expect(detector.nextDeadline == at(5000))

        // And back: it is no younger than the reply.
        detector.observed([node("a"): 4], ages: [node("a"): .seconds(-3600)], requestedAt: at(4000), at: at(4001))
        #expect(detector.nextDeadline == at(7001))
    }

    @Test("A node that is silent for one and a half intervals is a suspect")
    func suspects() {
        var detector = self.detector()
        for second in [0, 1] {
            let time = at(Int64(second) * 1000)
            detector.observed([node("a"): 7, node("b"): Int64(second)], requestedAt: time, at: time)
        }

        #expect(detector.suspects(at: at(1500), heartbeatInterval: .seconds(1)) == [])
        #expect(detector.suspects(at: at(1600), heartbeatInterval: .seconds(1)) == [node("a")])
        #expect(detector.haveAllBeaten(since: at(500), except: node("a")))
        #expect(!detector.haveAllBeaten(since: at(500), except: node("b")))
    }
}
