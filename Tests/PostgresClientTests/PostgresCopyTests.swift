import IOReactor
import PostgresClient
import TestSupport
import Testing

@Suite("PostgresConnection: COPY", .needsPostgres, .timeLimit(.minutes(1)))
struct PostgresCopyTests {
    private struct Refusal: Error {}

    @Test("100,000 rows go in and come out again")
    func roundTrip() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8, name text)")

            let written = try await connection.copyIn("COPY t FROM STDIN", deadline: .soon) { writer in
                for start in stride(from: 0, to: 100_000, by: 1000) {
                    var chunk = ""
                    for id in start..<(start + 1000) { chunk += "\(id)\tname \(id)\n" }
                    try await writer.write(chunk)
                }
            }
            var bytes: [UInt8] = []
            let read = try await connection.copyOut("COPY t TO STDOUT", deadline: .soon) { bytes += $0 }

            #expect(written == 100_000)
            #expect(read == 100_000)
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            #expect(lines.count == 100_000)
            #expect(lines.last.map { String(decoding: $0, as: UTF8.self) } == "99999\tname 99999")
            #expect(try await connection.run("SELECT count(*) FROM t").single().int(0) == 100_000)
        }
    }

    @Test("A slow reader holds the server back and still gets everything")
    func slowReader() async throws {
        try await withConnection { connection in
            var byteCount = 0
            let command = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 30000)) TO STDOUT"
            let rows = try await connection.copyOut(command, deadline: .soon) { chunk in
                byteCount += chunk.count
                if byteCount < 5 << 20 { try await ContinuousClock().sleep(for: .milliseconds(20)) }
            }

            #expect(rows == 30_000)
            #expect(byteCount == 30_000 * 1001)
        }
    }

    @Test("A writer that gives up leaves nothing behind, and the connection goes on")
    func abortedWriter() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8)")

            await #expect(throws: Refusal.self) {
                _ = try await connection.copyIn("COPY t FROM STDIN", deadline: .soon) { writer in
                    try await writer.write("1\n2\n")
                    throw Refusal()
                }
            }

            #expect(try await connection.run("SELECT count(*) FROM t").single().int(0) == 0)
        }
    }

    @Test("A reader that gives up cancels the command, and the connection goes on")
    func abortedReader() async throws {
        try await withConnection { connection in
            await #expect(throws: Refusal.self) {
                let command = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 300000)) TO STDOUT"
                _ = try await connection.copyOut(command, deadline: .soon) { _ in throw Refusal() }
            }

            let answer = try await connection.run("SELECT 1").single().int(0)
            #expect(answer == 1)
        }
    }

    @Test("Data that the server refuses are an error of the server")
    func malformedData() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8)")

            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.copyIn("COPY t FROM STDIN", deadline: .soon) { try await $0.write("one\n") }
            }

            #expect(error?.code == .server)
            let answer = try await connection.run("SELECT 1").single().int(0)
            #expect(answer == 1)
        }
    }

    @Test("A command that is no COPY, or fails, throws before any data are asked for")
    func noCopy() async throws {
        try await withConnection { connection in
            for command in ["SELECT 1", "COPY no_such_table FROM STDIN"] {
                await #expect(throws: PostgresError.self) {
                    _ = try await connection.copyIn(command, deadline: .soon) { _ in Issue.record("data were asked for")
                    }
                }
            }

            let answer = try await connection.run("SELECT 1").single().int(0)
            #expect(answer == 1)
        }
    }

    @Test("A connection that is lost ends a COPY")
    func lostConnection() async throws {
        try await withDatabase { database in
            let admin = try await database.connect()
            let connection = try await database.connect()
            let processID = await connection.serverProcessID
            _ = try await connection.run("CREATE TABLE t (id int8)")

            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.copyIn("COPY t FROM STDIN", deadline: .soon) { writer in
                    try await writer.write("1\n")
                    _ = try await admin.query(
                        .unnamed("SELECT pg_terminate_backend($1::int, 5000)"),
                        .int(processID),
                        deadline: .soon
                    )
                    while true { try await writer.write([UInt8](repeating: UInt8(ascii: "1"), count: 1 << 16) + [10]) }
                }
            }

            #expect(error != nil)
            #expect(await !connection.isOpen)
            #expect(try await admin.run("SELECT count(*) FROM t").single().int(0) == 0)
            await admin.close()
        }
    }
}
