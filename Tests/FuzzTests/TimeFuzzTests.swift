import Cron
import Foundation
import Testing

@Suite("Fuzzing of times and schedules", .timeLimit(.minutes(10)))
struct TimeFuzzTests {
    private static let crons = [
        "* * * * *", "*/5 * * * * *", "0 3 * * MON-FRI", "30 2 L * ?", "0 0 15W * *", "0 9 * * 5#3", "0 0 LW * *",
        "0 0 29 2 *", "@daily", "@hourly", "59 59 23 31 12 *", "0 0 1-7/2,15,L-3 JAN,MAR-DEC 1L", "0 0 ? * 7",
    ]

    @Test("Cron expressions are refused with a reason, or have ascending occurrences")
    func cron() throws {
        let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
        let start = Date(timeIntervalSince1970: 1_774_000_000)
        try Fuzz("cron").run(
            Self.crons,
            tokens: ["L", "W", "LW", "#", "?", "@", "/", "-", "*", "MON", "JAN", "60", "99"]
        ) {
            let expression: CronExpression
            do throws(CronError) {
                expression = try CronExpression($0)
            } catch {
                Fuzz.expectClear(error.description, about: $0)
                _ = error.annotated
                return false
            }
            var last = start
            for _ in 0..<3 {
                guard let next = expression.next(after: last, in: zone) else { break }
                #expect(next > last)
                #expect(expression.previous(before: next, in: zone, inclusive: true) == next)
                last = next
            }
            return true
        }
    }

    @Test("ISO 8601 is refused with a reason, or is what it says again")
    func iso8601() throws {
        let corpus = [
            "2026-03-29T02:30:00Z", "2026-03-29T02:30:00.123456+02:00", "2026-03-29", "2026-03-29T02:30",
            "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2026-03-29 02:30:00", "2026-W13-7",
            "20260329T023000Z",
        ]
        let zone = try #require(TimeZone(identifier: "UTC"))
        try Fuzz("iso8601").run(corpus, tokens: ["T", "Z", "+", "-", ":", ".", "24", "60", "13", "32"]) {
            let date: Date
            do throws(ISO8601Error) {
                date = try ISO8601.date(from: $0, in: zone)
            } catch {
                Fuzz.expectClear("\(error)", about: $0)
                return false
            }
            let again = try ISO8601.date(from: ISO8601.string(from: date, in: zone), in: zone)
            #expect(abs(again.timeIntervalSince(date)) < 1)
            return true
        }
    }
}
