-- From the sealed entries of the ledger to seats, actions and runs, by nothing but SQL: no code of the product.
-- Columns that end with _at are in UTC, for lengths of time; those that end with _on are where the organisation is, for weeks.
SELECT set_config('counted.zone', coalesce(
    (SELECT settings ->> 'time_zone' FROM governance_versions ORDER BY version DESC LIMIT 1), 'UTC'), false);
CREATE FUNCTION pg_temp.there(at timestamp) RETURNS timestamp LANGUAGE sql STABLE AS
$$ SELECT at AT TIME ZONE 'UTC' AT TIME ZONE current_setting('counted.zone') $$;

-- What a source of telemetry tells was done by the person it is about, when it happened.
CREATE TEMP TABLE l AS
SELECT seq, verb, CASE WHEN elsewhere THEN subject ELSE actor END AS actor, subject, run, data, elsewhere,
       (CASE WHEN elsewhere THEN data ->> 'at' ELSE at END)::timestamptz AT TIME ZONE 'UTC' AS at
FROM (SELECT seq, b ->> 'verb' AS verb, b ->> 'actor' AS actor, b ->> 'subject' AS subject, b ->> 'run' AS run, b -> 'data' AS data,
             b ->> 'at' AS at, b ->> 'verb' IN ('telemetry.prompted', 'telemetry.decided', 'telemetry.skill_used',
                                                'telemetry.answered', 'telemetry.failed') AS elsewhere
      -- OFFSET 0: each entry is parsed once, not once for every part of it.
      FROM (SELECT seq, body::jsonb AS b FROM ledger_entries WHERE seq IS NOT NULL OFFSET 0) x OFFSET 0) y;
CREATE INDEX ON l (verb);
ANALYZE l;

-- Test users and service accounts: left out from then on, until they count again (B-0).
CREATE TEMP TABLE s_out AS
SELECT subject AS person, seq AS since,
       (SELECT min(seq) FROM l i WHERE i.verb = 'person.included' AND i.subject = e.subject AND i.seq > e.seq) AS until
FROM l e WHERE verb = 'person.excluded';

