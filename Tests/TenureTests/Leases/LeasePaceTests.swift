import TenureCore
import Testing

@Suite("LeasePace")
struct LeasePaceTests {
    @Test(
        "Several renewals and their tries fit into what is trusted",
        arguments: [10, 100, 500, 2_000, 30_000, 604_800_000]
    )
    func proportions(milliseconds: Int) {
        let pace = LeasePace(duration: .milliseconds(milliseconds))

        #expect(pace.trust < pace.duration)
        #expect(pace.trust >= pace.duration * 4 / 5)
        #expect(pace.duration - pace.trust <= .milliseconds(500))
        #expect(pace.renewal * 2 < pace.trust)
        #expect(pace.retry <= max(pace.duration / 20, .milliseconds(5)))
    }

    @Test("The first who waits asks when the lease runs out, the others at their leisure")
    func pauses() {
        var generator = SystemRandomNumberGenerator()
        for attempt in [1, 2, 5, 1000] {
            let head = LeasePace.pause(after: attempt, freeIn: nil, ahead: 0, using: &generator)
            let near = LeasePace.pause(after: attempt, freeIn: .milliseconds(3), ahead: 0, using: &generator)
            let over = LeasePace.pause(after: attempt, freeIn: .zero, ahead: 0, using: &generator)
            let tail = LeasePace.pause(after: attempt, freeIn: .milliseconds(3), ahead: 1, using: &generator)

            #expect(head >= .milliseconds(5) && head <= .milliseconds(100))
            #expect(near == .milliseconds(3))
            #expect(over == .milliseconds(1))
            #expect(tail >= .milliseconds(125) && tail <= .milliseconds(250))
        }
        #expect(LeasePace.place > .milliseconds(250) * 10)
    }
}
