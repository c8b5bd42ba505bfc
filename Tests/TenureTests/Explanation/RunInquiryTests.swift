import Foundation
import PostgresClient
import RedisCoordination
import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("RunInquiry", .needsPostgres, .needsRedis, .timeLimit(.minutes(2)))
struct RunInquiryTests {
    private func inquiry(_ scene: AuditScene, asksRedis: Bool = true) -> RunInquiry {
        let tenant = Tenant(id: AuditScene.tenant, connection: scene.database.url)
        return RunInquiry(discovery: StaticDiscovery([tenant]), cluster: asksRedis ? scene.cluster : nil)
    }

    private func instant(_ scene: AuditScene, _ sql: String) async throws -> ServerTime {
        let rows = try await scene.database.connection.query(.unnamed("SELECT \(sql)"), deadline: .now + .seconds(10))
        return ServerTime(microseconds: try rows.single().microseconds(0))
    }

    private func explain(
        _ scene: AuditScene,
        _ sql: String,
        asksRedis: Bool = true
    ) async throws -> RunExplanation {
        let at = try await self.instant(scene, sql)
        return try await self.inquiry(scene, asksRedis: asksRedis).explain(
            job: "tick",
            at: at,
            tenant: AuditScene.tenant
        )
    }

    @Test("One that completed: who ran it, under which epoch, when, and how late")
    func completed() async throws {
        try await AuditScene.run { scene in
            let found = try await self.explain(scene, "max(scheduled_for) FROM tenure.runs")

            #expect(found.state == .completed)
            #expect(found.jobName == "tick")
            #expect(found.attempts.map(\.node) == ["node-1"])
            #expect(found.owner?.node == "node-1" && found.owner?.epoch.value == 1)
            #expect(found.summary.contains("completed on node-1 under epoch 1"))
            #expect(found.waits.isEmpty)
            #expect(found.steps.map(\.at) == found.steps.map(\.at).sorted())
            let id = try #require(found.id)
            let byID = try await self.inquiry(scene).explain(run: id, tenant: AuditScene.tenant)
            #expect(byID.summary == found.summary)
        }
    }