-- A seat is given to who has none, and holds until it is taken back; another one may follow.
CREATE TEMP TABLE s_seats AS
WITH moved AS (
    SELECT *, lag(given) OVER (PARTITION BY person ORDER BY seq) AS had,
           min(seq) FILTER (WHERE NOT given)
               OVER (PARTITION BY person ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until
    FROM (
        SELECT seq, subject AS person, at, verb IN ('seat.given', 'person.included') AS given FROM l
        WHERE (verb IN ('seat.taken_back', 'person.deactivated', 'person.deprovisioned', 'person.excluded')
               OR ((verb = 'seat.given' OR (verb = 'person.included' AND data ->> 'seat' = 'true')) AND NOT EXISTS (
                    SELECT 1 FROM s_out o WHERE o.person = l.subject AND o.since < l.seq AND (o.until IS NULL OR l.seq < o.until))))
          AND subject IN (SELECT id FROM people)
    ) x
), held AS (
    SELECT * FROM moved WHERE given AND NOT coalesce(had, false)
), came AS (
    SELECT h.seq, min(s.at) AS at FROM held h JOIN l s ON s.verb = 'sign_in.succeeded' AND s.subject = h.person
    WHERE s.seq > h.seq AND (h.until IS NULL OR s.seq < h.until) GROUP BY h.seq
)
SELECT h.person, pg_temp.there(h.at) AS assigned_on, pg_temp.there(h.at + INTERVAL '7 days') AS lapsed_on,
       pg_temp.there(c.at) AS accepted_on, pg_temp.there(r.at) AS removed_on
FROM held h LEFT JOIN came c ON c.seq = h.seq LEFT JOIN moved r ON r.seq = h.until;

CREATE TEMP TABLE s_actions AS
SELECT seq, actor AS person, at AS done_at, pg_temp.there(at) AS done_on FROM l
WHERE verb IN (
    'task.delegated', 'task.tried_again', 'task.retried', 'task.resumed', 'task.steered', 'task.answered', 'task.mentioned', 'plan.edited',
    'dispatch.begun', 'dispatch.confirm', 'dispatch.answered', 'dispatch.refused', 'voice.sent', 'approval.approved',
    'approval.denied', 'approval.asked_back', 'approval.edited', 'proposal.accepted', 'proposal.rejected', 'output.reviewed',
    'output.taken', 'output.declassified', 'change.undo_begun', 'telemetry.prompted', 'telemetry.decided')
  AND coalesce(data ->> 'channel', '') NOT IN ('schedule', 'headless') AND coalesce(data ->> 'via', '') NOT IN ('schedule', 'headless')
  AND actor IN (SELECT id FROM people)
  AND NOT EXISTS (SELECT 1 FROM s_out o WHERE o.person = l.actor AND o.since < l.seq AND (o.until IS NULL OR l.seq < o.until));

-- Seven days without anything in it, but for what the product does by itself: abandoned, whatever comes later (B-6).
CREATE TEMP TABLE s_left AS
SELECT run, min(before) + INTERVAL '7 days' AS left_at FROM (
    SELECT run, at, max(at) FILTER (WHERE actor <> 'system') OVER w AS before,
           count(*) FILTER (WHERE verb IN ('run.completed', 'run.failed', 'run.stopped', 'task.stopped')) OVER w AS ended
    FROM l WHERE run <> '' AND NOT elsewhere WINDOW w AS (PARTITION BY run ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) x WHERE ended = 0 AND at - before >= INTERVAL '7 days' GROUP BY run;

CREATE TEMP TABLE s_ran AS
SELECT run, min(at) FILTER (WHERE verb = 'run.started') AS started_at,
       (array_agg(data ->> 'name' ORDER BY seq DESC)
           FILTER (WHERE verb = 'skill.used' AND data ->> 'approved' IS DISTINCT FROM 'false'))[1] AS workflow,
       -- What was delivered, or put aside, stays so; of other ends the last holds, for a person may go on in the same run.
       (array_agg(ending ORDER BY seq) FILTER (WHERE ending IN ('run.completed', 'aside')) ||
        array_agg(ending ORDER BY seq DESC) FILTER (WHERE ending <> ''))[1] AS last_end,
       (array_agg(at ORDER BY seq) FILTER (WHERE ending IN ('run.completed', 'aside')) ||
        array_agg(at ORDER BY seq DESC) FILTER (WHERE ending <> ''))[1] AS ended_at,
       min(at) FILTER (WHERE verb = 'output.taken') AS taken_at,
       min(at) FILTER (WHERE verb = 'output.reviewed' AND data ->> 'accepted' = 'true') AS accepted_at
FROM (
    SELECT *, CASE WHEN verb = 'run.completed' AND data ->> 'empty' = 'true' THEN 'run.failed'
                   WHEN verb = 'run.stopped' AND data ->> 'aside' = 'true' THEN 'aside'
                   WHEN verb IN ('run.completed', 'run.failed', 'run.stopped', 'task.stopped') THEN verb END AS ending
    FROM l WHERE run <> '' AND NOT elsewhere
) x GROUP BY run;
ANALYZE s_ran;

-- A review is of one version of one output; of each output the newest counts, up to seven days after the delivery (B-6).
CREATE TEMP TABLE s_verdicts AS
SELECT run, CASE WHEN bool_and(accepted) THEN 'accepted' ELSE 'rejected' END AS verdict FROM (
    SELECT DISTINCT ON (l.run, l.subject) l.run, l.data ->> 'accepted' = 'true' AS accepted FROM l JOIN s_ran r ON r.run = l.run
    WHERE l.verb = 'output.reviewed' AND (r.last_end IS DISTINCT FROM 'run.completed' OR l.at <= r.ended_at + INTERVAL '7 days')
    ORDER BY l.run, l.subject, coalesce((l.data ->> 'version')::int, 0) DESC, l.seq DESC
) x GROUP BY run;

-- What was received from away, or was due by the clock, was there before its task was begun: up to thirty days (B-8).
CREATE TEMP TABLE s_due AS
SELECT DISTINCT ON (d.run) d.run, i.due_at FROM l d JOIN (
    SELECT seq, data ->> 'task' AS task, (data ->> CASE verb WHEN 'schedule.started' THEN 'at' ELSE 'trigger_timestamp' END)::timestamptz
           AT TIME ZONE 'UTC' AS due_at
    FROM l WHERE verb IN ('dispatch.started', 'schedule.started')
) i ON i.task = d.subject AND i.seq > d.seq AND i.due_at BETWEEN d.at - INTERVAL '30 days' AND d.at
WHERE d.verb = 'task.delegated' ORDER BY d.run, i.seq DESC;

-- Another try is a run of its own, of the same person and work, and its input is as old; the one put aside is none.
CREATE TEMP TABLE s_begun AS
WITH RECURSIVE begun AS (
    SELECT d.actor AS person, d.run, d.at AS asked_at, coalesce(i.due_at, d.at) AS input_at, r.workflow, least(r.taken_at, r.accepted_at) AS taken_at
    FROM l d LEFT JOIN s_ran r ON r.run = d.run LEFT JOIN s_due i ON i.run = d.run
    WHERE d.verb = 'task.delegated' AND d.actor IN (SELECT id FROM people)
      AND NOT EXISTS (SELECT 1 FROM s_out o WHERE o.person = d.actor AND o.since < d.seq AND (o.until IS NULL OR d.seq < o.until))
    UNION ALL
    SELECT b.person, t.run, t.at, CASE WHEN b.taken_at < t.at THEN t.at ELSE b.input_at END, coalesce(r.workflow, b.workflow),
           least(r.taken_at, r.accepted_at)
    FROM begun b JOIN l t ON t.verb = 'task.tried_again' AND t.data ->> 'from' = b.run LEFT JOIN s_ran r ON r.run = t.run
)
SELECT * FROM begun;

CREATE TEMP TABLE s_looks AS
SELECT actor AS person, pg_temp.there(at) AS seen_on FROM l
WHERE verb IN ('sign_in.succeeded', 'output.review_opened') AND actor IN (SELECT id FROM people);

-- What one prompt came to elsewhere is a run of who is told of first with it.
CREATE TEMP TABLE s_elsewhere AS
SELECT e.actor AS person, e.run, min(e.at) AS asked_at,
       (array_agg(e.data ->> 'name' ORDER BY e.seq DESC) FILTER (
           WHERE e.verb = 'telemetry.skill_used' AND e.data ->> 'name' <> '' AND e.data ->> 'approved' IS DISTINCT FROM 'false'))[1]
           AS workflow,
       (array_agg(e.verb ORDER BY e.at DESC, e.seq DESC) FILTER (WHERE e.verb IN ('telemetry.answered', 'telemetry.failed')))[1] AS last_end,
       max(e.at) FILTER (WHERE e.verb IN ('telemetry.answered', 'telemetry.failed')) AS ended_at
FROM (
    SELECT * FROM l WHERE elsewhere AND NOT EXISTS (
        SELECT 1 FROM s_out o WHERE o.person = l.actor AND o.since < l.seq AND (o.until IS NULL OR l.seq < o.until))
) e JOIN (SELECT DISTINCT ON (run) run, actor FROM l WHERE elsewhere AND run <> '' AND actor IN (SELECT id FROM people)
               ORDER BY run, seq) f ON f.run = e.run AND f.actor = e.actor
GROUP BY 1, 2;

CREATE TEMP TABLE s_runs AS
SELECT *, pg_temp.there(asked_at) AS asked_on, pg_temp.there(began_at) AS began_on, pg_temp.there(ended_at) AS ended_on,
       pg_temp.there(taken_at) AS taken_on
FROM (
    SELECT b.person, b.run, b.asked_at, coalesce(r.started_at, b.asked_at) AS began_at, coalesce(b.workflow, 'ad hoc') AS workflow,
           CASE WHEN f.run IS NOT NULL THEN 'abandoned' ELSE
               CASE r.last_end WHEN 'run.completed' THEN 'delivered' WHEN 'run.failed' THEN 'failed'
                               WHEN 'run.stopped' THEN 'cancelled' WHEN 'task.stopped' THEN 'cancelled' ELSE 'open' END END AS fate,
           coalesce(f.left_at, r.ended_at) AS ended_at, b.input_at, b.taken_at, v.verdict
    FROM s_begun b LEFT JOIN s_ran r ON r.run = b.run LEFT JOIN s_left f ON f.run = b.run
    LEFT JOIN s_verdicts v ON v.run = b.run
    WHERE f.run IS NOT NULL OR r.last_end IS DISTINCT FROM 'aside'
    UNION ALL
    SELECT person, run, asked_at, asked_at, coalesce(workflow, 'ad hoc'),
           CASE last_end WHEN 'telemetry.answered' THEN 'delivered' WHEN 'telemetry.failed' THEN 'failed' ELSE 'untold' END,
           ended_at, asked_at, NULL, NULL
    FROM s_elsewhere
) x;

-- Use cases that were launched. One that goes on with the skill of an earlier one has what was measured before that: where the earlier
-- had ended, named another skill by then, was for everybody, or is of the same department.
CREATE TEMP TABLE s_named AS
SELECT c.id, c.live_at, c.retired_at, lower(k.card ->> 'department') AS department, n.skill,
       (SELECT min(later.at) FROM use_case_cards later WHERE later.use_case_id = c.id AND later.version > n.last) AS until
FROM use_cases c JOIN use_case_cards k ON k.use_case_id = c.id AND k.version = c.version JOIN (
    SELECT k.use_case_id, lower(regexp_replace(k.card ->> 'skill', '^.*:', '')) AS skill, max(k.version) AS last
    FROM use_case_cards k JOIN use_cases c ON c.id = k.use_case_id
    WHERE k.version >= (SELECT max(version) FROM use_case_cards f WHERE f.use_case_id = c.id AND f.at <= c.live_at) GROUP BY 1, 2
) n ON n.use_case_id = c.id WHERE c.live_at IS NOT NULL;
CREATE TEMP TABLE s_cases AS
SELECT c.id AS case_id, k.card ->> 'skill' AS skill, k.card ->> 'department' AS department, coalesce(k.card #>> '{ritual,team}', '') AS team,
       c.live_at AT TIME ZONE 'UTC' AS live_at, c.retired_at AT TIME ZONE 'UTC' AS retired_at, count(o.id) AS before_n,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY o.minutes) AS before
FROM use_cases c JOIN use_case_cards k ON k.use_case_id = c.id AND k.version = c.version
LEFT JOIN LATERAL (
    SELECT n.id FROM s_named n WHERE n.id <> c.id AND n.skill <> '' AND (n.live_at, n.id) < (c.live_at, c.id)
      AND n.skill = lower(regexp_replace(k.card ->> 'skill', '^.*:', ''))
      AND (n.retired_at <= c.live_at OR n.until <= c.live_at OR n.department IN ('', lower(k.card ->> 'department')))
    ORDER BY n.live_at, n.id LIMIT 1
) f ON true
LEFT JOIN use_case_observations o
  ON o.use_case_id = coalesce(f.id, c.id) AND o.how <> 'self_reported' AND o.withdrawn_by IS NULL
WHERE c.live_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6;
CREATE TEMP TABLE s_teams AS
SELECT t.name AS team, m.person_id AS person FROM teams t JOIN memberships m ON m.team_id = t.id;

CREATE TEMP TABLE s_tickets AS SELECT pg_temp.there(at AT TIME ZONE 'UTC') AS opened_on FROM support_tickets;

CREATE TEMP TABLE s_groups AS
SELECT 'organisation' AS kind, '' AS name, id AS person FROM people
UNION ALL SELECT 'department', department, id FROM people WHERE department <> '';

-- From the week of the first seat to that of the newest entry.
CREATE TEMP TABLE weeks AS
SELECT starts, starts + INTERVAL '7 days' AS ends FROM generate_series(
    (SELECT date_trunc('week', min(assigned_on)) FROM s_seats), (SELECT date_trunc('week', max(pg_temp.there(at))) FROM l), INTERVAL '7 days'
) starts;
CREATE TEMP TABLE s_away AS
SELECT person_id AS person, to_date(week, 'IYYY"-W"IW')::timestamp AS starts FROM adoption_absences;
CREATE TEMP TABLE s_worked AS
SELECT g.kind, g.name, w.starts, 5 - count(DISTINCT h."on") AS worked
FROM (SELECT DISTINCT kind, name FROM s_groups) g CROSS JOIN weeks w LEFT JOIN adoption_holidays h
  ON h."on" >= w.starts AND h."on" < w.starts + INTERVAL '5 days'
 AND (h.department = '' OR (g.kind = 'department' AND h.department = g.name))
GROUP BY 1, 2, 3;
ANALYZE s_seats; ANALYZE s_actions; ANALYZE s_runs; ANALYZE s_groups; ANALYZE weeks; ANALYZE s_away; ANALYZE s_worked;
