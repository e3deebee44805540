-- The weekly numbers (requirements.md, part B) in plain SQL that PostgreSQL and DuckDB both read. It stands on:
--   weeks(starts, ends)  s_seats  s_actions  s_looks  s_runs  s_cases  s_tickets  s_groups       all times without zone, in UTC
-- and leaves one row for each week and group in k_numbers. No code of the product.

-- B-1: a seat on three of the five days. B-2: who of them did something.
CREATE TEMP TABLE k_seats AS
SELECT DISTINCT w.starts, s.person FROM weeks w JOIN s_seats s
  ON s.assigned_at <= w.starts + INTERVAL '3 days' AND (s.removed_at IS NULL OR s.removed_at >= w.starts + INTERVAL '3 days')
 AND (s.accepted_at < w.ends OR s.assigned_at + INTERVAL '7 days' < w.ends);
CREATE TEMP TABLE k_active AS
SELECT k.starts, k.person FROM k_seats k
JOIN (SELECT DISTINCT date_trunc('week', done_at) AS starts, person FROM s_actions) a ON a.starts = k.starts AND a.person = k.person;

-- B-3: who was seen and did nothing.
CREATE TEMP TABLE k_looks AS SELECT DISTINCT date_trunc('week', seen_at) AS starts, person FROM s_looks;

-- B-4: a gap of more than thirty minutes ends a session; it is of the week in which it began.
CREATE TEMP TABLE k_came AS
SELECT date_trunc('week', done_at) AS starts, person, count(*) AS n FROM (
    SELECT person, done_at, lag(done_at) OVER (PARTITION BY person ORDER BY done_at, seq) AS before FROM s_actions
) x WHERE before IS NULL OR done_at - before > INTERVAL '30 minutes' GROUP BY 1, 2;

CREATE TEMP TABLE k_use AS
SELECT g.kind, g.name, k.starts, count(*) AS seats, count(a.person) AS active,
       count(o.person) FILTER (WHERE a.person IS NULL) AS passive,
       avg(coalesce(c.n, 0)) FILTER (WHERE a.person IS NOT NULL) AS sessions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(c.n, 0)) FILTER (WHERE a.person IS NOT NULL) AS sessions_median,
       1.0 * count(a.person) FILTER (WHERE coalesce(c.n, 0) < 2) / nullif(count(a.person), 0) AS below_two
FROM k_seats k JOIN s_groups g ON g.person = k.person
LEFT JOIN k_active a ON a.starts = k.starts AND a.person = k.person
LEFT JOIN k_looks o ON o.starts = k.starts AND o.person = k.person
LEFT JOIN k_came c ON c.starts = k.starts AND c.person = k.person
GROUP BY 1, 2, 3;

-- B-6: what was rejected within seven days of its delivery was not completed.
CREATE TEMP TABLE k_runs AS
SELECT person, workflow, asked_at, coalesce(started_at, asked_at) AS began, ended_at, input_at, taken_at,
       CASE WHEN fate = 'delivered' AND verdict = 'rejected' AND verdict_at <= ended_at + INTERVAL '7 days'
            THEN 'rejected' ELSE fate END AS fate
FROM s_runs;
CREATE TEMP TABLE k_completion AS
SELECT g.kind, g.name, w.starts, count(*) AS started,
       count(*) FILTER (WHERE r.fate = 'delivered' AND r.ended_at < w.ends + INTERVAL '7 days') AS completed
FROM k_runs r JOIN weeks w ON w.starts = date_trunc('week', r.began) JOIN s_groups g ON g.person = r.person
WHERE r.workflow <> 'ad hoc'
  AND NOT (r.fate = 'cancelled' AND r.ended_at - r.began <= INTERVAL '10 seconds')
GROUP BY 1, 2, 3;

-- B-7: kinds (by whichever plugin) completed in the twelve weeks that end with the week, of active people.
CREATE TEMP TABLE k_months AS
SELECT person, regexp_replace(workflow, '^.*:', '') AS workflow, date_trunc('week', asked_at) AS asked, date_trunc('week', ended_at) AS ended, count(*) AS n
FROM k_runs WHERE fate = 'delivered' AND workflow <> 'ad hoc' GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE k_kinds AS
SELECT a.starts, a.person, m.workflow, sum(m.n) AS n
FROM k_active a JOIN k_months m
  ON m.person = a.person AND m.asked >= a.starts - INTERVAL '77 days' AND m.ended <= a.starts
