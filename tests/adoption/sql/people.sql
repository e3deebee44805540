-- What twelve complete weeks say of each person (CH-2), and the savings of first weeks (AD-4), in plain SQL. Stands on what kpis.sql
-- left, on the days nobody works, and on counted.now: the instant of asking, where the organisation is. No code of the product.
CREATE TEMP TABLE p_now AS
SELECT at, date_trunc('week', at) AS until, date_trunc('week', at) - INTERVAL '84 days' AS since
FROM (SELECT current_setting('counted.now')::timestamp AS at) x;
CREATE FUNCTION pg_temp.worked(first timestamp, monday timestamp) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT count(*) FROM generate_series(0, 4) n WHERE (monday + n * INTERVAL '1 day')::date >= first::date
   AND NOT EXISTS (SELECT 1 FROM adoption_holidays h WHERE h.department = '' AND h."on" = (monday + n * INTERVAL '1 day')::date) $$;

-- B-4: sessions a week over the last four that count.
CREATE TEMP TABLE p_weeks AS
SELECT starts, worked / 5.0 AS scale FROM (
    SELECT starts, pg_temp.worked(starts, starts) AS worked FROM p_now, generate_series(since, until - INTERVAL '7 days', INTERVAL '7 days') starts
) x WHERE worked >= 3 ORDER BY starts DESC LIMIT 4;
CREATE TEMP TABLE p_came AS
SELECT c.person, sum(c.n / w.scale) / 4 AS sessions FROM k_came c JOIN p_weeks w ON w.starts = c.starts GROUP BY 1;
-- B-7: by when it was completed. B-6: by when it was started, once the week is mature.
CREATE TEMP TABLE p_kinds AS
SELECT person, count(DISTINCT short) AS kinds FROM k_runs, p_now
WHERE fate = 'delivered' AND workflow <> 'ad hoc' AND ended_on >= since AND ended_on < until GROUP BY 1;
CREATE TEMP TABLE p_done AS
SELECT person, count(*) AS started,
       count(*) FILTER (WHERE fate = 'delivered' AND ended_on < date_trunc('week', began_on) + INTERVAL '14 days') AS completed
FROM k_runs, p_now
WHERE workflow <> 'ad hoc' AND fate <> 'untold' AND began_on >= since AND began_on < until
  AND NOT (fate = 'cancelled' AND ended_at - began_at <= INTERVAL '10 seconds')
  AND date_trunc('week', began_on) + INTERVAL '14 days' <= at GROUP BY 1;
CREATE TEMP TABLE p_signals AS
SELECT person, coalesce(sessions, 0) AS sessions, coalesce(kinds, 0) AS kinds, coalesce(completed, 0) AS completed,
       coalesce(started, 0) AS started
FROM p_came FULL JOIN p_kinds USING (person) FULL JOIN p_done USING (person);

-- B-0: one's own weeks are those with three worked days from the first sign-in on.
CREATE TEMP TABLE p_seats AS
SELECT DISTINCT ON (person) person, accepted_on, removed_on FROM s_seats, p_now
WHERE accepted_on >= at - INTERVAL '238 days' ORDER BY person, assigned_on DESC;
CREATE TEMP TABLE p_own AS
SELECT person, accepted_on, removed_on, starts, row_number() OVER (PARTITION BY person ORDER BY starts) AS nth
FROM p_seats CROSS JOIN LATERAL generate_series(date_trunc('week', accepted_on), accepted_on + INTERVAL '200 days', INTERVAL '7 days') starts
WHERE pg_temp.worked(accepted_on, starts) >= 3;
-- AD-4, B-8: by what was taken in the first week, and took less than before.
CREATE TEMP TABLE p_first AS
SELECT o.person, coalesce(sum(c.before - took) FILTER (WHERE took < c.before), 0) AS saved
FROM p_own o LEFT JOIN (
    SELECT r.person, r.taken_on, m.case_id, extract(epoch FROM (r.taken_at - r.input_at)) / 60.0 AS took
    FROM k_runs r JOIN k_mine m ON m.run = r.run WHERE r.fate = 'delivered'
) t ON t.person = o.person AND t.taken_on >= o.accepted_on AND t.taken_on < o.starts + INTERVAL '7 days'
LEFT JOIN s_cases c ON c.case_id = t.case_id AND c.before_n > 0
WHERE o.nth = 1 GROUP BY 1;
CREATE TEMP TABLE p_split AS
SELECT f.saved > 0 AS saved, count(*) AS people, count(*) FILTER (WHERE EXISTS (
           SELECT 1 FROM p_own w JOIN s_actions a ON a.person = w.person AND a.done_on >= w.starts AND a.done_on < w.starts + INTERVAL '7 days'
           WHERE w.person = f.person AND w.nth BETWEEN 5 AND 8)) AS back
FROM p_first f JOIN p_own e ON e.person = f.person AND e.nth = 8, p_now
WHERE e.starts + INTERVAL '7 days' <= p_now.at AND (e.removed_on IS NULL OR e.removed_on >= e.starts + INTERVAL '7 days')
GROUP BY 1;
