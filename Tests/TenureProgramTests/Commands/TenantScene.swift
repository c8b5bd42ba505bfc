import Foundation
import IOReactor
import TestSupport
import Testing

@testable import tenure

/// A database of a test's own, which commands take for the registry; a tenant's schema can be there too.
struct TenantScene {
    let name = "program_\(UUID().uuidString.prefix(8).lowercased())"
    let url: String
    let environment: [String: String]
    let reactor = IOReactor(name: "tests")
    private let administrator: Database

    private init() async throws {
        let server = try Servers.requirePostgres()
        self.administrator = try await Database(server, reactor: self.reactor)
        try await self.administrator.execute("CREATE DATABASE \(self.name)")
        let slash = try #require(server.lastIndex(of: "/"))
        self.url = String(server[...slash]) + self.name
        self.environment = [
            "TENURE_REGISTRY_URL": self.url,
            "TENURE_REDIS_URL": try Servers.requireRedis(),
            "TENURE_CLUSTER": self.name,
        ]
    }

    /// Gives a body a scene, which is gone afterwards.
    static func run(_ body: (TenantScene) async throws -> Void) async throws {
        let scene = try await TenantScene()
        do {
            try await body(scene)
        } catch {
            try await scene.end()
            throw error
        }
        try await scene.end()
    }

    /// Runs a command to its end.
    func run(_ arguments: String...) async throws -> ProgramRun {
        try await ProgramRun.run(arguments, environment: self.environment)
    }

    /// Runs a command that succeeds and answers in JSON.
    func json<Value>(_ type: Value.Type = Value.self, _ arguments: String...) async throws -> Value {
        let run = try await ProgramRun.run(arguments + ["--output", "json"], environment: self.environment)
        #expect(run.status == 0, "\(run.errors)")
        return try run.json(Value.self)
    }

    private func end() async throws {
        try await self.administrator.query("DROP DATABASE \(self.name) WITH (FORCE)")
        await self.administrator.close()
        self.reactor.shutdown()
    }
}
