/// One promise, and the query that finds the rows which break it, in one tenant's schema (`@`).
struct SoakCheck: Sendable {
    let promise: String
    let violations: String

    init(_ promise: String, _ violations: String) {
        self.promise = promise
        self.violations = violations
    }

    static let all: [SoakCheck] = Self.once + Self.endings + Self.order + Self.occurrences

    // MARK: Nothing twice

    private static let once = [
        SoakCheck(
            "nothing is completed twice",
            "SELECT run_id, count(*) FROM @.runs WHERE state = 'completed' GROUP BY run_id HAVING count(*) > 1"
        ),
        SoakCheck(
            "nothing ends twice",
            """
            SELECT run_id, string_agg(state, '+') FROM @.runs
            WHERE state IN ('completed', 'discarded', 'cancelled', 'skipped') GROUP BY run_id HAVING count(*) > 1
            """
        ),
        SoakCheck(
            "an occurrence is one run",
            """
            SELECT job_name, scheduled_for, array_agg(DISTINCT run_id) FROM @.runs WHERE scheduled_for IS NOT NULL
            GROUP BY job_name, scheduled_for HAVING count(DISTINCT run_id) > 1
            """
        ),
        SoakCheck(
            "a message that comes again is taken once",
            """
            SELECT key, array_agg(id) FROM public.soak WHERE tenant = '@tenant' AND purpose = 'received'
            GROUP BY key HAVING count(*) > 1
            """
        ),
        SoakCheck("no claim is left", "SELECT batch, node, ids FROM @.claims"),
        SoakCheck("no work is left", "SELECT id, kind, topic, due_at, attempts FROM @.work"),
    ]

    // MARK: How each piece ends

    /// How many rows of a state a piece of the account has.
    private static func ending(_ promise: String, _ purpose: String, _ wrong: String) -> SoakCheck {
        SoakCheck(
            promise,
            """
            SELECT h.* FROM (
                SELECT s.id, s.key, coalesce(completed, 0) AS completed, coalesce(cancelled, 0) AS cancelled,
                    coalesce(discarded, 0) AS discarded, coalesce(retried, 0) AS retried,
                    coalesce(crashed, 0) AS crashed, attempt, reason
                FROM public.soak AS s LEFT JOIN (
                    SELECT run_id, count(*) FILTER (WHERE state = 'completed') AS completed,
                        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
                        count(*) FILTER (WHERE state = 'discarded') AS discarded,
                        count(*) FILTER (WHERE state = 'retryable') AS retried,
                        count(*) FILTER (WHERE state = 'crashed') AS crashed,
                        max(attempt) FILTER (WHERE state = 'completed') AS attempt,
                        max(reason) FILTER (WHERE state = 'discarded') AS reason
                    FROM @.runs GROUP BY run_id
                ) AS r ON r.run_id = s.id
                WHERE s.tenant = '@tenant' AND s.purpose = '\(purpose)'
            ) AS h LEFT JOIN @.dead_letters AS d ON d.id = h.id
            WHERE (\(wrong))
                -- Work that three crashes hit when it ran alone is put away, whatever it is.
                AND NOT (h.reason IS NOT DISTINCT FROM 'crash_limit' AND h.crashed >= 2 AND d.id IS NOT NULL)
            """
        )
    }

    private static let endings = [
        ending("timers complete", "timer", "h.completed <> 1"),
        ending("received messages complete", "received", "h.completed <> 1"),
        ending("work with a unique key completes", "unique", "h.completed <> 1"),
        ending("work whose effect is in the database completes", "effect", "h.completed <> 1"),
        SoakCheck(
            "an effect in the tenant's database happens exactly once",
            """
            SELECT s.id, count(e.run_id) FROM public.soak AS s
            LEFT JOIN public.effects AS e ON e.tenant = s.tenant AND e.run_id = s.id
            WHERE s.tenant = '@tenant' AND s.purpose = 'effect' GROUP BY s.id HAVING count(e.run_id) <> 1
            """
        ),
        ending("snoozed work completes at its first attempt", "snoozing", "h.completed <> 1 OR h.attempt <> 1"),
        ending(
            "ordered messages complete, or fail twice and go to the dead letters",
            "ordered",
            "h.completed <> 1 AND NOT (h.retried = 1 AND h.discarded = 1 AND d.attempts IS NOT DISTINCT FROM 2)"
        ),
        ending(
            "failing work is tried three times and goes to the dead letters",
            "failing",
            "h.retried <> 2 OR h.discarded <> 1 OR d.attempts IS DISTINCT FROM 3 OR d.reason <> 'attempts exhausted'"
        ),
        ending(
            "work that can never succeed goes to the dead letters at once",
            "hopeless",
            "h.retried <> 0 OR h.discarded <> 1 OR d.reason IS DISTINCT FROM 'permanent'"
        ),
        ending(
            "a cancelled timer does not run, one that could not be cancelled does",
            "withdrawn",
            """
            h.key IS NULL OR h.key = 'true' AND (h.cancelled <> 1 OR h.completed > 0)
                OR h.key = 'false' AND h.completed <> 1
            """
        ),
        ending(
            "a cancelled run ends as it was said",
            "stopped",
            """
            h.key IS NULL OR h.key = 'cancelled' AND (h.cancelled <> 1 OR h.completed > 0)
                OR h.key = 'requested' AND h.cancelled + h.completed <> 1
                OR h.key = 'ended' AND h.completed <> 1 OR h.key = 'unknown'
            """
        ),
    ]

