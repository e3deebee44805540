-- The weekly numbers (requirements.md, part B) in plain SQL that PostgreSQL and DuckDB both read. It stands on:
--   weeks(starts, ends)  s_seats  s_actions  s_looks  s_runs  s_cases  s_tickets  s_groups
--   s_teams(team, person)  s_away(person, starts)  s_worked(kind, name, starts, worked)
-- and leaves one row for each week and group in k_numbers. All times without zone: those that end with _at in UTC, for lengths of
-- time, all others where the organisation is, for weeks (B-0). No code of the product.

-- B-1: a seat on three of the five days, by an invitation that was accepted or is a week old. B-2: who of them did something.
CREATE TEMP TABLE k_seats AS
SELECT DISTINCT w.starts, s.person FROM weeks w JOIN s_seats s
  ON s.assigned_on <= w.starts + INTERVAL '3 days' AND (s.removed_on IS NULL OR s.removed_on >= w.starts + INTERVAL '3 days')
 AND (s.accepted_on < w.ends OR s.lapsed_on < w.ends);
CREATE TEMP TABLE k_active AS
SELECT k.starts, k.person FROM k_seats k
JOIN (SELECT DISTINCT date_trunc('week', done_on) AS starts, person FROM s_actions) a ON a.starts = k.starts AND a.person = k.person;
-- B-3: who was seen and did nothing.
CREATE TEMP TABLE k_looks AS SELECT DISTINCT date_trunc('week', seen_on) AS starts, person FROM s_looks;
-- The second figure: days on which there was a seat, of five.
CREATE TEMP TABLE k_days AS
SELECT g.kind, g.name, p.starts, sum(p.days) / 5.0 AS person_days FROM (
    SELECT w.starts, s.person, count(*) AS days FROM weeks w CROSS JOIN (VALUES (0), (1), (2), (3), (4)) d(n) JOIN s_seats s
      ON s.assigned_on < w.starts + (d.n + 1) * INTERVAL '1 day'
     AND (s.removed_on IS NULL OR s.removed_on > w.starts + d.n * INTERVAL '1 day') GROUP BY 1, 2
) p JOIN s_groups g ON g.person = p.person GROUP BY 1, 2, 3;

-- B-4: a gap of more than thirty minutes ends a session; it is of the week in which it began.
CREATE TEMP TABLE k_came AS
SELECT date_trunc('week', done_on) AS starts, person, count(*) AS n FROM (
    SELECT person, done_at, done_on, lag(done_at) OVER (PARTITION BY person ORDER BY done_at, seq) AS before FROM s_actions
) x WHERE before IS NULL OR done_at - before > INTERVAL '30 minutes' GROUP BY 1, 2;

-- B-0: with one or two days that nobody works sessions are divided by worked days of five; with three the week is skipped.
CREATE TEMP TABLE k_scale AS
SELECT kind, name, starts, worked < 3 AS skipped, CASE WHEN worked < 3 THEN 1.0 ELSE CAST(worked AS double precision) / 5 END AS scale
FROM s_worked;
CREATE TEMP TABLE k_use AS
SELECT g.kind, g.name, k.starts, count(*) AS seats, count(a.person) AS active,
       count(o.person) FILTER (WHERE a.person IS NULL) AS passive,
       avg(coalesce(c.n, 0) / w.scale) FILTER (WHERE a.person IS NOT NULL) AS sessions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(c.n, 0) / w.scale) FILTER (WHERE a.person IS NOT NULL) AS sessions_median,
       1.0 * count(a.person) FILTER (WHERE coalesce(c.n, 0) / w.scale < 2) / nullif(count(a.person), 0) AS below_two,
       count(*) FILTER (WHERE y.person IS NULL) AS there, count(a.person) FILTER (WHERE y.person IS NULL) AS there_active
