import Foundation
import PostgresClient
import RedisCoordination
import Tenure
import TenureCore
import TestSupport
import Testing

/// An audit that cannot find is worth nothing: each violation is planted in a real database, and found by its name.
@Suite("ClusterAudit", .needsPostgres, .needsRedis, .timeLimit(.minutes(2)))
struct ClusterAuditTests {
    /// A violation, and how to plant it.
    struct Plant: Sendable, CustomTestStringConvertible {
        let check: AuditCheck
        let what: String
        let sql: String

        init(_ check: AuditCheck, _ what: String, _ sql: String) {
            self.check = check
            self.what = what
            self.sql = sql
        }

        var testDescription: String { "\(self.check.rawValue): \(self.what)" }
    }

    private static let run = """
        INSERT INTO tenure.runs (run_id, attempt, epoch, scheduled_for, started_at, finished_at, kind, topic, state,
            node, job_name)
        """
    private static let place = "(SELECT last_occurrence FROM tenure.jobs)"
    private static let claim = "INSERT INTO tenure.claims (batch, node, incarnation, epoch, ids, keys)"
    private static let longOwned = "UPDATE tenure.fence SET since = now() - interval '10 minutes'"

    static let plants = [
        Plant(
            .twoOwners,
            "another node is installed for the lock's epoch",
            "UPDATE tenure.fence SET node = 'node-2', incarnation = 'i-2'"
        ),
        Plant(
            .lockAndFence,
            "the lock's epoch is not installed",
            "UPDATE tenure.fence SET epoch = 0; UPDATE tenure.runs SET epoch = 0"
        ),
        Plant(.lockAndFence, "a later epoch is installed", "UPDATE tenure.fence SET epoch = 9"),
        Plant(
            .epochOfTwoNodes,
            "a run of this epoch by another node",
            "\(Self.run) VALUES (9000, 1, 1, NULL, now(), now(), 'timer', 't', 'completed', 'node-2', NULL)"
        ),
        Plant(
            .epochOfTwoNodes,
            "a claim of this epoch by another node",
            """
            INSERT INTO tenure.work (id, kind, topic) VALUES (9001, 'timer', 't');
            \(Self.claim) VALUES (gen_random_uuid(), 'node-2', 'i-2', 1, '{9001}', '{}')
            """
        ),
        Plant(
            .epochAboveFence,
            "a run of an epoch that was never installed",
            "\(Self.run) VALUES (9000, 1, 9, NULL, now(), now(), 'timer', 't', 'completed', 'node-1', NULL)"
        ),
        Plant(
            .epochAboveFence,
            "a dead letter of such an epoch",
            """
            INSERT INTO tenure.dead_letters (id, epoch, due_at, created_at, backoff_base_ms, backoff_max_ms, attempts,
                max_attempts, priority, crashes, kind, topic, payload)
            VALUES (9000, 9, now(), now(), 1, 1, 1, 1, 0, 0, 'timer', 't', '{}')
            """
        ),
        Plant(
            .epochAboveFence,
            "a claim of such an epoch",
            """
            INSERT INTO tenure.work (id, kind, topic) VALUES (9001, 'timer', 't');
            \(Self.claim) VALUES (gen_random_uuid(), 'node-1', 'i-1', 9, '{9001}', '{}')
            """
        ),
        Plant(
            .epochOrder,
            "an occurrence was skipped under an earlier epoch after a later one was in use",
            """
            \(Self.run) VALUES
                (9000, 0, 1, NULL, NULL, now() - interval '9 minutes', 'job', 't', 'skipped', NULL, NULL),
                (9001, 0, 0, NULL, NULL, now() - interval '1 minute', 'job', 't', 'skipped', NULL, NULL)
            """
        ),
        Plant(
            .epochOrder,
            "a run was started under an earlier epoch long after a later one was in use",
            """
            \(Self.run) VALUES
                (9000, 1, 1, NULL, now() - interval '9 minutes', now(), 'timer', 't', 'completed', 'node-1', NULL),
                (9001, 1, 0, NULL, now() - interval '1 minute', now(), 'timer', 't', 'completed', 'node-0', NULL)
            """
        ),
        Plant(
            .completedTwice,
            "two completions of one run",
            """
            \(Self.run) VALUES (9000, 1, 1, NULL, now(), now(), 'timer', 't', 'completed', 'node-1', NULL),
                (9000, 2, 1, NULL, now(), now(), 'timer', 't', 'completed', 'node-1', NULL)
            """
        ),
        Plant(
            .occurrenceTwice,
            "two runs of one occurrence",
            "\(Self.run) SELECT 9000, 1, 1, \(Self.place), now(), now(), 'job', 't', 'completed', 'node-1', 'tick'"
        ),
        Plant(
            .occurrenceTwice,
            "work for an occurrence that has run",
            """
            INSERT INTO tenure.work (id, kind, topic, job_name, scheduled_for)
            VALUES (9000, 'job', 't', 'tick', \(Self.place))
            """
        ),
        Plant(
            .occurrenceMissing,
            "a row of the history is gone",
            "DELETE FROM tenure.runs WHERE scheduled_for = \(Self.place) - interval '30 seconds'"
        ),
        Plant(
            .occurrenceMissing,
            "the place went on without work",
            "UPDATE tenure.jobs SET last_occurrence = last_occurrence + interval '10 seconds'"
        ),
        Plant(.occurrenceOverdue, "an owner that plans nothing", Self.longOwned),
        Plant(
            .occurrenceOffSchedule,
            "an occurrence between two that the schedule has",
            """
            \(Self.run) SELECT 9000, 1, 1, \(Self.place) - interval '3 seconds', now(), now(), 'job', 't', 'completed',
                'node-1', 'tick'
            """
        ),
        Plant(
            .occurrenceAhead,
            "the place went back",
            """
            UPDATE tenure.jobs SET planned_from = planned_from - interval '10 minutes',
                last_occurrence = planned_from - interval '10 minutes'
            """
        ),
        Plant(
            .endedAndToDo,
            "work that completed is still there",
            """
            \(Self.run) VALUES (9000, 1, 1, NULL, now(), now(), 'timer', 't', 'completed', 'node-1', NULL);
            INSERT INTO tenure.work (id, kind, topic) VALUES (9000, 'timer', 't')
            """
        ),
        Plant(
            .deadAndToDo,
            "a dead letter is also work",
            """
            INSERT INTO tenure.dead_letters (id, epoch, due_at, created_at, backoff_base_ms, backoff_max_ms, attempts,
                max_attempts, priority, crashes, kind, topic, payload)
            VALUES (9000, 1, now(), now(), 1, 1, 1, 1, 0, 0, 'timer', 't', '{}');
            INSERT INTO tenure.work (id, kind, topic) VALUES (9000, 'timer', 't')
            """
        ),
        Plant(
            .claimStale,
            "a claim of a registration that is gone",
            """
            INSERT INTO tenure.work (id, kind, topic) VALUES (9000, 'timer', 't');
            UPDATE tenure.fence SET since = clock_timestamp();
            \(Self.claim) VALUES (gen_random_uuid(), 'node-0', 'gone', 0, '{9000}', '{}');
            UPDATE tenure.claims SET claimed_at = now() - interval '1 minute', lent_until = now() + interval '1 hour'
            """
        ),
        Plant(
            .claimedTwice,
            "two claims name the same work",
            """
            INSERT INTO tenure.work (id, kind, topic) VALUES (9000, 'timer', 't');
            \(Self.claim) VALUES (gen_random_uuid(), 'node-1', 'i-1', 1, '{9000}', '{}'),
                (gen_random_uuid(), 'node-1', 'i-1', 1, '{9000}', '{}')
            """
        ),
        Plant(
            .claimedTwice,
            "two claims hold the same ordering key",
            """
            INSERT INTO tenure.work (id, kind, topic, ordering_key) VALUES (9000, 'timer', 't', 'k'),
                (9001, 'timer', 't', 'k');
            \(Self.claim) VALUES (gen_random_uuid(), 'node-1', 'i-1', 1, '{9000}', '{k}'),
                (gen_random_uuid(), 'node-1', 'i-1', 1, '{9001}', '{k}')
            """
        ),
        Plant(
            .claimOfNothing,
            "a claim of work that is gone",
            "\(Self.claim) VALUES (gen_random_uuid(), 'node-1', 'i-1', 1, '{9000}', '{}')"
        ),
        Plant(
            .claimKeys,
            "a claim that does not hold its work's key",
            """
            INSERT INTO tenure.work (id, kind, topic, ordering_key) VALUES (9000, 'timer', 't', 'k');
            \(Self.claim) VALUES (gen_random_uuid(), 'node-1', 'i-1', 1, '{9000}', '{}')
            """
        ),
        Plant(.controlRows, "no row that says until when the owner sleeps", "DELETE FROM tenure.wakeup"),
        Plant(.controlRows, "no fence", "DELETE FROM tenure.fence"),
        Plant(
            .partitionMissing,
            "no partition for tomorrow",
            """
            DO $$ BEGIN
                EXECUTE 'DROP TABLE tenure.runs_' || to_char((now() AT TIME ZONE 'UTC') + interval '1 day', 'YYYYMMDD');
            END $$
            """
        ),
        Plant(.indexMissing, "an index was dropped", "DROP INDEX tenure.work_late"),
        Plant(
            .indexMissing,
            "an index is invalid",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenure.work_due'::regclass"
        ),
        Plant(
            .indexMissing,
            "a partition lacks an index",
            """
            CREATE TABLE tenure.elsewhere (LIKE tenure.runs);
            ALTER TABLE tenure.runs DETACH PARTITION tenure.runs_default;
            DROP INDEX tenure.runs_job;
            CREATE INDEX runs_job ON ONLY tenure.runs (job_name, finished_at) WHERE job_name IS NOT NULL
            """
        ),
    ]

