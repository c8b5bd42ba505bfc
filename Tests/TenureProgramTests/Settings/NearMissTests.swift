import Testing

@testable import tenure

@Suite("NearMiss")
struct NearMissTests {
    private let names = ["heartbeat_interval", "lock_duration", "node_timeout"]

    @Test(
        "A slip of the keyboard, or another way to write a name, is recognised",
        arguments: [
            ("heartbeat_intervall", "heartbeat_interval"), ("HeartbeatInterval", "heartbeat_interval"),
            ("lock-duration", "lock_duration"), ("node_timout", "node_timeout"),
        ]
    )
    func close(text: String, name: String) {
        #expect(NearMiss.of(text, in: self.names) == name)
    }

    @Test("Something else altogether is not", arguments: ["foo", "", "retries", "x"])
    func far(text: String) {
        #expect(NearMiss.of(text, in: self.names) == nil)
    }
}