FROM k_seats k JOIN s_groups g ON g.person = k.person
JOIN k_scale w ON w.kind = g.kind AND w.name = g.name AND w.starts = k.starts
LEFT JOIN k_active a ON a.starts = k.starts AND a.person = k.person
LEFT JOIN k_looks o ON o.starts = k.starts AND o.person = k.person
LEFT JOIN k_came c ON c.starts = k.starts AND c.person = k.person
LEFT JOIN s_away y ON y.starts = k.starts AND y.person = k.person
GROUP BY 1, 2, 3;

-- B-6: of what stands rejected seven days after its delivery nothing was completed; what no end was told of is not known.
CREATE TEMP TABLE k_runs AS
SELECT run, person, workflow, regexp_replace(workflow, '^.*:', '') AS short, asked_on, began_on, ended_on, taken_on, asked_at, began_at, ended_at,
       input_at, taken_at,
       CASE WHEN fate = 'delivered' AND verdict = 'rejected' THEN 'rejected' ELSE fate END AS fate
FROM s_runs;
CREATE TEMP TABLE k_completion AS
SELECT g.kind, g.name, w.starts, count(*) AS started,
       count(*) FILTER (WHERE r.fate = 'delivered' AND r.ended_on < w.ends + INTERVAL '7 days') AS completed
FROM k_runs r JOIN weeks w ON w.starts = date_trunc('week', r.began_on) JOIN s_groups g ON g.person = r.person
WHERE r.workflow <> 'ad hoc' AND r.fate <> 'untold'
  AND NOT (r.fate = 'cancelled' AND r.ended_at - r.began_at <= INTERVAL '10 seconds')
GROUP BY 1, 2, 3;

-- B-7: kinds (by whichever plugin) completed in the twelve weeks that end with the week, of active people.
CREATE TEMP TABLE k_months AS
SELECT person, short AS workflow, date_trunc('week', ended_on) AS ended, count(*) AS n
FROM k_runs WHERE fate = 'delivered' AND workflow <> 'ad hoc' GROUP BY 1, 2, 3;
CREATE TEMP TABLE k_kinds AS
SELECT a.starts, a.person, m.workflow, sum(m.n) AS n
FROM k_active a JOIN k_months m
  ON m.person = a.person AND m.ended >= a.starts - INTERVAL '77 days' AND m.ended <= a.starts
GROUP BY 1, 2, 3;
CREATE TEMP TABLE k_each AS
SELECT a.starts, a.person, count(k.workflow) AS kinds, count(k.workflow) FILTER (WHERE k.n >= 2) AS twice,
       EXISTS (SELECT 1 FROM s_seats s WHERE s.person = a.person AND s.assigned_on <= a.starts - INTERVAL '77 days') AS old
FROM k_active a LEFT JOIN k_kinds k ON k.starts = a.starts AND k.person = a.person GROUP BY 1, 2;
CREATE TEMP TABLE k_breadth AS
SELECT g.kind, g.name, e.starts,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.kinds) AS breadth,
       1.0 * count(*) FILTER (WHERE e.kinds >= 3) / count(*) AS three,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.twice) AS repeated,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.kinds) FILTER (WHERE e.old) AS tenured,
       1.0 * count(*) FILTER (WHERE e.old AND e.kinds >= 3) / nullif(count(*) FILTER (WHERE e.old), 0) AS tenured_three,
       count(*) AS broad_n, count(*) FILTER (WHERE e.old) AS tenured_n
FROM k_each e JOIN s_groups g ON g.person = e.person GROUP BY 1, 2, 3;
CREATE TEMP TABLE k_diversity AS
SELECT kind, name, starts, exp(-sum(n / total * ln(n / total))) AS diversity FROM (
    SELECT kind, name, starts, n, sum(n) OVER (PARTITION BY kind, name, starts) AS total FROM (
        SELECT g.kind, g.name, k.starts, k.workflow, CAST(sum(k.n) AS double precision) AS n
        FROM k_kinds k JOIN s_groups g ON g.person = k.person GROUP BY 1, 2, 3, 4
    ) x
) y GROUP BY 1, 2, 3;