    @Test("An instant that is no occurrence: those before and after")
    func neighbours() async throws {
        try await AuditScene.run { scene in
            let error = await #expect(throws: NotAnOccurrence.self) {
                _ = try await self.explain(scene, "max(scheduled_for) + interval '3 s' FROM tenure.runs")
            }

            let last = try await self.instant(scene, "max(scheduled_for) FROM tenure.runs")
            #expect(error?.previous == last)
            #expect(error?.next == last.advanced(by: .seconds(10)))
        }
    }

    @Test("Skipped, alone and together with others, and of which nothing is recorded")
    func absent() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(
                """
                UPDATE tenure.runs SET state = 'skipped', reason = 'overlap', attempt = 0, node = NULL,
                    started_at = NULL
                WHERE scheduled_for = (SELECT max(scheduled_for) FROM tenure.runs);
                UPDATE tenure.runs SET state = 'skipped', reason = 'misfire:earlier-too', attempt = 0, node = NULL,
                    started_at = NULL
                WHERE scheduled_for = (SELECT planned_from FROM tenure.jobs) + interval '60 s';
                DELETE FROM tenure.runs WHERE scheduled_for IN (
                    (SELECT planned_from FROM tenure.jobs) + interval '50 s',
                    (SELECT planned_from FROM tenure.jobs) + interval '90 s');
                """
            )
            let overlap = try await self.explain(scene, "max(scheduled_for) FROM tenure.runs")
            let together = try await self.explain(scene, "planned_from + interval '50 s' FROM tenure.jobs")
            let missing = try await self.explain(scene, "planned_from + interval '90 s' FROM tenure.jobs")
            let before = try await self.explain(scene, "planned_from FROM tenure.jobs")

            #expect(overlap.state == .skipped && overlap.summary.contains("predecessor"))
            #expect(together.state == .skipped && together.summary.contains("stands"))
            #expect(missing.state == .missing)
            #expect(before.state == .before)
        }
    }

    @Test("Yet to come, due and not made into work, paused, and of a job that is deleted")
    func pending() async throws {
        try await AuditScene.run { scene in
            let upcoming = try await self.explain(scene, "date_trunc('minute', now()) + interval '1 hour'")
            _ = try await scene.store.releaseLock(
                of: AuditScene.tenant,
                holder: AuditScene.holder,
                epoch: scene.epoch
            )
            let due = try await self.explain(scene, "last_occurrence + interval '10 s' FROM tenure.jobs")
            let blind = try await self.explain(
                scene,
                "last_occurrence + interval '10 s' FROM tenure.jobs",
                asksRedis: false
            )
            try await scene.database.execute("SELECT tenure.pause_job('tick')")
            let paused = try await self.explain(scene, "last_occurrence + interval '10 s' FROM tenure.jobs")
            try await scene.database.execute("SELECT tenure.delete_job('tick')")
            let kept = try await self.explain(scene, "max(scheduled_for) FROM tenure.runs")

            #expect(upcoming.state == .upcoming)
            #expect(due.state == .due)
            #expect(due.waits.contains { $0.contains("Nobody owns the tenant now") })
            #expect(due.includesEvents && !blind.includesEvents)
            #expect(blind.state == .due)
            #expect(paused.state == .paused)
            #expect(kept.state == .completed)
            await #expect(throws: NotAnOccurrence.self) {
                _ = try await self.explain(scene, "max(scheduled_for) + interval '10 s' FROM tenure.runs")
            }
        }
    }

    @Test("What it waited for: a pause, a time without an owner, an earlier run; and a wait that nothing explains")
    func waits() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(
                """
                UPDATE tenure.runs SET started_at = scheduled_for + interval '9 s',
                    finished_at = scheduled_for + interval '9.5 s'
                WHERE scheduled_for = (SELECT max(scheduled_for) FROM tenure.runs);
                UPDATE tenure.fence SET since = '2000-01-01Z'
                """
            )
            let nothing = try await self.explain(scene, "max(scheduled_for) FROM tenure.runs")
            try await scene.database.execute(
                """
                INSERT INTO tenure.changes (at, what, name)
                SELECT max(scheduled_for) - interval '1 s', 'job.paused', 'tick' FROM tenure.runs
                UNION ALL SELECT max(scheduled_for) + interval '5 s', 'job.resumed', 'tick' FROM tenure.runs;
                UPDATE tenure.jobs SET overlap = 'queue';
                UPDATE tenure.runs SET finished_at = scheduled_for + interval '17 s'
                WHERE scheduled_for = (SELECT max(scheduled_for) - interval '10 s' FROM tenure.runs)
                """
            )
            let last = try await self.instant(scene, "max(scheduled_for) FROM tenure.runs")
            for (name, second): (String, Int64) in [("tenant.opened", -60), ("tenant.lost", 1), ("tenant.opened", 8)] {
                let event = ClusterEvent(
                    name: name,
                    level: .info,
                    time: last.microseconds + second * 1_000_000,
                    cluster: "c",
                    node: "node-1",
                    fields: [.init("tenant", .string("acme")), .init("epoch", .integer(1))]
                )
                _ = try await scene.store.append(event)
            }
            let explained = try await self.explain(scene, "max(scheduled_for) FROM tenure.runs")

            #expect(nothing.waits.count == 1 && nothing.waits[0].contains("Nothing that is recorded"))
            #expect(explained.waits.contains { $0.hasPrefix("No owner from") }, "\(explained.waits)")
            #expect(explained.waits.contains { $0.hasPrefix("The job was paused from") }, "\(explained.waits)")
            #expect(explained.waits.contains { $0.contains("go one at a time") }, "\(explained.waits)")
            #expect(!explained.waits.contains { $0.contains("Nothing that is recorded") })
            #expect(explained.steps.contains { $0.what.contains("became the owner") })
        }
    }

    @Test("Work in progress, a retry, and a dead letter, by their IDs")
    func work() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(
                """
                INSERT INTO tenure.work (id, kind, topic) VALUES (9000, 'timer', 't');
                INSERT INTO tenure.claims (batch, node, incarnation, epoch, ids)
                VALUES (gen_random_uuid(), 'node-1', 'i-1', 1, '{9000}');
                INSERT INTO tenure.work (id, kind, topic, attempts, due_at)
                VALUES (9001, 'timer', 't', 2, now() + interval '1 minute');
                INSERT INTO tenure.runs (run_id, attempt, epoch, started_at, finished_at, kind, topic, state,
                    node, error)
                VALUES (9001, 1, 1, now(), now(), 'timer', 't', 'retryable', 'node-1', 'no connection'),
                    (9001, 2, 1, now(), now(), 'timer', 't', 'retryable', 'node-1', 'no connection'),
                    (9002, 1, 1, now(), now(), 'timer', 't', 'discarded', 'node-1', 'broken');
                INSERT INTO tenure.dead_letters (id, epoch, due_at, created_at, backoff_base_ms, backoff_max_ms,
                    attempts, max_attempts, priority, crashes, kind, topic, payload, reason)
                VALUES (9002, 1, now(), now(), 1, 1, 1, 1, 0, 0, 'timer', 't', '{}', 'attempts');
                """
            )
            let inquiry = self.inquiry(scene)
            let running = try await inquiry.explain(run: WorkID(9000), tenant: AuditScene.tenant)
            let retry = try await inquiry.explain(run: WorkID(9001), tenant: AuditScene.tenant)
            let dead = try await inquiry.explain(run: WorkID(9002), tenant: AuditScene.tenant)

            #expect(running.state == .running && running.summary.contains("runs on node-1 under epoch 1"))
            #expect(retry.state == .retryable && retry.summary.contains("no connection"))
            #expect(retry.attempts.map(\.attempt) == [1, 2])
            #expect(dead.state == .discarded && dead.summary.contains("dead letters"))
            await #expect(throws: RequestRefused.self) {
                _ = try await inquiry.explain(run: WorkID(9999), tenant: AuditScene.tenant)
            }
        }
    }
}
