internal import ArgumentParser
internal import Cron
internal import Foundation

/// `tenure cron next`
struct CronNextCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Prints the next fire times of a cron expression, ISO 8601 with offset, one a line.",
        discussion: """
            An expression has five fields (minute, hour, day of month, month, day of week), six with seconds in \
            front, or is a macro such as @daily. Exits with status 1 when there is no fire time, and with status 64 \
            and the faulty field when the expression is invalid.

            Examples:
              tenure cron next "*/15 9-17 * * MON-FRI"
              tenure cron next "30 2 * * *" --time-zone Europe/Berlin --from 2026-03-28 --count 3
              tenure cron next "0 0 12 LW * ?" --output json
            """
    )

    @Argument(help: "The cron expression, quoted.")
    var expression: String

    @Option(
        help: ArgumentHelp(
            "Where to start: ISO 8601. Without an offset, in the time zone. Default: now.",
            valueName: "time"
        )
    )
    var from: String?

    @Option(help: ArgumentHelp("The zone whose wall clock counts: an IANA name.", valueName: "zone"))
    var timeZone = "UTC"

    @Option(help: ArgumentHelp("How many fire times, at most 100,000.", valueName: "n"))
    var count = 5

    @Flag(help: "Count a fire time at the start itself, too.")
    var inclusive = false

    @Option(help: "The form of what goes to standard output.")
    var output: OutputFormat = .text

    var results: Output { Output(format: self.output) }

    func validate() throws {
        guard (1...100_000).contains(self.count) else {
            throw ValidationError("--count is \(self.count): use 1 to 100,000.")
        }
    }

    func run() async throws {
        let zone: TimeZone
        let start: Date
        let times: [String]
        do {
            let expression = try CronExpression(self.expression)
            zone = try TimeZoneLookup.zone(named: self.timeZone)
            start = try self.from.map { text throws(ISO8601Error) in try ISO8601.date(from: text, in: zone) } ?? .now
            times = expression.occurrences(from: start, in: zone, inclusive: self.inclusive, limit: self.count)
                .map { ISO8601.string(from: $0, in: zone) }
        } catch let error as CronError {
            throw Failure(.usage, "invalid cron expression\n\(error.annotated)")
        } catch {
            throw Failure(.usage, "\(error)")
        }
        guard !times.isEmpty else {
            throw Failure(
                .failed,
                "\"\(self.expression)\" has no fire time after \(ISO8601.string(from: start, in: zone))",
                json: .array([])
            )
        }
        self.results.result(.array(times.map { .string($0) }), text: times)
    }
}
