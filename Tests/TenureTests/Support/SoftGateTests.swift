import Synchronization
import Testing

@testable import Tenure

/// Counts those inside.
private final class Inside: Sendable {
    private let counts = Mutex((now: 0, most: 0, ever: 0))

    func enter() {
        self.counts.withLock { counts in
            counts.now += 1
            counts.ever += 1
            counts.most = max(counts.most, counts.now)
        }
    }

    func leave() { self.counts.withLock { $0.now -= 1 } }

    var now: Int { self.counts.withLock { $0.now } }
    var most: Int { self.counts.withLock { $0.most } }
    var ever: Int { self.counts.withLock { $0.ever } }
}

@Suite("SoftGate", .timeLimit(.minutes(1)))
struct SoftGateTests {
    @Test("While the gate is held nobody goes in, and its opening lets them in")
    func held() async {
        let gate = SoftGate(width: 1, patience: .seconds(30))
        let inside = Inside()
        gate.hold()

        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.pass { inside.enter() } }
            try? await Task.sleep(for: .milliseconds(50))
            #expect(inside.ever == 0)

            gate.reopen()
            await group.waitForAll()
        }
        #expect(inside.ever == 1)
    }

    @Test("Nobody waits longer than the patience, also while the gate is held")
    func patience() async {
        let gate = SoftGate(width: 1, patience: .milliseconds(30))
        gate.hold()

        let passed = await gate.pass { true }

        #expect(passed)
    }

    @Test("As many as the width are inside at once, also after a hold")
    func width() async {
        let gate = SoftGate(width: 2, patience: .seconds(30))
        let inside = Inside()
        gate.hold()

        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    await gate.pass {
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                    }
                }
            }
            gate.reopen()
        }
        #expect(inside.most <= 2)
        #expect(inside.now == 0)
    }
}
