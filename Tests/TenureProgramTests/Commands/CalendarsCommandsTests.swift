import Foundation
import TestSupport
import Testing

@testable import tenure

@Suite("Commands about calendars, and jobs that name one", .timeLimit(.minutes(1)), .needsPostgres, .needsRedis)
struct CalendarsCommandsTests {
    private func withTenants(_ body: (TenantScene) async throws -> Void) async throws {
        try await TenantScene.run { scene in
            for name in ["a", "b"] {
                _ = try await scene.run("tenants", "add", name, "--connection", scene.url, "--schema", name)
            }
            _ = try await scene.run("tenants", "migrate", "--all")
            try await body(scene)
        }
    }

    private func put(_ scene: TenantScene, _ name: String, _ arguments: String...) async throws -> ProgramRun {
        let command = ["jobs", "put", name, "--tenant", "a", "--topic", "t"]
        return try await ProgramRun.run(command + arguments, environment: scene.environment)
    }

    @Test("A calendar is put, changed, listed, shown and, when no job uses it, deleted")
    func life() async throws {
        try await self.withTenants { scene in
            let put = ["calendars", "put", "days", "--tenant", "a", "--exclude", "SAT", "--exclude", "12-25"]
            let first = try await ProgramRun.run(put, environment: scene.environment)
            let same = try await ProgramRun.run(put, environment: scene.environment)
            let changed = try await ProgramRun.run(put + ["--time-zone", "Asia/Tokyo"], environment: scene.environment)
            #expect(try await self.put(scene, "job", "--cron", "@daily", "--calendar", "days").status == 0)

            let shown = try await scene.json([String: Any].self, "calendars", "show", "days", "--tenant", "a")
            let list = try await scene.json([[String: Any]].self, "calendars", "list", "--tenant", "a")
            let inUse = try await scene.run("calendars", "delete", "days", "--tenant", "a")
            _ = try await scene.run("jobs", "delete", "job", "--tenant", "a")
            let deleted = try await scene.run("calendars", "delete", "days", "--tenant", "a")
            let unknown = try await scene.run("calendars", "delete", "days", "--tenant", "a")

            #expect(first.output.contains("revision 1") && same.output.contains("revision 1"))
            #expect(changed.output.contains("revision 2"))
            #expect(shown["excluded"] as? [String] == ["12-25", "SAT"])
            #expect(shown["time_zone"] as? String == "Asia/Tokyo")
            #expect(shown["jobs"] as? [String] == ["job"])
            #expect(list.count == 1)
            #expect(inUse.status == 64 && inUse.errors.contains("in use by: job"))
            #expect(deleted.status == 0)
            #expect(unknown.status == 1)
            #expect(try await scene.run("calendars", "show", "days", "--tenant", "a").status == 1)
        }
    }

    @Test("What is wrong is refused: a date, a zone, a calendar that is not there, a bound, a tag")
    func refusals() async throws {
        try await self.withTenants { scene in
            let date = try await scene.run("calendars", "put", "d", "--tenant", "a", "--exclude", "2026-02-30")
            let zone = try await scene.run("calendars", "put", "d", "--tenant", "a", "--time-zone", "EST")
            let calendar = try await self.put(scene, "job", "--cron", "@daily", "--calendar", "none")
            let bound = try await self.put(scene, "job", "--cron", "@daily", "--overlap-bound", "0")
            let tag = try await self.put(scene, "job", "--cron", "@daily", "--tag", "two words")
            let policy = try await self.put(scene, "job", "--cron", "@daily", "--overlap", "sometimes")

            #expect(date.status == 64 && date.errors.contains("\"2026-02-30\""))
            #expect(zone.status == 64 && zone.errors.contains("EST"))
            #expect(calendar.status == 1 && calendar.errors.contains("there is no calendar 'none'"))
            #expect(bound.status == 64 && bound.errors.contains("overlap_bound 0"))
            #expect(tag.status == 64 && tag.errors.contains("tags"))
            #expect(policy.status == 64 && policy.errors.contains("cancel-running"))
        }
    }

