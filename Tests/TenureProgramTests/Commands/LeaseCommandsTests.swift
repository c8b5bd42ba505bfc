import Foundation
import TestSupport
import Testing

@testable import tenure

@Suite("Commands of leases", .needsPostgres, .timeLimit(.minutes(1)))
struct LeaseCommandsTests {
    /// Runs a body with a migrated tenant `acme`.
    private func withTenant(_ body: (TenantScene) async throws -> Void) async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")
            try await body(scene)
        }
    }

    @Test("A command runs under a lease, knows its token, and decides the exit status")
    func running() async throws {
        try await self.withTenant { scene in
            let script = "echo $TENURE_LEASE_NAME $TENURE_LEASE_TOKEN; exit 7"
            let first = try await scene.run("lease", "run", "x", "--tenant", "acme", "--", "sh", "-c", script)
            let second = try await scene.run("lease", "run", "x", "--tenant", "acme", "--", "sh", "-c", script)
            let missing = try await scene.run("lease", "run", "x", "--tenant", "acme", "--", "/no/such/program")
            // The inner one waits for what the outer one has.
            let inner = "'\(try ProgramRun.path(of: "tenure"))' lease run x --tenant acme --wait 2s -- true"
            let waiting = try await scene.run("lease", "run", "x", "--tenant", "acme", "--", "sh", "-c", inner)
            #expect(waiting.status == 1)
            #expect(waiting.errors.contains("Waiting for 'x'"))

            #expect(first.status == 7)
            #expect(first.output == "x 1")
            #expect(second.output == "x 2")
            #expect(missing.status == 127)
            #expect(try await scene.json([[String: Any]].self, "lease", "list", "--tenant", "acme").isEmpty)
        }
    }

    @Test("A lease is for one; it is listed, and who releases it ends the command of its holder")
    func losing() async throws {
        try await self.withTenant { scene in
            async let ended = scene.run(
                "lease",
                "run",
                "x",
                "--tenant",
                "acme",
                "--duration",
                "1s",
                "--",
                "sleep",
                "600"
            )
            var token: Int?
            try await Polling.wait(for: "the lease") {
                let leases = try await scene.json([[String: Any]].self, "lease", "list", "--tenant", "acme")
                token = leases.first?["token"] as? Int
                return token != nil
            }
            let other = try await scene.run("lease", "run", "x", "--tenant", "acme", "--", "echo", "never")
            let release = ["lease", "release", "x", "--token", "\(try #require(token))", "--tenant", "acme"]
            let released = try await ProgramRun.run(release, environment: scene.environment)
            let again = try await ProgramRun.run(release, environment: scene.environment)
            let waited = try await scene.run(
                "lease",
                "run",
                "x",
                "--tenant",
                "acme",
                "--wait",
                "30s",
                "--",
                "echo",
                "now"
            )

            #expect(other.status == 1)
            #expect(other.errors.contains("held by another"))
            #expect(other.output == "")
            #expect(released.status == 0)
            #expect(again.status == 1)
            #expect(waited.output == "now")
            let lost = try await ended
            #expect(lost.status == 1)
            #expect(lost.errors.contains("is lost"))
        }
    }

    @Test("With --cluster-wide the lease is in Redis", .needsRedis)
    func clusterWide() async throws {
        try await self.withTenant { scene in
            let run = try await scene.run(
                "lease",
                "run",
                "x",
                "--cluster-wide",
                "--",
                "sh",
                "-c",
                "echo $TENURE_LEASE_TOKEN"
            )

            #expect(run.status == 0)
            #expect(Int(run.output) ?? 0 > 1_700_000_000_000_000)
        }
    }

    @Test("With --permits as many run at a time; with several tenants all or none")
    func permitsAndTenants() async throws {
        try await self.withTenant { scene in
            let script = "echo $TENURE_LEASE_TOKEN$TENURE_LEASE_TOKENS"
            let program = try ProgramRun.path(of: "tenure")
            func nested(_ depth: Int) -> [String] {
                let command = depth == 1 ? ["sh", "-c", script] : [program] + nested(depth - 1)
                return ["lease", "run", "s", "--tenant", "acme", "--permits", "2", "--"] + command
            }
            let two = try await ProgramRun.run(nested(2), environment: scene.environment)
            let three = try await ProgramRun.run(nested(3), environment: scene.environment)
            #expect(two.status == 0, "\(two.errors)")
            #expect(two.output == "2")
            #expect(three.status == 1)

            _ = try await scene.run("tenants", "add", "globex", "--connection", scene.url, "--schema", "globex")
            _ = try await scene.run("tenants", "migrate", "globex")
            let tenants = ["--tenant", "globex", "--tenant", "acme"]
            let together = try await ProgramRun.run(
                ["lease", "run", "x"] + tenants + ["--", "sh", "-c", script],
                environment: scene.environment
            )
            #expect(together.status == 0, "\(together.errors)")
            #expect(together.output.hasPrefix("acme=") && together.output.hasSuffix(" globex=1"), "\(together.output)")
            let inner = ["lease", "run", "x"] + tenants + ["--", "true"]
            let taken = try await ProgramRun.run(
                ["lease", "run", "x", "--tenant", "globex", "--", program] + inner,
                environment: scene.environment
            )
            #expect(taken.status == 1)
            #expect(try await scene.json([[String: Any]].self, "lease", "list", "--tenant", "acme").isEmpty)
        }
    }

    @Test(
        "A command line that makes no sense is refused",
        arguments: [
            ["x", "--", "true"], ["x", "--tenant", "acme", "--cluster-wide", "--", "true"], ["x", "--cluster-wide"],
            ["x", "--tenant", "a", "--tenant", "b", "--permits", "2", "--", "true"],
            ["x", "--cluster-wide", "--permits", "2", "--", "true"],
            ["x", "--tenant", "a", "--permits", "0", "--", "true"],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        #expect(try await ProgramRun.run(["lease", "run"] + arguments).status == 64)
    }
}
