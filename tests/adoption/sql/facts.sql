-- From the sealed entries of the ledger to seats, actions and runs, by nothing but SQL: no code of the product.
CREATE TEMP TABLE l AS
SELECT seq, b ->> 'verb' AS verb, b ->> 'actor' AS actor, b ->> 'subject' AS subject, b ->> 'run' AS run, b -> 'data' AS data,
       (b ->> 'at')::timestamptz AT TIME ZONE 'UTC' AS at
FROM (SELECT seq, body::jsonb AS b FROM ledger_entries WHERE seq IS NOT NULL) x;
CREATE INDEX ON l (verb);

-- Test users and service accounts: left out from then on, until they count again (B-0).
CREATE TEMP TABLE s_out AS
SELECT subject AS person, seq AS since,
       (SELECT min(seq) FROM l i WHERE i.verb = 'person.included' AND i.subject = e.subject AND i.seq > e.seq) AS until
FROM l e WHERE verb = 'person.excluded';

-- In this history nobody gets a second seat but who counts again.
CREATE TEMP TABLE s_seats AS
SELECT g.subject AS person, g.at AS assigned_at,
       (SELECT min(at) FROM l WHERE verb = 'sign_in.succeeded' AND subject = g.subject AND seq > g.seq) AS accepted_at,
       (SELECT min(at) FROM l WHERE verb IN ('seat.taken_back', 'person.deactivated', 'person.deprovisioned', 'person.excluded')
           AND subject = g.subject AND seq > g.seq) AS removed_at
FROM l g WHERE (verb = 'seat.given' OR verb = 'person.included' AND data ->> 'seat' = 'true') AND subject IN (SELECT id FROM people)
  AND NOT EXISTS (SELECT 1 FROM s_out o WHERE o.person = g.subject AND o.since < g.seq AND (o.until IS NULL OR g.seq < o.until));

CREATE TEMP TABLE s_actions AS
SELECT seq, actor AS person, at AS done_at FROM l
WHERE verb IN (
    'task.delegated', 'task.tried_again', 'task.retried', 'task.resumed', 'task.steered', 'task.answered', 'task.mentioned', 'plan.edited',
    'dispatch.begun', 'dispatch.confirm', 'dispatch.answered', 'dispatch.refused', 'voice.sent', 'approval.approved',
    'approval.denied', 'approval.asked_back', 'approval.edited', 'proposal.accepted', 'proposal.rejected', 'output.reviewed',
    'output.taken', 'output.declassified', 'change.undo_begun')
  AND coalesce(data ->> 'channel', '') <> 'schedule' AND coalesce(data ->> 'via', '') <> 'schedule'
  AND actor IN (SELECT id FROM people)
  AND NOT EXISTS (SELECT 1 FROM s_out o WHERE o.person = l.actor AND o.since < l.seq AND (o.until IS NULL OR l.seq < o.until));