    @Test("A preview and a backfill leave out the dates of the calendar, which cron next knows nothing of")
    func leavingOut() async throws {
        try await self.withTenants { scene in
            _ = try await scene.run("calendars", "put", "d", "--tenant", "a", "--exclude", "SAT", "--exclude", "SUN")
            _ = try await self.put(scene, "job", "--cron", "0 9 * * *", "--calendar", "d")
            let preview = [
                "jobs", "preview", "job", "--tenant", "a", "--from", "2030-01-04T00:00:00Z", "--count", "2",
            ]
            let backfill = [
                "jobs", "backfill", "job", "--tenant", "a", "--from", "2026-01-01T00:00:00Z", "--to",
                "2026-01-07T23:00:00Z",
            ]

            let found = try await ProgramRun.run(preview, environment: scene.environment)
            let plan = try await ProgramRun.run(backfill + ["--plan"], environment: scene.environment)
            let report = try await ProgramRun.run(backfill + ["--output", "json"], environment: scene.environment)
                .json([String: Any].self)
            let plain = try await scene.run(
                "cron",
                "next",
                "0 9 * * *",
                "--from",
                "2030-01-05T00:00:00Z",
                "--count",
                "1"
            )

            #expect(found.lines == ["2030-01-04T09:00:00+00:00", "2030-01-07T09:00:00+00:00"])
            #expect(plan.lines.count == 5)
            #expect(plan.errors.contains("2 on dates that the calendar leaves out"))
            #expect(report["added"] as? Int == 5 && report["excluded"] as? Int == 2)
            #expect(plain.lines == ["2030-01-05T09:00:00+00:00"])
            _ = try await self.put(scene, "job", "--cron", "0 9 * * *", "--overlap", "cancel-running")
            let refused = try await ProgramRun.run(backfill + ["--plan"], environment: scene.environment)
            #expect(refused.status == 64 && refused.errors.contains("cancels what runs"))
        }
    }

    @Test("Description, tags, bound and calendar are shown, listed by, and carried to another tenant")
    func carrying() async throws {
        try await self.withTenants { scene in
            _ = try await scene.run("calendars", "put", "d", "--tenant", "a", "--exclude", "2026-12-24..2026-12-31")
            _ = try await self.put(
                scene,
                "job",
                "--cron",
                "@daily",
                "--calendar",
                "d",
                "--overlap",
                "queue-one",
                "--overlap-bound",
                "7",
                "--description",
                "Closes the day.",
                "--tag",
                "erp",
                "--tag",
                "daily"
            )
            _ = try await self.put(scene, "other", "--cron", "@daily", "--tag", "erp")
            let file = FileManager.default.temporaryDirectory.appending(path: "\(scene.name).json").path
            defer { try? FileManager.default.removeItem(atPath: file) }

            let shown = try await scene.json([String: Any].self, "jobs", "show", "job", "--tenant", "a")
            let both = try await scene.json([[String: Any]].self, "jobs", "list", "--tenant", "a", "--tag", "erp")
            let one = try await scene.json(
                [[String: Any]].self,
                "jobs",
                "list",
                "--tenant",
                "a",
                "--tag",
                "erp",
                "--tag",
                "daily"
            )
            _ = try await scene.run("tenants", "export", "a", "--file", file)
            let first = try await scene.json([String: Any].self, "tenants", "import", "b", "--file", file)
            let again = try await scene.json([String: Any].self, "tenants", "import", "b", "--file", file)
            let copy = try await scene.run("tenants", "export", "b").output
            let original = try await scene.run("tenants", "export", "a").output

            #expect(shown["description"] as? String == "Closes the day.")
            #expect(shown["tags"] as? [String] == ["daily", "erp"])
            #expect(shown["overlap"] as? String == "queue-one" && shown["overlap_bound"] as? Int == 7)
            #expect(shown["calendar"] as? String == "d")
            #expect(both.count == 2 && one.count == 1)
            func outcomes(_ report: [String: Any]) -> [String?] {
                (report["calendars"] as? [[String: Any]] ?? []).map { $0["outcome"] as? String }
            }
            #expect(outcomes(first) == ["added"] && outcomes(again) == ["unchanged"])
            #expect(first["added"] as? Int == 2 && again["unchanged"] as? Int == 2)
            #expect(copy == original.replacing(#""tenant" : "a""#, with: #""tenant" : "b""#))
        }
    }
}