-- B-8: minutes from the input to the first taking, of what was taken in those twelve weeks, whenever it was asked for; what was delivered
-- in them and nobody took has no known time. A card names its
-- skill in full or short. A run is one use case's: of those live when it was asked for, that of its person's department or team, else
-- the one for everybody, else another's; the first launched of several.
CREATE TEMP TABLE k_named AS
SELECT DISTINCT r.workflow, c.case_id, lower(c.department) AS department, lower(c.team) AS team, c.live_at, c.retired_at
FROM (SELECT DISTINCT workflow, short FROM k_runs) r JOIN s_cases c ON c.skill = r.workflow OR c.skill = r.short;
CREATE TEMP TABLE k_theirs AS
SELECT person, lower(name) AS name FROM s_groups WHERE kind = 'department' UNION SELECT person, lower(team) FROM s_teams;
CREATE TEMP TABLE k_mine AS
SELECT run, case_id FROM (
    SELECT r.run, c.case_id, row_number() OVER (PARTITION BY r.run ORDER BY
               CASE WHEN d.name IS NOT NULL OR t.name IS NOT NULL THEN 0 WHEN c.department = '' THEN 1 ELSE 2 END, c.live_at, c.case_id) AS n
    FROM k_runs r JOIN k_named c ON c.workflow = r.workflow AND c.live_at <= r.asked_at
     AND (c.retired_at IS NULL OR r.asked_at < c.retired_at)
    LEFT JOIN k_theirs d ON d.person = r.person AND d.name = c.department LEFT JOIN k_theirs t ON t.person = r.person AND t.name = c.team
) x WHERE n = 1;
CREATE TEMP TABLE k_times AS
SELECT r.person, c.case_id, r.ended_on, r.taken_on,
       greatest(extract(epoch FROM (r.taken_at - r.input_at)) / 60.0, 1.0 / 60) AS minutes
FROM k_runs r JOIN k_mine c ON c.run = r.run WHERE r.fate = 'delivered';
CREATE TEMP TABLE k_cases AS
SELECT g.kind, g.name, w.starts, t.case_id, count(*) FILTER (WHERE t.taken_on < w.ends) AS after_n,
       count(*) - count(*) FILTER (WHERE t.taken_on < w.ends) AS silent,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY t.minutes) FILTER (WHERE t.taken_on < w.ends) AS after
FROM weeks w JOIN k_times t ON t.ended_on < w.ends AND ((t.taken_on >= w.starts - INTERVAL '77 days' AND t.taken_on < w.ends)
  OR (t.ended_on >= w.starts - INTERVAL '77 days' AND (t.taken_on IS NULL OR t.taken_on >= w.ends)))
JOIN s_groups g ON g.person = t.person GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE k_saved AS
SELECT k.kind, k.name, k.starts, sum(k.silent) AS silent,
       count(*) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) AS cases,
       sum(k.after_n) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) AS after_n,
       sum(k.after_n * c.before * (1 - k.after / c.before)) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) / 60 AS hours,
       sum(k.after_n * c.before * (1 - k.after / c.before)) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10)
           / sum(k.after_n * c.before) FILTER (WHERE k.after_n >= 10 AND c.before_n >= 10) AS reduction
FROM k_cases k JOIN s_cases c ON c.case_id = k.case_id AND c.before_n > 0 GROUP BY 1, 2, 3;

-- B-10: tickets for each hundred active people.
CREATE TEMP TABLE k_tickets AS SELECT date_trunc('week', opened_on) AS starts, count(*) AS tickets FROM s_tickets GROUP BY 1;