    // MARK: Order

    private static let order = [
        SoakCheck(
            "work of one ordering key runs in order, one at a time",
            """
            SELECT * FROM (
                SELECT key, id, began, lag(id) OVER turn AS before, lag(ended) OVER turn AS before_ended
                FROM (
                    SELECT s.key, s.id, min(r.started_at) AS began, max(r.finished_at) AS ended
                    FROM public.soak AS s JOIN @.runs AS r ON r.run_id = s.id
                    WHERE s.tenant = '@tenant' AND s.purpose = 'ordered' GROUP BY s.key, s.id
                ) AS runs WINDOW turn AS (PARTITION BY key ORDER BY id)
            ) AS turns WHERE began < before_ended
            """
        ),
        SoakCheck(
            "occurrences of a job that queues or skips run one at a time",
            """
            SELECT * FROM (
                SELECT job_name, scheduled_for, began, lag(ended) OVER turn AS before_ended
                FROM (
                    SELECT job_name, scheduled_for, min(started_at) AS began, max(finished_at) AS ended FROM @.runs
                    WHERE job_name IN ('overlap-queue', 'overlap-skip') AND state <> 'skipped'
                    GROUP BY job_name, scheduled_for
                ) AS runs WINDOW turn AS (PARTITION BY job_name ORDER BY scheduled_for)
            ) AS turns WHERE began < before_ended
            """
        ),
    ]

    // MARK: Occurrences

    private static let occurrences = [
        SoakCheck(
            "every occurrence ran or has a row that says why not",
            """
            SELECT j.name, i.instant FROM @.jobs AS j
            CROSS JOIN LATERAL (
                SELECT min(scheduled_for) AS first, max(scheduled_for) AS last FROM @.runs WHERE job_name = j.name
            ) AS span
            CROSS JOIN LATERAL
                generate_series(span.first, span.last, coalesce(j.every, interval '1 second')) AS i (instant)
            WHERE NOT EXISTS (
                SELECT FROM @.runs AS r WHERE r.job_name = j.name AND r.scheduled_for = i.instant
                    AND r.state IN ('completed', 'skipped')
            ) AND NOT EXISTS (
                -- Put away after three crashes.
                SELECT FROM @.dead_letters AS d WHERE d.job_name = j.name AND d.scheduled_for = i.instant
                    AND d.reason = 'crash_limit'
            ) AND NOT EXISTS (
                -- While the job was paused by its misfire policy.
                SELECT FROM @.changes AS p WHERE p.what = 'job.paused' AND p.name = j.name
                    AND i.instant > p.at - interval '2 seconds' AND i.instant < coalesce((
                        SELECT min(r.at) FROM @.changes AS r
                        WHERE r.what = 'job.resumed' AND r.name = j.name AND r.id > p.id
                    ), 'infinity') + interval '2 seconds'
            )
            """
        ),
        SoakCheck(
            "skipped occurrences have a reason that is true of their job",
            """
            SELECT job_name, scheduled_for, reason, finished_at FROM @.runs WHERE state = 'skipped' AND NOT (
                reason = 'overlap' AND job_name = 'overlap-skip'
                OR reason = 'misfire' AND job_name LIKE 'misfire-%'
                    AND finished_at - scheduled_for > interval '1 second'
            )
            """
        ),
        SoakCheck(
            "an occurrence that was skipped for overlap had a run beside it",
            """
            SELECT s.scheduled_for, s.finished_at FROM @.runs AS s
            WHERE s.state = 'skipped' AND s.reason = 'overlap' AND NOT EXISTS (
                SELECT FROM @.runs AS r WHERE r.job_name = s.job_name AND r.state <> 'skipped'
                    AND r.scheduled_for < s.scheduled_for AND r.finished_at > s.finished_at - interval '1 second'
            )
            """
        ),
        SoakCheck(
            "a job whose misfires all run skips only what is beyond its bound",
            """
            SELECT s.scheduled_for FROM @.runs AS s WHERE s.state = 'skipped' AND s.job_name = 'misfire-all'
                AND 2 > (
                    SELECT count(*) FROM @.runs AS r WHERE r.job_name = s.job_name AND r.state = 'completed'
                        AND r.scheduled_for > s.scheduled_for AND r.scheduled_for < s.finished_at
                )
            """
        ),
    ]
}
