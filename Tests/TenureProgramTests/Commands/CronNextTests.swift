import Testing

@Suite("tenure cron next", .timeLimit(.minutes(1)))
struct CronNextTests {
    private func next(_ arguments: String...) async throws -> ProgramRun {
        try await ProgramRun.run(["cron", "next"] + arguments)
    }

    @Test("Prints fire times with their offset, one a line")
    func fireTimes() async throws {
        let run = try await self.next(
            "30 2 * * *",
            "--time-zone",
            "Europe/Berlin",
            "--from",
            "2026-03-28",
            "--count",
            "3"
        )

        #expect(run.lines == ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"])
        #expect(run.status == 0)
    }

    @Test("Five from now, in UTC, unless told otherwise")
    func defaults() async throws {
        let run = try await self.next("* * * * * *")

        #expect(run.lines.count == 5)
        #expect(run.lines.allSatisfy { $0.hasSuffix("+00:00") })
    }

    @Test("The start itself counts only when asked for")
    func inclusive() async throws {
        let from = ["0 0 * * *", "--from", "2026-01-01T00:00:00Z", "--count", "1"]

        #expect(try await ProgramRun.run(["cron", "next"] + from).lines == ["2026-01-02T00:00:00+00:00"])
        #expect(
            try await ProgramRun.run(["cron", "next", "--inclusive"] + from).lines == ["2026-01-01T00:00:00+00:00"]
        )
    }

    @Test("An expression that never fires is a negative answer")
    func never() async throws {
        let run = try await self.next("0 0 30 2 *")

        #expect(run.status == 1)
        #expect(run.lines.isEmpty)
    }

    @Test("An invalid expression names the faulty field")
    func invalid() async throws {
        let run = try await self.next("0 25 * * *")

        #expect(run.status == 64)
        #expect(run.errors.contains("hour"))
        #expect(run.lines.isEmpty)
    }

    @Test(
        "An unknown zone, and a time that is none, are wrong usage",
        arguments: [["--time-zone", "EST"], ["--from", "soon"]]
    )
    func wrongOptions(options: [String]) async throws {
        #expect(try await ProgramRun.run(["cron", "next", "* * * * *"] + options).status == 64)
    }

    @Test("JSON output is one array")
    func json() async throws {
        let run = try await self.next("@daily", "--from", "2026-01-01", "--count", "2", "--output", "json")

        #expect(try run.json([String].self) == ["2026-01-02T00:00:00+00:00", "2026-01-03T00:00:00+00:00"])
    }
}
