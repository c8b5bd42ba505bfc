internal import ClusterHarness
internal import TestSupport

/// Sessions of nodes that end at any moment, most of them within a transaction.
extension FaultCell {
    static let killedSessions = FaultCell(
        "postgres-sessions-killed",
        "pg_terminate_backend of a node's session every 100 ms for 20 s, those in a transaction first",
        length: .seconds(20)
    ) { trial in
        let rounds = Int(trial.length / .milliseconds(100))
        let killed = try await trial.cluster.postgres.query(
            """
            CREATE TABLE killed (state text);
            DO $$
            BEGIN
                FOR round IN 1..\(rounds) LOOP
                    INSERT INTO killed SELECT victim.state FROM (
                        SELECT pid, CASE WHEN xact_start IS NULL THEN 'idle' ELSE 'in a transaction' END AS state
                        FROM pg_stat_activity
                        WHERE application_name LIKE 'tenure%' AND pid <> pg_backend_pid()
                        ORDER BY xact_start IS NULL, random() LIMIT 1
                    ) AS victim WHERE pg_terminate_backend(victim.pid);
                    PERFORM pg_stat_clear_snapshot();
                    PERFORM pg_sleep(0.1);
                END LOOP;
            END $$;
            SELECT count(*) FILTER (WHERE state <> 'idle'), count(*) FROM killed
            """
        )
        let counts = killed.split(separator: "|").compactMap { Int($0) }
        await trial.expect(counts.count == 2 && counts[0] > 0, "no session ended in a transaction: \(killed)")
    }
}
