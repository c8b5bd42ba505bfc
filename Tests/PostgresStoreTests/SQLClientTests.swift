import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("SQL functions for users", .needsPostgres, .timeLimit(.minutes(1)))
struct SQLClientTests {
    @Test("A wrong argument raises an error with a hint")
    func wrongArguments() async throws {
        let calls = [
            "enqueue(NULL)", "enqueue('')", "enqueue('two words')", "enqueue('t', NULL)",
            "enqueue('t', priority => 10)",
            "enqueue('t', max_attempts => 0)", "enqueue('t', timeout => '0')", "enqueue('t', unique_key => '')",
            "enqueue('t', ordering_key => repeat('k', 201))",
            "enqueue('t', backoff_base => '2 s', backoff_max => '1 s')",
            "receive('', 'm', 't')", "receive('s', NULL, 't')", "schedule_timer('t', NULL)",
            "schedule_timer('t', 'infinity')", "schedule_job('', 't', '@daily')", "schedule_job('j', 't')",
            "schedule_job('j', 't', '@daily', every => '1 h')", "schedule_job('j', 't', every => '1 month')",
            "schedule_job('j', 't', every => '10 ms')", "schedule_job('j', 't', '@daily', time_zone => 'Mars/Base')",
            "schedule_job('j', 't', '@daily', misfire => 'x')", "schedule_job('j', 't', '@daily', overlap => 'x')",
            "schedule_job('j', 't', '@daily', dst_gap => 'x')", "schedule_job('j', 't', '@daily', misfire_bound => 0)",
            "schedule_job('j', 't', '@daily', starts_at => '2030-01-02', ends_at => '2030-01-01')",
            "pause_job('unknown')", "resume_job('unknown')", "trigger_job(NULL)", "delete_job('unknown')",
            "retry_dead_letter(1)",
        ]
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                for call in calls {
                    let error = await #expect(throws: PostgresError.self, "\(call)") {
                        try await connections[0].run("SELECT \(call)")
                    }
                    #expect(error?.hint?.isEmpty == false, "\(call)")
                    #expect(
                        ["22023", "22004", "P0002"].contains(error?.sqlState?.rawValue),
                        "\(call): \(error as Any)"
                    )
                }
                let count = try await connections[0].value("SELECT count(*) FROM work")
                #expect(count == "0")
            }
        }
    }

    @Test("Cron expressions are checked field by field")
    func cron() async throws {
        let valid = [
            "* * * * *", "*/5 * * * *", "0 0 1 1 *", "5,10-20/2,59 * * * *", "5/15 * * * *", "0 22-2 * * *",
            "0 0 ? * FRI-MON", "0 0 * jan-MAR Sun", "0 0 L * *", "0 0 L-3 * *", "0 0 LW * *", "0 0 l-30w * *",
            "0 0 15W * *",
            "0 0 * * FRIL", "0 0 * * 5L", "0 0 * * MON#2", "0 0 * * 7", "*/10 * * * * *", "@daily", "@EVERY_SECOND",
            "  0  0 \t * * * ",
        ]
        let invalid = [
            ("", "fields"), ("* * * *", "fields"), ("* * * * * * *", "fields"), ("60 * * * *", "minute"),
            ("* 24 * * *", "hour"), ("* * 0 * *", "day of month"), ("* * 32 * *", "day of month"),
            ("* * * 13 *", "month"),
            ("* * * * 8", "day of week"), ("* * * FOO *", "month"), ("* * * * MONDAY", "day of week"),
            ("*/0 * * * *", "minute"), ("*/60 * * * *", "minute"), ("1, * * * *", "minute"), ("*,1 * * * *", "minute"),
            ("1-2-3 * * * *", "minute"), ("* * L-31 * *", "day of month"), ("* * 1,L * *", "day of month"),
            ("* * 1W,2 * *", "day of month"), ("* * * * 1#6", "day of week"), ("* * * * L", "day of week"),
            ("100 * * * *", "minute"), ("60 * * * * *", "second"), ("@fortnightly", "macro"), ("@daily 1", "macro"),
        ]
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                for expression in valid {
                    try await connections[0].run("SELECT check_cron('\(expression)')")
                }
                for (expression, field) in invalid {
                    let error = await #expect(throws: PostgresError.self, "\(expression)") {
                        try await connections[0].run("SELECT check_cron('\(expression)')")
                    }
                    #expect(error?.message.contains(field) == true, "\(expression): \(error?.message ?? "")")
                }
            }
        }
    }

    @Test("A unique key gives the ID of the live row, and a new one once that has ended")
    func uniqueKey() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (user, other) = (connections[0], connections[1])
                let enqueue = "SELECT enqueue('t', unique_key => 'k')"
                let first = try await user.text(enqueue)
                #expect(try await user.value(enqueue) == first)
                #expect(try await user.value("SELECT cancel(\(first))") == "t")
                let second = try await user.text(enqueue)
                #expect(second != first)

                // A concurrent one waits for the other's end, and takes what that left.
                try await user.run("SELECT cancel(\(second))")
                let process = try await other.processID()
                try await user.run("BEGIN")
                let third = try await user.text(enqueue)
                async let concurrent = other.value(enqueue)
                try await user.waitUntilBlockedElsewhere(process, database)
                try await user.run("COMMIT")
                #expect(try await concurrent == third)
            }
        }
    }

    @Test("A message is received once for each source and ID")
    func receiving() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                let first = try await user.text(
                    "SELECT receive('shop', 'm1', 'order', '{\"n\": 1}', correlation_id => 'c')"
                )
                #expect(try await user.value("SELECT receive('shop', 'm1', 'order', '{\"n\":1}')") == nil)
                #expect(try await user.value("SELECT receive('mail', 'm1', 'order')") != nil)
                let rows = try await user.run("SELECT id, kind, payload, correlation_id FROM work ORDER BY id")
                #expect(rows.first == [first, "inbox", "{\"n\": 1}", "c"])
                #expect(rows.count == 2)
                #expect(try await user.value("SELECT work_id FROM inbox WHERE source = 'shop'") == first)
            }
        }
    }

    @Test("Row 83: a known message with another payload is an error, unless that is to be ignored")
    func changedMessage() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                try await user.run("SELECT receive('shop', 'm1', 'order', '{\"n\": 1, \"m\": 2}')")
                // The same value in another notation is the same payload.
                #expect(try await user.value("SELECT receive('shop', 'm1', 'order', '{\"m\":2,\"n\":1}')") == nil)
                #expect(try await user.failure("SELECT receive('shop', 'm1', 'order', '{\"n\": 2}')") == "23505")
                let ignoring = "SELECT receive('shop', 'm1', 'order', '{\"n\": 2}', if_changed => 'ignore')"
                #expect(try await user.value(ignoring) == nil)
                #expect(try await user.failure("SELECT receive('s', 'm', 'order', if_changed => 'hope')") == "22023")
                #expect(try await user.value("SELECT count(*) || ' ' || max(payload->>'n') FROM work") == "1 1")
            }
        }
    }

    @Test("What a transaction enqueued is gone with it")
    func rollback() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                try await user.run("BEGIN")
                try await user.run("SELECT enqueue('t'), receive('s', 'm', 't'), schedule_job('j', 't', '@daily')")
                try await user.run("ROLLBACK")

                let left =
                    "SELECT (SELECT count(*) FROM work) + (SELECT count(*) FROM inbox) + (SELECT count(*) FROM jobs)"
                #expect(try await user.value(left) == "0")
            }
        }
    }

    @Test("A timer can be cancelled until it runs, other work only by cancel")
    func cancelling() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                let timer = try await user.text("SELECT schedule_timer('t', now() + interval '1 hour')")
                let message = try await user.text("SELECT enqueue('t')")
                #expect(try await user.value("SELECT cancel_timer(\(message))") == "f")
                #expect(try await user.value("SELECT cancel_timer(\(timer))") == "t")
                #expect(try await user.value("SELECT cancel_timer(\(timer))") == "f")
                #expect(try await user.value("SELECT cancel(\(message))") == "t")
                #expect(
                    try await user.run("SELECT run_id, state FROM runs ORDER BY run_id") == [
                        [timer, "cancelled"], [message, "cancelled"],
                    ]
                )
            }
        }
    }
}

extension PostgresConnection {
    /// Waits until a server process waits for a lock, while this connection is inside a transaction.
    func waitUntilBlockedElsewhere(_ process: Int, _ database: StoreDatabase) async throws {
        try await database.withConnections(1) { try await $0[0].waitUntilBlocked(process) }
    }
}
