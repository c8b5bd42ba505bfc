import Testing

@testable import tenure

@Suite("DurationText")
struct DurationTextTests {
    @Test(
        "A number with a unit is a duration",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("2s", .seconds(2)), ("5m", .seconds(300)), ("1h", .seconds(3_600)),
            ("7d", .seconds(604_800)), ("1.5s", .milliseconds(1_500)), ("20us", .microseconds(20)), ("0", .zero),
            ("10 s", .seconds(10)),
        ]
    )
    func valid(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test("Anything else is none", arguments: ["", "5", "s", "-1s", "1 minute", "1s2", "1e3s", "999999999h", "1..5s"])
    func invalid(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "A duration is shown in the largest unit that needs no fraction",
        arguments: [
            (Duration.seconds(3_600), "1h"), (.seconds(90), "90s"), (.milliseconds(1_500), "1500ms"), (.zero, "0s"),
            (.seconds(604_800), "168h"), (.microseconds(7), "7us"),
        ]
    )
    func shown(duration: Duration, text: String) {
        #expect(DurationText.text(duration) == text)
        #expect(DurationText.parse(text) == duration)
    }
}