-- Wilson (1927), 95 %: of all seats, of those who were not away, of what was started.
CREATE TEMP TABLE k_shares AS
SELECT kind, name, starts, what, hits / n AS value, n,
       CASE WHEN hits = 0 THEN 0 ELSE (hits / n + z * z / (2 * n)) / (1 + z * z / n)
           - z / (1 + z * z / n) * sqrt(hits / n * (1 - hits / n) / n + z * z / (4 * n * n)) END AS low,
       CASE WHEN hits = n THEN 1 ELSE (hits / n + z * z / (2 * n)) / (1 + z * z / n)
           + z / (1 + z * z / n) * sqrt(hits / n * (1 - hits / n) / n + z * z / (4 * n * n)) END AS high
FROM (
    SELECT kind, name, starts, what, CAST(hits AS double precision) AS hits, CAST(n AS double precision) AS n,
           CAST(1.959963984540054 AS double precision) AS z
    FROM (SELECT kind, name, starts, 'wau' AS what, active AS hits, seats AS n FROM k_use
          UNION ALL SELECT kind, name, starts, 'there', there_active, there FROM k_use
          UNION ALL SELECT kind, name, starts, 'done', completed, started FROM k_completion) x
    WHERE n > 0
) y;

-- B-12: of one to four active people nothing is told but that; nor of a part that they, or the others beside them, are.
CREATE TEMP TABLE k_numbers AS
SELECT w.kind, w.name, w.starts, w.skipped, coalesce(u.seats, 0) AS seats, coalesce(u.active, 0) AS active, u.passive, y.person_days,
       a.value AS wau, a.low AS wau_low, a.high AS wau_high,
       h.value AS adjusted, h.n AS adjusted_n, h.low AS adjusted_low, h.high AS adjusted_high,
       u.sessions, u.sessions_median, u.below_two, c.started, c.completed, e.low AS completion_low, e.high AS completion_high,
       b.breadth, b.three, b.repeated, b.tenured, b.tenured_three, b.broad_n, b.tenured_n,
       CASE WHEN u.active > 0 THEN coalesce(d.diversity, 0) END AS diversity,
       s.silent, s.cases, s.after_n, s.hours, s.reduction,
       CASE WHEN u.active BETWEEN 1 AND 4 THEN 1 ELSE 0 END AS few_active,
       CASE WHEN u.there BETWEEN 1 AND 4 OR (u.there > 0 AND u.seats - u.there BETWEEN 1 AND 4) THEN 1 ELSE 0 END AS few_adjusted,
       CASE WHEN u.active BETWEEN 1 AND 4 OR b.tenured_n BETWEEN 1 AND 4
              OR (b.tenured_n > 0 AND b.broad_n - b.tenured_n BETWEEN 1 AND 4) THEN 1 ELSE 0 END AS few_tenured,
       CASE WHEN w.kind = 'organisation' THEN coalesce(t.tickets, 0) END AS tickets,
       CASE WHEN w.kind = 'organisation' THEN 100.0 * coalesce(t.tickets, 0) / nullif(u.active, 0) END AS ticket_rate
FROM k_scale w
LEFT JOIN k_use u ON u.kind = w.kind AND u.name = w.name AND u.starts = w.starts
LEFT JOIN k_days y ON y.kind = w.kind AND y.name = w.name AND y.starts = w.starts
LEFT JOIN k_shares a ON a.what = 'wau' AND a.kind = w.kind AND a.name = w.name AND a.starts = w.starts
LEFT JOIN k_shares h ON h.what = 'there' AND h.kind = w.kind AND h.name = w.name AND h.starts = w.starts
LEFT JOIN k_completion c ON c.kind = w.kind AND c.name = w.name AND c.starts = w.starts
LEFT JOIN k_shares e ON e.what = 'done' AND e.kind = w.kind AND e.name = w.name AND e.starts = w.starts
LEFT JOIN k_breadth b ON b.kind = w.kind AND b.name = w.name AND b.starts = w.starts
LEFT JOIN k_diversity d ON d.kind = w.kind AND d.name = w.name AND d.starts = w.starts
LEFT JOIN k_saved s ON s.kind = w.kind AND s.name = w.name AND s.starts = w.starts
LEFT JOIN k_tickets t ON t.starts = w.starts;
