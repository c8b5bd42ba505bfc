internal import ClusterHarness
internal import IOReactor
internal import PostgresClient
internal import TestSupport

/// Every kind of work, handed over in SQL, and for each piece a row in `public.soak` that was committed with it.
final class SoakLoad: Sendable {
    private let task: Task<Void, any Error>

    /// Tables for the account, and the jobs: one for each overlap and misfire policy.
    static func prepare(_ cluster: TestCluster) async throws {
        for (database, tenants) in Dictionary(grouping: cluster.tenants, by: \.database).sorted(by: { $0.key < $1.key })
        {
            let statements = tenants.flatMap { Self.jobs(in: $0.schema) }
            _ = try await cluster.postgres.query(
                """
                CREATE TABLE public.soak (
                    tenant text, id bigint, purpose text NOT NULL, key text,
                    placed_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (tenant, id));
                CREATE TABLE public.effects (tenant text, run_id bigint);
                CREATE FUNCTION public.effect(payload jsonb, context jsonb) RETURNS void LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO public.effects VALUES (context->>'tenant', (context->>'run_id')::bigint);
                    PERFORM pg_sleep((payload->>'sleep_ms')::float / 1000);
                END $$;
                \(statements.joined(separator: ";\n"))
                """,
                database: database
            )
        }
    }

    private static func jobs(in schema: String) -> [String] {
        var statements: [String] = []
        for (overlap, seconds, sleep) in [("skip", 2, 3000), ("queue", 2, 500), ("allow", 3, 4000)] {
            statements.append(
                "SELECT \(schema).schedule_job('overlap-\(overlap)', 'soak', every => '\(seconds) seconds', "
                    + "payload => '{\"sleep_ms\": \(sleep)}', overlap => '\(overlap)')"
            )
        }
        for misfire in ["skip", "latest", "all", "pause"] {
            statements.append(
                "SELECT \(schema).schedule_job('misfire-\(misfire)', 'soak', every => '1 second', "
                    + "misfire => '\(misfire)', misfire_grace => '1 second', misfire_bound => 2)"
            )
        }
        return statements
    }

    /// Hands over work to every tenant, once a second, until it is stopped.
    static func start(_ cluster: TestCluster, seed: UInt64) -> SoakLoad {
        SoakLoad(
            task: Task {
                let databases = Dictionary(grouping: cluster.tenants, by: \.database).sorted { $0.key < $1.key }
                let limits = PoolLimits(
                    perServer: databases.count,
                    perDatabase: 1,
                    reservedForOpening: 0,
                    reservedForClaiming: 0
                )
                let pools = PostgresPools(reactor: IOReactor(name: "soak"), limits: limits)
                var random = SeededGenerator(seed: seed)
                var round = 0
                while !Task.isCancelled {
                    round += 1
                    for (database, tenants) in databases {
                        let target = try PostgresTarget(cluster.postgres.url(database: database))
                        let script = tenants.map { Self.script($0, round, &random) }.joined(separator: ";\n")
                        try await pools.withConnection(to: target, purpose: .claiming, deadline: .now + .seconds(30)) {
                            try await $0.execute(script: script, deadline: .now + .seconds(30))
                        }
                    }
                    // Cancellation ends the loop at its head.
                    try? await Task.sleep(for: .seconds(1))
                }
                await pools.close()
            }
        )
    }

    private init(task: Task<Void, any Error>) { self.task = task }

    /// Stops handing over. Throws what went wrong with it meanwhile.
    func stop() async throws {
        self.task.cancel()
        try await self.task.value
    }

    /// Cancels what was handed over for that in earlier rounds: some of it waits, some runs by now, some has ended.
    static func cancellations(_ tenant: TestCluster.Tenant) -> String {
        let mine = "WHERE tenant = '\(tenant.id)' AND key IS NULL"
        return
            "UPDATE public.soak SET key = \(tenant.schema).cancel_timer(id)::text \(mine) AND purpose = 'withdrawn';\n"
            + "UPDATE public.soak SET key = \(tenant.schema).cancel_run(id) \(mine) AND purpose = 'stopped'"
    }

    /// What one tenant gets in one round: one transaction, with the account of it.
    private static func script(_ tenant: TestCluster.Tenant, _ round: Int, _ random: inout SeededGenerator) -> String {
        let schema = tenant.schema
        func add(_ purpose: String, _ call: String, key: String = "NULL") -> String {
            "INSERT INTO public.soak (tenant, id, purpose, key) "
                + "SELECT '\(tenant.id)', added, '\(purpose)', \(key) FROM \(schema).\(call) AS added "
                + "WHERE added IS NOT NULL ON CONFLICT DO NOTHING"
        }
        func sleeping(_ milliseconds: ClosedRange<Int>) -> String {
            "{\"sleep_ms\": \(Int.random(in: milliseconds, using: &random))}"
        }
        let orderingKey = Int.random(in: 0..<3, using: &random)
        let fails = Int.random(in: 0..<20, using: &random) == 0
        let ordered = fails ? #"{"sleep_ms": 50, "fail": true}"# : sleeping(0...300)
        let message = "message-\(round)"
        var statements = [
            add("timer", "schedule_timer('soak', now() + interval '700 ms', '\(sleeping(0...1500))')"),
            add(
                "ordered",
                "enqueue('soak', '\(ordered)', ordering_key => 'k\(orderingKey)', max_attempts => 2)",
                key: "'k\(orderingKey)'"
            ),
            add("received", "receive('soak', '\(message)', 'soak', '\(sleeping(0...200))')", key: "'\(message)'"),
            add("received", "receive('soak', '\(message)', 'soak', if_changed => 'ignore')", key: "'\(message)'"),
            add(
                "received",
                "receive('soak', 'message-\(max(1, round - 3))', 'soak', if_changed => 'ignore')",
                key: "'message-\(max(1, round - 3))'"
            ),
            add("unique", "enqueue('soak', '\(sleeping(0...2500))', unique_key => 'u\(orderingKey)')"),
            add("effect", "enqueue('effect', '\(sleeping(0...400))')"),
            Self.cancellations(tenant),
            "SELECT \(schema).resume_job('misfire-pause')",
        ]
        switch Int.random(in: 0..<6, using: &random) {
        case 0: statements.append(add("failing", "enqueue('soak', '{\"fail\": true}', max_attempts => 3)"))
        case 1: statements.append(add("hopeless", "enqueue('soak', '{\"sleep_ms\": \"long\"}')"))
        case 2:
            let due = Int.random(in: 800...1200, using: &random)
            statements.append(add("withdrawn", "schedule_timer('soak', now() + interval '\(due) ms')"))
        case 3: statements.append(add("stopped", "enqueue('soak', '\(sleeping(500...4000))')"))
        case 4:
            statements.append(
                add(
                    "snoozing",
                    "enqueue('soak', jsonb_build_object('snooze_until', extract(epoch FROM clock_timestamp()) + 2))"
                )
            )
        default: break
        }
        return statements.joined(separator: ";\n")
    }
}