GROUP BY 1, 2, 3;
CREATE TEMP TABLE k_each AS
SELECT a.starts, a.person, count(k.workflow) AS kinds, count(k.workflow) FILTER (WHERE k.n >= 2) AS twice,
       EXISTS (SELECT 1 FROM s_seats s WHERE s.person = a.person AND s.assigned_at <= a.starts - INTERVAL '77 days') AS old
FROM k_active a LEFT JOIN k_kinds k ON k.starts = a.starts AND k.person = a.person GROUP BY 1, 2;
CREATE TEMP TABLE k_breadth AS
SELECT g.kind, g.name, e.starts,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.kinds) AS breadth,
       1.0 * count(*) FILTER (WHERE e.kinds >= 3) / count(*) AS three,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.twice) AS repeated,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.kinds) FILTER (WHERE e.old) AS tenured,
       1.0 * count(*) FILTER (WHERE e.old AND e.kinds >= 3) / nullif(count(*) FILTER (WHERE e.old), 0) AS tenured_three
FROM k_each e JOIN s_groups g ON g.person = e.person GROUP BY 1, 2, 3;
CREATE TEMP TABLE k_diversity AS
SELECT kind, name, starts, exp(-sum(n / total * ln(n / total))) AS diversity FROM (
    SELECT kind, name, starts, n, sum(n) OVER (PARTITION BY kind, name, starts) AS total FROM (
        SELECT g.kind, g.name, k.starts, k.workflow, CAST(sum(k.n) AS double precision) AS n
        FROM k_kinds k JOIN s_groups g ON g.person = k.person GROUP BY 1, 2, 3, 4
    ) x
) y GROUP BY 1, 2, 3;

-- B-8: minutes from the input to the first taking, over the same twelve weeks; what nobody took has no known time.
CREATE TEMP TABLE k_times AS
SELECT r.person, c.case_id, r.asked_at, r.ended_at, r.taken_at,
       greatest(extract(epoch FROM (r.taken_at - r.input_at)) / 60.0, 1.0 / 60) AS minutes
FROM k_runs r JOIN s_cases c ON c.workflow = r.workflow WHERE r.fate = 'delivered';
CREATE TEMP TABLE k_cases AS
SELECT g.kind, g.name, w.starts, t.case_id, count(*) FILTER (WHERE t.taken_at < w.ends) AS after_n,
       count(*) - count(*) FILTER (WHERE t.taken_at < w.ends) AS silent,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY t.minutes) FILTER (WHERE t.taken_at < w.ends) AS after
FROM weeks w JOIN k_times t ON t.asked_at >= w.starts - INTERVAL '77 days' AND t.asked_at < w.ends AND t.ended_at < w.ends
JOIN s_groups g ON g.person = t.person GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE k_saved AS
SELECT k.kind, k.name, k.starts, sum(k.silent) AS silent,
       count(*) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) AS cases,
       sum(k.after_n) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) AS after_n,
       sum(k.after_n * c.before * (1 - k.after / c.before)) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) / 60 AS hours,
       sum(k.after_n * c.before * (1 - k.after / c.before)) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10)
           / sum(k.after_n * c.before) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) AS reduction
FROM k_cases k JOIN s_cases c ON c.case_id = k.case_id GROUP BY 1, 2, 3;

-- B-10: tickets for each hundred active people.
CREATE TEMP TABLE k_tickets AS SELECT date_trunc('week', opened_at) AS starts, count(*) AS tickets FROM s_tickets GROUP BY 1;

CREATE TEMP TABLE k_numbers AS
SELECT u.kind, u.name, u.starts, u.seats, u.active, u.passive, u.sessions, u.sessions_median, u.below_two, c.started, c.completed,
       b.breadth, b.three, b.repeated, b.tenured, b.tenured_three, CASE WHEN u.active > 0 THEN coalesce(d.diversity, 0) END AS diversity,
       s.silent, s.cases, s.after_n, s.hours, s.reduction,
       CASE WHEN u.kind = 'organisation' THEN coalesce(t.tickets, 0) END AS tickets,
       CASE WHEN u.kind = 'organisation' THEN 100.0 * coalesce(t.tickets, 0) / nullif(u.active, 0) END AS ticket_rate
FROM k_use u
LEFT JOIN k_completion c ON c.kind = u.kind AND c.name = u.name AND c.starts = u.starts
LEFT JOIN k_breadth b ON b.kind = u.kind AND b.name = u.name AND b.starts = u.starts
LEFT JOIN k_diversity d ON d.kind = u.kind AND d.name = u.name AND d.starts = u.starts
LEFT JOIN k_saved s ON s.kind = u.kind AND s.name = u.name AND s.starts = u.starts
LEFT JOIN k_tickets t ON t.starts = u.starts;
