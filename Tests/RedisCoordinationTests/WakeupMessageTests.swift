import RedisCoordination
import TenureCore
import Testing

@Suite("WakeupMessage")
struct WakeupMessageTests {
    @Test(
        "A message that is not ours is ignored",
        arguments: [
            "", " ", "A ", "a", "AA", "L x", "W", "W ", "W two words", "W bad/name", "P", "P t b 2 a 1 7",
            "P t b 2 a 1 seven 1", "P t b 2 a 1 7 late", "P t/ b 2 a 1 7 1", "P t b! 2 a 1 7 1", "P t b 2 a! 1 7 1",
        ]
    )
    func ignores(text: String) {
        #expect(WakeupMessage.parse(text) == nil)
    }

    @Test("The message of a passed lock holds both sides, the epoch and the last claim")
    func lockPassed() throws {
        let wakeup = Wakeup.lockPassed(
            tenant: try TenantID("t"),
            to: try holder("b/2"),
            from: try holder("a/1"),
            epoch: Epoch(7),
            lastClaim: ServerTime(microseconds: -3)
        )

        #expect(WakeupMessage.parse("P t b 2 a 1 7 -3") == wakeup)
    }

    @Test("What a hint writes is what is read")
    func work() throws {
        let tenant = try TenantID("acme.eu-1_x")

        #expect(WakeupMessage.parse(WakeupMessage.work(for: tenant)) == .work(tenant))
    }
}
