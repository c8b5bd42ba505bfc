import Foundation
import PostgresClient
import TestSupport
import Testing

@testable import tenure

/// Migrating many, carrying jobs over, backfilling: against a real Postgres, without any node.
@Suite("Commands about the life of tenants", .timeLimit(.minutes(1)), .needsPostgres, .needsRedis)
struct TenantLifecycleTests {
    /// Runs a body with migrated tenants in schemas of their own.
    private func withTenants(_ names: [String], _ body: (TenantScene) async throws -> Void) async throws {
        try await TenantScene.run { scene in
            for name in names {
                _ = try await scene.run("tenants", "add", name, "--connection", scene.url, "--schema", name)
            }
            _ = try await scene.run("tenants", "migrate", "--all")
            try await body(scene)
        }
    }

    private func put(_ name: String, in tenant: String, _ scene: TenantScene, _ arguments: String...) async throws {
        let command = ["jobs", "put", name, "--tenant", tenant, "--topic", "t.\(name)"]
        let run = try await ProgramRun.run(command + arguments, environment: scene.environment)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test("Drift is reported; a tenant that cannot be reached fails alone, and the next call does what is left")
    func migrating() async throws {
        try await TenantScene.run { scene in
            for name in ["a", "b"] {
                _ = try await scene.run("tenants", "add", name, "--connection", scene.url, "--schema", name)
            }
            _ = try await scene.run("tenants", "add", "c", "--connection", "postgresql://127.0.0.1:1/none")
            let check = ["tenants", "migrate", "--check", "--output", "json"]
            let before = try await ProgramRun.run(check, environment: scene.environment)
            #expect(before.status == 1)
            #expect(
                try before.json([[String: Any]].self).map { $0["state"] as? String } == [
                    "missing", "missing", "unreadable",
                ]
            )

            let canary = try await scene.run("tenants", "migrate", "--all", "--canary", "c", "--output", "json")
            #expect(canary.status == 1)
            #expect(
                try canary.json([[String: Any]].self).map { $0["state"] as? String } == [
                    "untried", "untried", "failed",
                ]
            )
            let first = try await scene.run("tenants", "migrate", "--all", "--output", "json")
            #expect(first.status == 1)
            let rows = try first.json([[String: Any]].self)
            #expect(rows.map { $0["state"] as? String } == ["migrated", "migrated", "failed"])
            #expect((rows[2]["error"] as? String)?.isEmpty == false)
            #expect(first.errors.contains("[3/3]"))
            #expect(first.errors.contains("1 of 3 tenants are not up to date"))

            _ = try await scene.run("tenants", "remove", "c")
            let second = try await scene.json([[String: Any]].self, "tenants", "migrate", "--all")
            #expect(second.map { $0["state"] as? String } == ["current", "current"])
            #expect(try await scene.run("tenants", "migrate", "a", "b", "--check").status == 0)
            #expect(try await scene.run("tenants", "migrate", "a", "--canary", "b").status == 64)
            #expect(try await scene.run("tenants", "migrate", "--all", "--concurrency", "0").status == 64)
        }
    }

    @Test("Jobs and work go from one tenant to another and back unchanged")
    func transferring() async throws {
        try await self.withTenants(["a", "b"]) { scene in
            try await self.put(
                "nightly",
                in: "a",
                scene,
                "--cron",
                "30 2 * * *",
                "--time-zone",
                "Europe/Berlin",
                "--payload",
                #"{"n": 12345678901234567890.123}"#,
                "--misfire",
                "all",
                "--misfire-grace",
                "5s",
                "--misfire-bound",
                "7",
                "--overlap",
                "queue",
                "--jitter",
                "3s",
                "--starts-at",
                "2026-01-01T00:00:00.000001Z",
                "--dst-gap",
                "skip",
                "--dst-overlap",
                "both",
                "--priority=-2",
                "--max-attempts",
                "9",
                "--timeout",
                "90s"
            )
            try await self.put("poll", in: "a", scene, "--every", "1500ms")
            try await self.put("other", in: "b", scene, "--every", "1h")
            _ = try await scene.run("jobs", "pause", "poll", "--tenant", "a")
            let enqueue = ["outbox", "enqueue", "--tenant", "a", "--topic", "x", "--ordering-key", "k"]
            for _ in 0..<2 { _ = try await ProgramRun.run(enqueue, environment: scene.environment) }
            let timer = ["timers", "add", "--tenant", "a", "--topic", "y", "--in", "1h", "--unique-key", "u"]
            _ = try await ProgramRun.run(timer, environment: scene.environment)
            let file = FileManager.default.temporaryDirectory.appending(path: "\(scene.name).json").path
            defer { try? FileManager.default.removeItem(atPath: file) }

            #expect(try await scene.run("tenants", "export", "a", "--work", "--file", file).status == 0)
            let rehearsal = try await scene.json(
                [String: Any].self,
                "tenants",
                "import",
                "b",
                "--file",
                file,
                "--dry-run"
            )
            #expect(rehearsal["added"] as? Int == 2 && rehearsal["work_added"] as? Int == 3)
            #expect(try await scene.json([[String: Any]].self, "jobs", "list", "--tenant", "b").count == 1)

            let first = try await scene.json([String: Any].self, "tenants", "import", "b", "--file", file)
            let again = try await scene.json([String: Any].self, "tenants", "import", "b", "--file", file)
            let home = try await scene.json([String: Any].self, "tenants", "import", "a", "--file", file)

            #expect(first["added"] as? Int == 2 && first["work_added"] as? Int == 3)
            for report in [again, home] {
                #expect(report["added"] as? Int == 0 && report["changed"] as? Int == 0)
                #expect(report["unchanged"] as? Int == 2)
                #expect(report["work_added"] as? Int == 0 && report["work_present"] as? Int == 3)
            }
            let outward = try await scene.run("tenants", "export", "a", "--work").output
            _ = try await scene.run("jobs", "delete", "other", "--tenant", "b")
            let copy = try await scene.run("tenants", "export", "b", "--work").output
            #expect(outward.replacing(#""tenant" : "a""#, with: #""tenant" : "b""#) == copy)
            #expect(copy.contains("12345678901234567890.123"))
            #expect(copy.contains(#""starts_at" : "2026-01-01T00:00:00.000001Z""#))
            _ = try await scene.run("jobs", "resume", "poll", "--tenant", "b")
            let resumed = try await scene.json([String: Any].self, "tenants", "import", "b", "--file", file)
            #expect(resumed["changed"] as? Int == 1, "the pause is part of it")
        }
    }

    @Test(
        "A file that cannot be imported is refused with the place, and nothing is changed",
        arguments: [
            (#"{"format": "tenure.tenant", "version": 2, "jobs": []}"#, "version: 2 cannot be read"),
            (#"{"format": "other", "version": 1, "jobs": []}"#, "format: 'other'"),
            (#"{"version": 1}"#, "format: it is missing"),
            (#"{"format": "tenure.tenant", "version": 1}"#, "jobs: it is missing"),
            (#"{"format": "tenure.tenant", "version": 1, "jobs": [] "#, "it is no JSON: "),
            (#"{"format": "tenure.tenant", "version": one}"#, "around character"),
            (Self.file(#"{"name": "n", "topic": "t"}"#), "jobs[1]: a job has either 'cron' or 'every_us'"),
            (Self.file(#"{"name": 1, "topic": "t", "cron": "@daily"}"#), "jobs[1].name: it is no text"),
            (
                Self.file(#"{"name": "n", "topic": "t", "cron": "@daily", "zone": "UTC"}"#),
                "jobs[1].zone: the key is not"
            ),
            (
                Self.file(#"{"name": "n", "topic": "t", "cron": "@daily", "misfire": "x"}"#),
                "jobs[1].misfire: 'x' is none"
            ),
            (
                Self.file(#"{"name": "n", "topic": "t", "cron": "@daily", "ends_at": "x"}"#),
                "jobs[1].ends_at: 'x' is no"
            ),
            (Self.file(#"{"name": "n", "topic": "t", "cron": "61 * * * *"}"#), "jobs[1] 'n': "),
            (Self.file(#"{"name": "n", "topic": "no topic", "cron": "@daily"}"#), "jobs[1] 'n': the topic"),
            (Self.file(#"{"name": "first", "topic": "t", "cron": "@daily"}"#), "two jobs of this name"),
        ]
    )
    func malformed(text: String, place: String) async throws {
        try await self.withTenants(["a"]) { scene in
            let file = FileManager.default.temporaryDirectory.appending(path: "\(scene.name).json").path
            defer { try? FileManager.default.removeItem(atPath: file) }
            try Data(text.utf8).write(to: URL(filePath: file))

            let run = try await scene.run("tenants", "import", "a", "--file", file)

            #expect(run.status == 64)
            #expect(run.errors.contains(place), "\(run.errors)")
            #expect(try await scene.json([[String: Any]].self, "jobs", "list", "--tenant", "a").isEmpty)
        }
    }

    private static func file(_ job: String) -> String {
        let first = #"{"name": "first", "topic": "t", "every_us": 1000000}"#
        return #"{"format": "tenure.tenant", "version": 1, "jobs": [\#(first), \#(job)]}"#
    }

    @Test("A backfill is planned, bounded, obeys the zone, and enqueues each occurrence once")
    func backfilling() async throws {
        try await self.withTenants(["a"]) { scene in
            try await self.put(
                "nightly",
                in: "a",
                scene,
                "--cron",
                "30 2 * * *",
                "--time-zone",
                "Europe/Berlin",
                "--dst-gap",
                "skip"
            )
            let command = [
                "jobs", "backfill", "nightly", "--tenant", "a", "--from", "2026-03-28T01:30:00Z", "--to",
                "2026-03-31T00:30:00Z",
            ]
            let plan = try await ProgramRun.run(command + ["--plan"], environment: scene.environment)
            #expect(
                plan.lines == [
                    "2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00",
                ]
            )
            #expect(plan.errors.contains("3 would be added, 0 present already, 0 left to the schedule"))
            let bounded = try await ProgramRun.run(command + ["--limit", "2"], environment: scene.environment)
            #expect(bounded.status == 64)
            #expect(bounded.errors.contains("raise the limit"))
            let json = command + ["--output", "json"]

            let first = try await ProgramRun.run(json, environment: scene.environment).json([String: Any].self)
            let second = try await ProgramRun.run(json, environment: scene.environment).json([String: Any].self)
            let future = try await scene.json(
                [String: Any].self,
                "jobs",
                "backfill",
                "nightly",
                "--tenant",
                "a",
                "--from",
                "2030-01-01T00:00:00Z",
                "--to",
                "2030-01-02T23:00:00Z"
            )

            #expect(first["added"] as? Int == 3 && first["present"] as? Int == 0)
            #expect(second["added"] as? Int == 0 && second["present"] as? Int == 3)
            #expect(future["added"] as? Int == 0 && future["upcoming"] as? Int == 2)
            let ids = (first["occurrences"] as? [[String: Any]])?.compactMap { $0["id"] as? Int }
            #expect(ids?.count == 3)
            // A month's worth: people get a summary, JSON everything.
            let many = ["jobs", "backfill", "nightly", "--tenant", "a", "--from", "2026-01-01", "--to", "2026-01-31"]
            let summary = try await ProgramRun.run(many, environment: scene.environment)
            #expect(summary.lines.count == 21)
            #expect(summary.lines.last?.contains("more: --output json") == true)
            #expect(
                try await scene.run(
                    "jobs",
                    "backfill",
                    "nope",
                    "--tenant",
                    "a",
                    "--from",
                    "2026-01-01",
                    "--to",
                    "2026-01-02"
                ).status == 1
            )
        }
    }

    @Test("Jobs are paused and resumed by topic and all at once")
    func pausing() async throws {
        try await self.withTenants(["a"]) { scene in
            for name in ["x", "y"] { try await self.put(name, in: "a", scene, "--every", "1h") }
            let byTopic = try await scene.json(
                [String: Any].self,
                "jobs",
                "pause",
                "--topic",
                "t.x",
                "--tenant",
                "a"
            )
            let all = try await scene.run("jobs", "pause", "--all", "--tenant", "a")
            let resumed = try await scene.json([String: Any].self, "jobs", "resume", "--all", "--tenant", "a")

            #expect(byTopic["changed"] as? Int == 1 && byTopic["matching"] as? Int == 1)
            #expect(all.output == "1 of 2 jobs are paused; the others were so already.")
            #expect(resumed["changed"] as? Int == 2)
            #expect(try await scene.run("jobs", "pause", "--topic", "none", "--tenant", "a").status == 1)
            #expect(try await scene.run("jobs", "pause", "--tenant", "a").status == 64)
            #expect(try await scene.run("jobs", "resume", "x", "--all", "--tenant", "a").status == 64)
        }
    }
}
