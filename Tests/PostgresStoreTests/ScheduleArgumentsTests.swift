import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("SQL: schedules", .needsPostgres, .timeLimit(.minutes(1)))
struct ScheduleArgumentsTests {
    @Test(
        "A wrong argument is refused, with a hint",
        arguments: [
            ("overlap => 'sometimes'", "22023"), ("overlap => NULL", "22023"), ("overlap_bound => 0", "22023"),
            ("overlap_bound => 10001", "22023"), ("overlap_bound => NULL", "22023"), ("calendar => 'none'", "P0002"),
            ("tags => '{two words}'", "22023"), ("tags => NULL", "22023"), ("tags => ARRAY[NULL]::text[]", "22023"),
            ("description => repeat('x', 1001)", "22023"), ("jitter => '-1 second'", "22023"),
        ]
    )
    func jobs(_ argument: String, _ state: String) async throws {
        try await self.expectRefusal("schedule_job('job', 'topic', '@daily', \(argument))", state)
    }

    @Test(
        "A wrong calendar is refused, with a hint",
        arguments: [
            ("put_calendar('two words', '{}')", "22023"), ("put_calendar(NULL, '{}')", "22023"),
            ("put_calendar('c', NULL)", "22023"), ("put_calendar('c', '{2026-02-29}')", "22023"),
            ("put_calendar('c', '{2026-12-31..2026-12-24}')", "22023"), ("put_calendar('c', '{12-32}')", "22023"),
            ("put_calendar('c', '{SATURDAY}')", "22023"), ("put_calendar('c', ARRAY[NULL]::text[])", "22023"),
            ("put_calendar('c', '{SUN,MON,TUE,WED,THU,FRI,SAT}')", "22023"),
            ("put_calendar('c', '{}', 'EST')", "22023"), ("delete_calendar('none')", "P0002"),
        ]
    )
    func calendars(_ call: String, _ state: String) async throws {
        try await self.expectRefusal(call, state)
    }

    private func expectRefusal(_ call: String, _ state: String) async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let error = await #expect(throws: PostgresError.self) { try await connections[0].run("SELECT \(call)") }
                #expect(error?.sqlState?.rawValue == state, "\(call): \(error?.message ?? "")")
                #expect(error?.hint?.isEmpty == false, "\(call)")
            }
        }
    }

    @Test("Entries of a calendar are kept in one form, and what a job names is not deleted, also not at the same time")
    func calendarInUse() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (first, second) = (connections[0], connections[1])
                try await first.run("SELECT put_calendar('c', '{sat, 2026-12-25, SAT,02-29}', 'Europe/Berlin')")
                #expect(try await first.text("SELECT excluded FROM calendars") == "{02-29,2026-12-25,SAT}")

                try await first.run("BEGIN")
                try await first.run("SELECT schedule_job('job', 'topic', '@daily', calendar => 'c')")
                let process = try await second.processID()
                async let deletion = second.failure("SELECT delete_calendar('c')")
                try await first.waitUntilBlocked(process)
                try await first.run("COMMIT")

                #expect(try await deletion == "23503")
                #expect(try await first.text("SELECT calendar FROM jobs") == "c")
            }
        }
    }

    @Test("The jitter in SQL is that of the nodes")
    func jitter() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                for (name, seconds, longest): (String, Int64, Int64) in [
                    ("job", 0, 60_000), ("job", 1_767_225_600, 60_000), ("näme", -5, 1),
                    ("x", 4_102_444_800, 86_400_000),
                ] {
                    let text = try await connections[0].text(
                        """
                        SELECT (extract(epoch FROM occurrence_jitter('\(name)', to_timestamp(\(seconds)), \(longest)))
                            * 1000000)::bigint
                        """
                    )
                    let delay = OccurrenceJitter.delay(
                        job: name,
                        occurrence: ServerTime(microseconds: seconds * 1_000_000),
                        longestMilliseconds: longest
                    )
                    #expect(Int64(text).map { .microseconds($0) } == delay, "\(name) \(seconds)")
                    #expect(delay <= .milliseconds(longest))
                }
            }
        }
    }

    @Test("A backfill of a job whose occurrences cancel what runs is refused, also as a plan")
    func backfill() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            var request = JobRequest(name: "job", topic: "topic", schedule: .cron("@daily"))
            request.overlap = "cancel-running"
            _ = try await client.putJob(request)

            let error = await #expect(throws: RefusedRequest.self) {
                try await client.backfillJob("job", [ServerTime(microseconds: 0)], isPlan: true)
            }

            #expect(error?.hint?.contains("queue") == true)
        }
    }
}