-- Seven days without anything in it, but for what the product does by itself: abandoned, whatever comes later (B-6).
CREATE TEMP TABLE s_left AS
SELECT run, min(before) + INTERVAL '7 days' AS left_at FROM (
    SELECT run, at, max(at) FILTER (WHERE actor <> 'system') OVER w AS before,
           count(*) FILTER (WHERE verb IN ('run.completed', 'run.failed', 'run.stopped', 'task.stopped')) OVER w AS ended
    FROM l WHERE run <> '' WINDOW w AS (PARTITION BY run ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) x WHERE ended = 0 AND at - before >= INTERVAL '7 days' GROUP BY run;

CREATE TEMP TABLE s_ran AS
SELECT run, min(at) FILTER (WHERE verb = 'run.started') AS started_at,
       (array_agg(data ->> 'name' ORDER BY seq DESC)
           FILTER (WHERE verb = 'skill.used' AND data ->> 'approved' IS DISTINCT FROM 'false'))[1] AS workflow,
       (array_agg(CASE WHEN verb = 'run.completed' AND data ->> 'empty' = 'true' THEN 'run.failed' ELSE verb END ORDER BY seq DESC)
           FILTER (WHERE verb IN ('run.completed', 'run.failed', 'run.stopped', 'task.stopped')))[1] AS last_end,
       max(at) FILTER (WHERE verb IN ('run.completed', 'run.failed', 'run.stopped', 'task.stopped')) AS ended_at,
       coalesce(bool_or(verb = 'run.stopped' AND data ->> 'aside' = 'true'), false) AS aside,
       min(at) FILTER (WHERE verb = 'output.taken') AS taken_at,
       min(at) FILTER (WHERE verb = 'output.reviewed' AND data ->> 'accepted' = 'true') AS accepted_at,
       max(CASE data ->> 'accepted' WHEN 'true' THEN 'accepted' ELSE 'rejected' END)
           FILTER (WHERE verb = 'output.reviewed') AS verdict,
       max(at) FILTER (WHERE verb = 'output.reviewed') AS verdict_at
FROM l WHERE run <> '' GROUP BY run;

-- Another try is a run of its own, of the same person and work, and its input is as old; the one put aside is none.
CREATE TEMP TABLE s_begun AS
WITH RECURSIVE begun AS (
    SELECT d.actor AS person, d.run, d.at AS asked_at, d.at AS input_at, r.workflow, least(r.taken_at, r.accepted_at) AS taken_at
    FROM l d LEFT JOIN s_ran r ON r.run = d.run
    WHERE d.verb = 'task.delegated' AND d.actor IN (SELECT id FROM people)
      AND NOT EXISTS (SELECT 1 FROM s_out o WHERE o.person = d.actor AND o.since < d.seq AND (o.until IS NULL OR d.seq < o.until))
    UNION ALL
    SELECT b.person, t.run, t.at, CASE WHEN b.taken_at < t.at THEN t.at ELSE b.input_at END, coalesce(r.workflow, b.workflow),
           least(r.taken_at, r.accepted_at)
    FROM begun b JOIN l t ON t.verb = 'task.tried_again' AND t.data ->> 'from' = b.run LEFT JOIN s_ran r ON r.run = t.run
)
SELECT * FROM begun;

CREATE TEMP TABLE s_looks AS
SELECT actor AS person, at AS seen_at FROM l
WHERE verb IN ('sign_in.succeeded', 'output.review_opened') AND actor IN (SELECT id FROM people);

CREATE TEMP TABLE s_runs AS
SELECT b.person, b.run, b.asked_at, r.started_at, coalesce(b.workflow, 'ad hoc') AS workflow,
       CASE WHEN f.run IS NOT NULL THEN 'abandoned' ELSE
           CASE r.last_end WHEN 'run.completed' THEN 'delivered' WHEN 'run.failed' THEN 'failed'
                           WHEN 'run.stopped' THEN 'cancelled' WHEN 'task.stopped' THEN 'cancelled' ELSE 'open' END END AS fate,
       coalesce(f.left_at, r.ended_at) AS ended_at, b.input_at, b.taken_at, r.verdict, r.verdict_at
FROM s_begun b LEFT JOIN s_ran r ON r.run = b.run LEFT JOIN s_left f ON f.run = b.run
WHERE f.run IS NOT NULL OR NOT coalesce(r.aside, false);

CREATE TEMP TABLE s_cases AS
SELECT c.id AS case_id, 'everyone:' || (k.card ->> 'skill') AS workflow, count(*) AS before_n,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY o.minutes) AS before
FROM use_cases c JOIN use_case_cards k ON k.use_case_id = c.id AND k.version = c.version
JOIN use_case_observations o ON o.use_case_id = c.id AND o.how <> 'self_reported' AND o.withdrawn_by IS NULL
WHERE c.live_at IS NOT NULL GROUP BY 1, 2;

CREATE TEMP TABLE s_tickets AS SELECT at AT TIME ZONE 'UTC' AS opened_at FROM support_tickets;

CREATE TEMP TABLE s_groups AS
SELECT 'organisation' AS kind, '' AS name, id AS person FROM people
UNION ALL SELECT 'department', department, id FROM people WHERE department <> '';
