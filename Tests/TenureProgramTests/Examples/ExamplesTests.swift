import Foundation
import TestSupport
import Testing

/// The programs under `examples/`, run as their pages say, with a Redis of their own and a database that is dropped.
@Suite("Examples", .timeLimit(.minutes(2)), .needsPrivateRedis, .needsPostgres)
struct ExamplesTests {
    private func withServers(_ body: ([String: String?]) async throws -> Void) async throws {
        let redis = try await PrivateRedis.start()
        try await TenantScene.run { scene in
            try await body(["REDIS_URL": redis.url, "POSTGRES_URL": scene.url])
        }
        try await redis.stop()
    }

    private func start(_ name: String, _ arguments: String..., in environment: [String: String?]) throws -> ChildProcess
    {
        try ChildProcess(path: try ProgramRun.path(of: name), arguments: arguments, environment: environment)
    }

    private func wait(for texts: [String], from process: ChildProcess) async throws {
        try await HelperThread.run {
            for text in texts { try process.waitForOutput(text, within: .seconds(30)) }
        }
    }

    /// How it ended, and everything that it printed.
    private func end(of process: ChildProcess) async throws -> (ChildProcess.Ending, String) {
        try await HelperThread.run {
            let ending = try process.waitForEnd(within: .seconds(30))
            try process.waitForOutputEnd()
            return (ending, process.output)
        }
    }

    @Test("three-nodes: one leads, each owns two tenants whose jobs run, and all leave in order")
    func threeNodes() async throws {
        try await self.withServers { environment in
            let first = try self.start("three-nodes", "node-1", in: environment)
            let tenants = (1...6).map { "tenant-\($0)" }
            try await self.wait(for: ["leader.elected"] + tenants.map { "\($0): tick" }, from: first)

            let others = try ["node-2", "node-3"].map { try self.start("three-nodes", $0, in: environment) }
            for other in others { try await self.wait(for: ["handover.completed", ": tick, run"], from: other) }

            for process in [first] + others {
                process.signal(SIGTERM)
                let (ending, output) = try await self.end(of: process)
                #expect(ending == .exited(0), "\(output)")
                #expect(output.contains("node.left"))
            }
        }
    }

    @Test("three-nodes says how it is used")
    func usage() async throws {
        let (ending, output) = try await self.end(of: self.start("three-nodes", in: [:]))

        #expect(ending == .exited(64))
        #expect(output.contains("usage: three-nodes NODE-ID"))
    }

    @Test("embedded runs, with its typed handlers, what enqueue hands over")
    func embeddedAndEnqueue() async throws {
        try await self.withServers { environment in
            let node = try self.start("embedded", in: environment)
            try await self.wait(for: ["tenant.opened"], from: node)

            let (ending, output) = try await self.end(of: self.start("enqueue", "acme", in: environment))
            #expect(ending == .exited(0), "\(output)")
            #expect(output.contains("invoice is work "))
            try await self.wait(
                for: ["acme: invoice 7 to a@example.org, key ", "acme: report of 2026-03, attempt 1"],
                from: node
            )

            let (stranger, message) = try await self.end(of: self.start("enqueue", "nobody", in: environment))
            #expect(stranger == .exited(1))
            #expect(message.contains("nobody"))

            node.signal(SIGTERM)
            let (nodeEnding, events) = try await self.end(of: node)
            #expect(nodeEnding == .exited(0), "\(events)")
            #expect(events.contains("tenant.released"))
        }
    }
}
