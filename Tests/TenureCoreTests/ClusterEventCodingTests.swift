import Testing

@testable import TenureCore

@Suite("ClusterEvent as JSON and as text")
struct ClusterEventCodingTests {
    private func event(_ fields: [ClusterEvent.Field]) -> ClusterEvent {
        ClusterEvent(
            name: "tenant.acquired",
            level: .info,
            time: 1_763_700_131_123_000,
            cluster: "default",
            node: "node-1",
            fields: fields
        )
    }

    @Test("JSON begins with event, time, cluster and node, and keeps the fields' order and types")
    func json() {
        let event = self.event([
            .init("tenant", .string("acme")), .init("epoch", .integer(-3)), .init("after", .number(0.5)),
            .init("planned", .boolean(true)), .init("a", .number(2)), .init("bad", .number(.nan)),
        ])

        #expect(
            event.json == #"{"event":"tenant.acquired","time":"2025-11-21T04:42:11.123Z","cluster":"default","#
                + #""node":"node-1","tenant":"acme","epoch":-3,"after":0.5,"planned":true,"a":2.0,"bad":null}"#
        )
    }

    @Test(
        "What is written is read",
        arguments: [
            [], [.init("text", .string("\"\\/\u{8}\n\r\t\u{0}\u{7F} ü \u{1F9ED}"))], [.init("", .string(""))],
            [.init("big", .integer(.max)), .init("small", .integer(.min))],
            [.init("large", .number(1e300)), .init("tiny", .number(-2.5e-7)), .init("whole", .number(3))],
            [
                .init("event", .integer(1)), .init("node", .boolean(false)), .init("twice", .integer(1)),
                .init("twice", .integer(2)),
            ],
        ] as [[ClusterEvent.Field]]
    )
    func roundTrip(fields: [ClusterEvent.Field]) {
        let event = self.event(fields)

        #expect(ClusterEvent(json: event.json) == event)
    }

    @Test("JSON of other writers is read: spaces, escapes and null")
    func foreignJSON() {
        let json = #"""
             { "event" : "tenant.acquired", "time":"2025-11-21T04:42:11.123Z" , "cluster":"default",
               "node":"node\u002d1", "gone": null, "face": "\ud83e\udded\/\b\f" }
            """#

        #expect(ClusterEvent(json: json) == self.event([.init("face", .string("\u{1F9ED}/\u{8}\u{C}"))]))
    }

    @Test(
        "A text that is no event is refused",
        arguments: [
            "", "{", "{}", "[]", "null", #"{"event":"x"}"#,
            #"{"event":"x","time":"soon","cluster":"c","node":"n"}"#,
            #"{"event":"x","time":"2025-11-21T04:42:11.123Z","cluster":"c","node":"n"} more"#,
            #"{"event":"x","time":"2025-11-21T04:42:11.123Z","cluster":"c","node":"n",}"#,
            #"{"event":"x","time":"2025-11-21T04:42:11.123Z","cluster":"c","node":"n","f":[1]}"#,
            #"{"event":"x","time":"2025-11-21T04:42:11.123Z","cluster":"c","node":"n","f":"\ud83e"}"#,
            #"{"event":"x","time":"2025-11-21T04:42:11.123Z","cluster":"c","node":"n","f":"\x"}"#,
            #"{"event":"x","time":"2025-11-21T04:42:11.123Z","cluster":"c","node":"n","f":1-2}"#,
        ]
    )
    func refused(json: String) {
        #expect(ClusterEvent(json: json) == nil)
    }

    @Test("The readable line has time, name, node and the fields, quoted only where it is needed")
    func text() {
        let event = self.event([
            .init("tenant", .string("acme")), .init("gap_ms", .number(3.5)), .init("reason", .string("two words")),
            .init("none", .string("")),
        ])

        #expect(
            event.text == #"2025-11-21T04:42:11.123Z tenant.acquired node-1 tenant=acme gap_ms=3.5 "#
                + #"reason="two words" none="""#
        )
    }

    @Test("A line break in a field does not break the line")
    func lineBreak() {
        #expect(!self.event([.init("error", .string("a\nb"))]).text.contains("\n"))
    }
}

@Suite("UTCTimestamp")
struct UTCTimestampTests {
    @Test(
        "Instants are written to the millisecond, rounded down",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (999, "1970-01-01T00:00:00.000Z"), (1_000, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z"),
            (253_402_300_799_999_000, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)]
    )
    func writes(microseconds: Int64, text: String) {
        #expect(UTCTimestamp.text(microseconds: microseconds) == text)
        #expect(UTCTimestamp.microseconds(of: text) == (microseconds - (microseconds % 1_000 + 1_000) % 1_000))
    }

    @Test(
        "Other forms are refused",
        arguments: [
            "", "2025-11-21", "2025-11-21T04:42:11Z", "2025-11-21T04:42:11.123+00:00", "2025-11-21 04:42:11.123Z",
            "2025-11-21T04:42:11.12xZ", "２025-11-21T04:42:11.123Z",
        ]
    )
    func refuses(text: String) {
        #expect(UTCTimestamp.microseconds(of: text) == nil)
    }
}