    @Test("Each violation is found by its name, and nothing else is", arguments: Self.plants)
    func planted(plant: Plant) async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(plant.sql)

            let report = try await scene.audit()

            #expect(report.broken == [plant.check.rawValue], "\(report.violations)")
            #expect(!report.isSound)
            #expect(report.violations.allSatisfy { !$0.detail.isEmpty && !$0.rows.isEmpty && $0.rows.count <= 100 })
            #expect(report.violations.allSatisfy { $0.tenant == AuditScene.tenant })
            let rows = report.violations.flatMap(\.rows).map { Data($0.json.utf8) }
            for row in rows { #expect(try JSONSerialization.jsonObject(with: row) is [String: Any]) }
        }
    }

    @Test("Every check but those of what could not be read has a violation planted for it, or a test of its own")
    func complete() {
        let elsewhere: Set<AuditCheck> = [.unowned, .asleep, .schema, .unread]
        let found = Set(Self.plants.map(\.check)).union(elsewhere)

        #expect(AuditCheck.allCases.filter { !found.contains($0) } == [])
    }

    @Test("A sound tenant is sound, with and without Redis, and nothing was changed")
    func sound() async throws {
        try await AuditScene.run { scene in
            let both = try await scene.audit()
            let databases = try await scene.audit(asksRedis: false)

            for report in [both, databases] {
                #expect(report.isSound, "\(report.violations)")
                #expect(report.warnings == [])
                #expect(report.checked.tenants == 1)
                #expect(report.checked.jobs == 1)
                #expect(report.checked.occurrences == 12)
                #expect(report.checked.runs == 12)
            }
            #expect(both.includesCluster && !databases.includesCluster)
        }
    }

    @Test("A tenant without an owner is found; one that is suspended, or that the leader left out, is not accused")
    func unowned() async throws {
        try await AuditScene.run { scene in
            _ = try await scene.store.releaseLock(
                of: AuditScene.tenant,
                holder: AuditScene.holder,
                epoch: scene.epoch
            )
            let accused = try await scene.audit()

            var changes = PlanChanges()
            changes.unassign = [AuditScene.tenant: "every node is full"]
            try await scene.store.apply(changes, term: scene.term)
            let leftOut = try await scene.audit()

            try await scene.store.deregister(AuditScene.holder)
            let nobody = try await scene.audit()

            #expect(accused.broken == ["unowned"])
            #expect(leftOut.broken == [] && leftOut.notable == ["unowned"])
            #expect(leftOut.warnings.first?.detail.contains("every node is full") == true)
            #expect(nobody.broken == [] && nobody.notable == ["unowned"])
        }
    }

    @Test("Work that is due while its owner sleeps is worth knowing, unless something of the tenant runs")
    func asleep() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(
                """
                UPDATE tenure.fence SET since = now() - interval '10 minutes';
                SELECT tenure.pause_job('tick');
                INSERT INTO tenure.work (id, kind, topic, due_at)
                VALUES (9000, 'timer', 't', now() - interval '5 minutes'), (9001, 'timer', 't', now());
                UPDATE tenure.wakeup SET sleep_until = now() + interval '1 hour'
                """
            )
            let sleeping = try await scene.audit()
            try await scene.database.execute(
                "\(Self.claim) VALUES (gen_random_uuid(), 'node-1', 'i-1', 1, '{9001}', '{}')"
            )
            let busy = try await scene.audit()

            #expect(sleeping.broken == [] && sleeping.notable == ["asleep"], "\(sleeping)")
            #expect(busy.broken == [] && busy.notable == [], "\(busy)")
        }
    }

    @Test("A disagreement that passes while it is looked at is a hand-over, and no violation")
    func handover() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute("UPDATE tenure.fence SET epoch = 0")
            var options = AuditOptions()
            options.patience = .seconds(20)
            let audit = ClusterAudit(
                discovery: StaticDiscovery([Tenant(id: AuditScene.tenant, connection: scene.database.url)]),
                cluster: scene.cluster,
                options: options
            )
            let (looks, look) = AsyncStream.makeStream(of: Void.self)
            async let report = audit.run { _ in look.yield() }
            for await _ in looks { break }
            try await scene.database.execute("UPDATE tenure.fence SET epoch = \(scene.epoch)")

            let seen = try await report
            #expect(seen.isSound)
            #expect(seen.checked.looks > 1)
        }
    }

    @Test("Without Redis a claim whose lending is over is stale; with a living claimant one that is lent is not")
    func lending() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(
                """
                INSERT INTO tenure.work (id, kind, topic) VALUES (9000, 'timer', 't');
                INSERT INTO tenure.claims (batch, node, incarnation, epoch, ids, claimed_at, lent_until)
                VALUES (gen_random_uuid(), 'node-0', 'i-0', 0, '{9000}', now() - interval '1 minute',
                    now() + interval '1 hour')
                """
            )
            let lent = try await scene.audit(asksRedis: false)
            try await scene.database.execute("UPDATE tenure.claims SET lent_until = now() - interval '1 minute'")
            let over = try await scene.audit(asksRedis: false)

            #expect(lent.broken == [])
            #expect(over.broken == ["claim_stale"])
        }
    }

    @Test("A schema that is not there is told, and so is a database that cannot be reached")
    func unread() async throws {
        try await AuditScene.run { scene in
            let schema = try await scene.audit(schema: "elsewhere")
            let database = try await scene.audit(connection: "postgresql://postgres@127.0.0.1:1/nowhere")

            #expect(schema.isSound && schema.notable == ["schema"])
            #expect(schema.unreachable == [])
            #expect(database.isSound && database.notable == ["unread"])
            #expect(database.unreachable.map(\.tenant) == [AuditScene.tenant])
        }
    }

    @Test("What ended before an instant is left out if that is asked for")
    func since() async throws {
        try await AuditScene.run { scene in
            try await scene.database.execute(
                "DELETE FROM tenure.runs WHERE scheduled_for = (SELECT min(scheduled_for) FROM tenure.runs)"
            )
            var options = AuditOptions()
            options.since = ServerTime(
                microseconds: Int64(Date(timeIntervalSinceNow: -100).timeIntervalSince1970 * 1_000_000)
            )

            #expect(try await scene.audit().broken == ["occurrence_missing"])
            #expect(try await scene.audit(options).broken == [])
        }
    }

    @Test("Paused, skipped, backfilled and deleted jobs are not accused")
    func life() async throws {
        try await AuditScene.run { scene in
            // Skipped together, by one row that stands for what came before; then one of them is backfilled.
            try await scene.database.execute(
                """
                UPDATE tenure.fence SET since = now() - interval '10 minutes';
                DELETE FROM tenure.runs WHERE scheduled_for > (SELECT planned_from FROM tenure.jobs) + interval '20 s'
                    AND scheduled_for < (SELECT planned_from FROM tenure.jobs) + interval '80 s';
                UPDATE tenure.runs SET state = 'skipped', reason = 'misfire:earlier-too', attempt = 0, node = NULL
                WHERE scheduled_for = (SELECT planned_from FROM tenure.jobs) + interval '80 s';
                INSERT INTO tenure.work (id, kind, topic, job_name, scheduled_for, due_at)
                SELECT nextval('tenure.work_id_seq'), 'job', 't', 'tick', planned_from + interval '50 s',
                    now() + interval '1 hour' FROM tenure.jobs;
                SELECT tenure.pause_job('tick');
                """
            )
            let paused = try await scene.audit()
            try await scene.database.execute(
                "DELETE FROM tenure.runs WHERE job_name = 'tick'; SELECT tenure.delete_job('tick');"
            )
            let deleted = try await scene.audit()

            #expect(paused.isSound, "\(paused.violations)")
            #expect(deleted.isSound, "\(deleted.violations)")
        }
    }

    @Test("The indexes that are looked for are those that a new schema has")
    func indexes() async throws {
        try await AuditScene.run { scene in
            let rows = try await scene.database.connection.query(
                .unnamed(
                    """
                    SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
                    WHERE c.relnamespace = 'tenure'::regnamespace AND NOT c.relispartition
                        AND c.relname <> 'migrations_pkey' ORDER BY 1
                    """,
                    resultFormat: .text
                ),
                deadline: .now + .seconds(10)
            )
            for name in try rows.map({ try $0.string(0) }) {
                try await scene.database.execute("ALTER INDEX tenure.\(name) RENAME TO moved_away")
                let report = try await scene.audit(asksRedis: false)
                try await scene.database.execute("ALTER INDEX tenure.moved_away RENAME TO \(name)")

                #expect(report.broken == ["index_missing"], "the audit does not look for \(name)")
            }
        }
    }
}
