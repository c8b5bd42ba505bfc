import Foundation
import IOReactor
import PostgresClient
import TestSupport
import Testing

@Suite("PostgresConnection: queries", .needsPostgres, .timeLimit(.minutes(1)))
struct PostgresQueryTests {
    @Test("Every type of parameter comes back as it was given")
    func roundTrip() async throws {
        try await withConnection { connection in
            let uuid = UUID()
            let row = try await connection.query(
                PostgresStatement("types", "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9"),
                .int(-42),
                .text("schön 'x'"),
                .bool(true),
                .double(1.5),
                .bytes([0, 255, 7]),
                .timestamp(microseconds: 1_700_000_000_123_456),
                .uuid(uuid),
                .json(#"{"a": [1, null]}"#),
                .xid(UInt64(1) << 40),
                deadline: .soon
            ).single()

            #expect(try row.int(0) == -42)
            #expect(try row.string(1) == "schön 'x'")
            #expect(try row.bool(2))
            #expect(try row.double(3) == 1.5)
            #expect(try row.bytes(4) == [0, 255, 7])
            #expect(try row.microseconds(5) == 1_700_000_000_123_456)
            #expect(try row.uuid(6) == uuid)
            #expect(try row.string(7) == #"{"a": [1, null]}"#)
            #expect(try row.xid(8) == UInt64(1) << 40)
        }
    }

    @Test("NULLs of every type are NULL, and reading one as a value is an error")
    func nulls() async throws {
        try await withConnection { connection in
            let row = try await connection.query(
                .unnamed("SELECT $1, $2, $3, $4, $5, $6"),
                .int(nil as Int?),
                .text(nil),
                .bool(nil),
                .timestamp(microseconds: nil),
                .uuid(nil),
                .null(.jsonb),
                deadline: .soon
            ).single()

            #expect(try row.optionalInt(0) == nil)
            #expect(try row.optionalString(1) == nil)
            #expect(try row.optionalBool(2) == nil)
            #expect(try row.optionalMicroseconds(3) == nil)
            #expect(try row.optionalUUID(4) == nil)
            #expect(try row.isNull(5))
            let error = #expect(throws: PostgresError.self) { try row.int(0) }
            #expect(error?.code == .malformed)
        }
    }

    @Test("Empty text, bytes and arrays are not NULL")
    func empty() async throws {
        try await withConnection { connection in
            let row = try await connection.query(
                .unnamed("SELECT $1, $2, $3, $4"),
                .bytes([]),
                .ints([] as [Int]),
                .texts([] as [String]),
                .text(""),
                deadline: .soon
            ).single()

            #expect(try row.bytes(0) == [])
            #expect(try row.ints(1) == [])
            #expect(try row.strings(2) == [])
            #expect(try row.string(3) == "")
        }
    }

    @Test("Arrays come back as they were given, NULLs included")
    func arrays() async throws {
        try await withConnection { connection in
            let uuids = [UUID(), UUID()]
            let row = try await connection.query(
                .unnamed("SELECT $1, $2, $3, $4, $5, $6, $7::jsonb[], $8::int4[]"),
                .ints([1, -2, .max]),
                .doubles([0.5, -1]),
                .bools([true, false]),
                .texts(["a", nil, ""]),
                .timestamps(microseconds: [0, 1_700_000_000_000_001]),
                .uuids(uuids),
                .jsons([#"{"k": 1}"#, nil]),
                .ints([7, 8]),
                deadline: .soon
            ).single()

            #expect(try row.ints(0) == [1, -2, .max])
            #expect(try row.doubles(1) == [0.5, -1])
            #expect(try row.bools(2) == [true, false])
            #expect(try row.optionalStrings(3) == ["a", nil, ""])
            #expect(try row.microsecondsArray(4) == [0, 1_700_000_000_000_001])
            #expect(try row.uuids(5) == uuids)
            #expect(try row.optionalStrings(6) == [#"{"k": 1}"#, nil])
            #expect(try row.ints(7) == [7, 8])
            let error = #expect(throws: PostgresError.self) { try row.strings(3) }
            #expect(error?.code == .malformed)
        }
    }

    @Test("Integers of every width are read; another type or column is an error")
    func decoding() async throws {
        try await withConnection { connection in
            let rows = try await connection.run(
                "SELECT 1::int2, (-2)::int4, 3::int8, 4::oid, 2.5::float4, 'x'::name, 1::numeric"
            )
            let row = try rows.single()

            #expect(try (0..<4).map { try row.int($0) } == [1, -2, 3, 4])
            #expect(try row.double(4) == 2.5)
            #expect(try row.string(5) == "x")
            #expect(throws: PostgresError.self) { try row.int(6) }
            #expect(throws: PostgresError.self) { try row.string(0) }
            #expect(throws: PostgresError.self) { try row.int(7) }
            #expect(rows.columnNames == ["int2", "int4", "int8", "oid", "float4", "name", "numeric"])
        }
    }

    @Test("The infinities of timestamps are the ends of the range")
    func infinities() async throws {
        try await withConnection { connection in
            let row = try await connection.query(
                .unnamed("SELECT 'infinity'::timestamptz, '-infinity'::timestamptz, $1 = 'infinity'::timestamptz"),
                .timestamp(microseconds: .max),
                deadline: .soon
            ).single()

            #expect(try row.microseconds(0) == .max)
            #expect(try row.microseconds(1) == .min)
            #expect(try row.bool(2))
        }
    }

    @Test("In text format any column can be read as text")
    func textFormat() async throws {
        try await withConnection { connection in
            let rows = try await connection.query(
                .unnamed("SELECT 1.50::numeric, 42, '10.0.0.1'::inet, NULL::int", resultFormat: .text),
                deadline: .soon
            )
            let row = try rows.single()

            #expect(try (0..<3).map { try row.string($0) } == ["1.50", "42", "10.0.0.1"])
            #expect(try row.optionalString(3) == nil)
            #expect(throws: PostgresError.self) { try row.int(1) }
        }
    }

    @Test("The number of changed rows is told")
    func affected() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8 PRIMARY KEY)")

            let inserted = try await connection.query(
                .unnamed("INSERT INTO t SELECT unnest($1)"),
                .ints(Array(0..<1000)),
                deadline: .soon
            )
            let deleted = try await connection.run("DELETE FROM t WHERE id < 10")

            #expect(inserted.affected == 1000)
            #expect(deleted.affected == 10)
            #expect(deleted.isEmpty)
        }
    }

