"""A year of facts in bulk: five thousand people, twenty departments, ten million events, in the form the roll-up gives.

That the roll-up gives this form from a ledger is shown on a smaller year (tests/adoption/sql).
"""

from typing import Final

import psycopg

PEOPLE, WEEKS, DEPARTMENTS, SKILLS = 5000, 52, 20, 5
FIRST: Final = "2026-01-05"
ONSET: Final = "timestamptz '2026-01-05 00:00+00'"

PERSONS: Final = f"""
INSERT INTO people (id, email, name, active, department, created_at)
SELECT 'person_' || lpad(n::text, 26, '0'), 'bench' || n || '@aldermoor.example', 'Person ' || n, true,
       'Department ' || lpad((n % {DEPARTMENTS})::text, 2, '0'), {ONSET} - interval '20 days'
FROM generate_series(1, {{people}}) n;
INSERT INTO person_roles (person_id, role) SELECT id, 'member' FROM people WHERE email LIKE 'bench%';
INSERT INTO adoption_seats (seq, person_id, assigned_at, accepted_at)
SELECT n, 'person_' || lpad(n::text, 26, '0'), {ONSET} - interval '9 days' + (n % 97) * interval '1 hour',
       CASE WHEN n % 50 > 0 THEN {ONSET} - interval '2 days' + (n % 97) * interval '1 hour' END
FROM generate_series(1, {{people}}) n;
"""
# Four to five sessions a week for who is there, a run and a half in each, of one to four kinds of work. A condition
# names every column that it is drawn for: else PostgreSQL draws once and keeps the rows.
RUNS: Final = f"""
CREATE TEMP TABLE came AS
SELECT p, w, s, {ONSET} + w * interval '7 days' + floor(random() * 5) * interval '1 day'
       + interval '8 hours' + random() * interval '9 hours' AS at
FROM generate_series(1, {{people}}) p, generate_series(0, {{weeks}} - 1) w, generate_series(1, 6) s
WHERE p % 50 > 0 AND abs(hashint4(p * 64 + w)) % 100 < 86 AND random() + 0 * (p + w + s) < 0.76;
INSERT INTO adoption_runs (run_id, task_id, person_id, channel, workflow, asked_at, started_at, "end", ended_at,
                           taken_at, verdict, reviewed, seq)
SELECT 'run_' || lpad(n::text, 26, '0'), 'task_' || lpad(n::text, 26, '0'), 'person_' || lpad(p::text, 26, '0'), 'page',
       skill, asked, asked + interval '2 seconds', fate, CASE WHEN fate <> 'open' THEN asked + took * 0.6 END,
       CASE WHEN fate = 'delivered' AND luck < 0.8 THEN asked + took END,
       CASE WHEN fate = 'delivered' AND luck > 0.97 THEN 'rejected' ELSE '' END,
       CASE WHEN fate = 'delivered' AND luck > 0.97 THEN 1 ELSE 0 END, n
FROM (
    SELECT row_number() OVER (ORDER BY at, p, k) AS n, p, at + k * interval '7 minutes' AS asked,
           (ARRAY['ad hoc', 's0', 's1', 's2', 's3', 's4'])[1 + floor(random() * (2 + p % 4))::int] AS skill,
           (ARRAY['delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'failed',
                  'cancelled', 'open'])[1 + floor(random() * 10)::int] AS fate,
           random() AS luck, exp(2.6 + random() * 1.4) * interval '1 minute' AS took
    FROM came, generate_series(0, 1) k WHERE k * p = 0 OR random() + 0 * p < 0.55
) x;
"""
# A start, messages on the way, and the taking of what came out.
ACTIONS: Final = """
CREATE TEMP TABLE did AS
SELECT person_id, asked_at AS at, 'start' AS kind FROM adoption_runs
UNION ALL SELECT person_id, asked_at + m * interval '70 seconds' + random() * interval '60 seconds', 'say'
          FROM adoption_runs, generate_series(1, 3) m WHERE random() + 0 * m * seq < 0.75
UNION ALL SELECT person_id, taken_at, 'use' FROM adoption_runs WHERE taken_at IS NOT NULL;
INSERT INTO adoption_actions (seq, person_id, at, kind, session)
SELECT seq, person_id, at, kind, max(CASE WHEN begins THEN seq END) OVER (PARTITION BY person_id ORDER BY at, seq)
FROM (SELECT *, coalesce(at - lag(at) OVER (PARTITION BY person_id ORDER BY at, seq) > interval '30 minutes',
                                true) AS begins
      FROM (SELECT row_number() OVER (ORDER BY at, person_id, kind) AS seq, * FROM did) x) y;
INSERT INTO adoption_last (person_id, at, session)
SELECT DISTINCT ON (person_id) person_id, at, session FROM adoption_actions ORDER BY person_id, seq DESC;
INSERT INTO adoption_place (name, seq) VALUES ('ledger', 100000000)
ON CONFLICT (name) DO UPDATE SET seq = excluded.seq;
"""
# The indexes are made after the rows: with them it takes three times as long.
INDEXES: Final = ("adoption_actions", "adoption_runs")


def fill(url: str, *, people: int = PEOPLE, weeks: int = WEEKS) -> int:
    """Write the year and return how many entries of the ledger it stands for."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        connection.execute("SELECT setseed(0.5)")
        kept = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT LIKE 'pk_%%'",
            (list(INDEXES),),
        ).fetchall()
        for name, _ in kept:
            connection.execute(f'DROP INDEX "{name}"')
        for statements in (PERSONS, RUNS, ACTIONS):
            connection.execute(statements.format(people=people, weeks=weeks))
        for _, definition in kept:
            connection.execute(definition)
        runs = "SELECT count(*) * 2 + count(ended_at) + count(*) FILTER (WHERE workflow <> 'ad hoc') FROM adoption_runs"
        entries = f"SELECT (SELECT count(*) FROM adoption_actions WHERE kind <> 'start') + ({runs})"
        row = connection.execute(entries).fetchone()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return int(row[0]) if row else 0