    @Test("An error of the server carries its fields, did not happen, and harms nothing that follows")
    func serverError() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8 CONSTRAINT t_key PRIMARY KEY)")
            _ = try await connection.run("INSERT INTO t VALUES (1)")

            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.query(
                    PostgresStatement("insert", "INSERT INTO t VALUES ($1)"),
                    .int(1),
                    deadline: .soon
                )
            }

            #expect(error?.code == .server)
            #expect(error?.outcome == .answered)
            #expect(error?.sqlState == .uniqueViolation)
            #expect(error?.constraint == "t_key")
            #expect(error?.operation == "insert")
            #expect(error.map { "\($0)" } == "insert: server [23505] (t_key)")
            #expect(try await connection.run("SELECT count(*) FROM t").single().int(0) == 1)
        }
    }

    @Test("A failing preparation is reported and can be repeated")
    func failedPreparation() async throws {
        try await withConnection { connection in
            let statement = PostgresStatement("select", "SELECT id FROM t")

            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.query(statement, deadline: .soon)
            }
            _ = try await connection.run("CREATE TABLE t (id int8)")
            let rows = try await connection.query(statement, deadline: .soon)

            #expect(error?.sqlState == .undefinedTable)
            #expect(rows.isEmpty)
        }
    }

    @Test("A named statement is parsed once, and again when its table has changed")
    func preparation() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8)")
            let statement = PostgresStatement("star", "SELECT * FROM t WHERE id > $1")
            for _ in 0..<5 { _ = try await connection.query(statement, .int(0), deadline: .soon) }
            let prepared = try await connection.run("SELECT generic_plans + custom_plans FROM pg_prepared_statements")
            _ = try await connection.run("ALTER TABLE t ADD COLUMN extra text")

            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.query(statement, .int(0), deadline: .soon)
            }
            let rows = try await connection.query(statement, .int(0), deadline: .soon)

            #expect(try prepared.single().int(0) == 5)
            #expect(error?.sqlState == .featureNotSupported)
            #expect(rows.columnNames == ["id", "extra"])
            #expect(try await connection.run("SELECT count(*) FROM pg_prepared_statements").single().int(0) == 1)
        }
    }

    @Test("A name that is used with other types or another text still runs what was asked for")
    func ambiguousName() async throws {
        try await withConnection { connection in
            let first = try await connection.query(PostgresStatement("n", "SELECT $1"), .int(1), deadline: .soon)
            let second = try await connection.query(PostgresStatement("n", "SELECT $1"), .text("x"), deadline: .soon)
            let third = try await connection.query(PostgresStatement("n", "SELECT 'other'"), deadline: .soon)

            #expect(try first.single().int(0) == 1)
            #expect(try second.single().string(0) == "x")
            #expect(try third.single().string(0) == "other")
        }
    }

    @Test("Large results and parameters pass")
    func large() async throws {
        try await withConnection { connection in
            let text = String(repeating: "0123456789abcdef", count: 1 << 18)

            let rows = try await connection.query(
                .unnamed("SELECT $1, length($1) FROM generate_series(1, 5)"),
                .text(text),
                deadline: .soon
            )

            #expect(rows.count == 5)
            #expect(try rows[4].string(0) == text)
            #expect(try rows[4].int(1) == text.utf8.count)
        }
    }

    @Test("A script of several commands is executed, or none of it")
    func script() async throws {
        try await withConnection { connection in
            try await connection.execute(
                script: "CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2); SELECT * FROM a;",
                deadline: .soon
            )
            let error = await #expect(throws: PostgresError.self) {
                try await connection.execute(script: "INSERT INTO a VALUES (3); SELECT 1/0; SELECT 2", deadline: .soon)
            }

            #expect(error?.sqlState == SQLState(rawValue: "22012"))
            #expect(try await connection.run("SELECT count(*) FROM a").single().int(0) == 2)
        }
    }

    @Test("Answers of concurrent callers reach their callers")
    func concurrentCallers() async throws {
        try await withConnection { connection in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in 0..<50 {
                    group.addTask {
                        for round in 0..<20 {
                            let value = task * 1000 + round
                            let statement = PostgresStatement("echo\(value % 3)", "SELECT $1 + \(value % 3)")
                            let rows = try await connection.query(statement, .int(value), deadline: .soon)
                            guard try rows.single().int(0) == value + value % 3 else { return false }
                        }
                        return true
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }
}
