"""The programme's numbers at 5,000 people and 52 weeks: roll-up, freezing, pages and memory beside DuckDB on the same
rows; and whether every frozen number equals a recomputation in plain SQL (tests/adoption/sql).

`COLLEAGUE_BENCH_PEOPLE` and `COLLEAGUE_BENCH_WEEKS` make it smaller. `COLLEAGUE_BENCH_HOUSE` names a folder that
`colleague programme simulate --keep` left: instead of the year all that was frozen in it is counted again, from the
sealed entries of its ledger on.
"""

import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import httpx
import psutil
import psycopg
from psycopg.rows import dict_row
from sqlalchemy import text
from tests.adoption.sql.compare import compared, counted_again, counted_of_people, differ

from bench._year import DEPARTMENTS, SKILLS, fill
from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.figures import Numbers
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.frozen.kept import newest_rows, numbers_of
from colleague.adoption.frozen.running import run_ahead
from colleague.adoption.people.first_week import LOOKED_BACK, savings_of_first_weeks
from colleague.adoption.weeks import Week, week_of
from colleague.audit.event import Event
from colleague.audit.many import record_many
from colleague.audit.seal import seal
from colleague.kit import embedded, log
from colleague.kit.db import Database
from colleague.kit.settings import Settings
from colleague.rollout.champions.suggest import signals
from colleague.rollout.simulate.behave import Behaviour, Work, begins
from colleague.rollout.simulate.model import Scenario
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.postgres import TestPostgres
from colleague.web.app import create_app

Row = tuple[str, float, str, str]
PEOPLE = int(os.environ.get("COLLEAGUE_BENCH_PEOPLE", "5000"))
WEEKS = int(os.environ.get("COLLEAGUE_BENCH_WEEKS", "52"))
HOUSE = os.environ.get("COLLEAGUE_BENCH_HOUSE", "")
REQUESTS, PATIENCE = 12, 30.0
BEGIN = date(2026, 1, 5)
SQL = Path(__file__).parent.parent / "tests" / "adoption" / "sql"
PAGES = ("/adoption", "/adoption?by=department", "/programme", "/readout")
# From the rows of facts to the tables that the plain SQL stands on.
VIEWS: Mapping[str, str] = {
    "weeks": "SELECT timestamp '2026-01-05' + n * interval '7 days' AS starts, timestamp '2026-01-12' + n * interval "
    f"'7 days' AS ends FROM generate_series(0, {WEEKS - 1}) n",
    "s_seats": "SELECT person_id AS person, assigned_at AT TIME ZONE 'UTC' AS assigned_on, (assigned_at + interval '7 "
    "days') AT TIME ZONE 'UTC' AS lapsed_on, accepted_at AT TIME ZONE 'UTC' AS accepted_on, removed_at AT TIME ZONE "
    "'UTC' AS removed_on FROM adoption_seats",
    "s_looks": "SELECT person_id AS person, at AT TIME ZONE 'UTC' AS seen_on FROM adoption_looks",
    "s_actions": "SELECT seq, person_id AS person, at AT TIME ZONE 'UTC' AS done_at, at AT TIME ZONE 'UTC' AS done_on "
    "FROM adoption_actions",
    "s_runs": "SELECT *, asked_at AS asked_on, began_at AS began_on, ended_at AS ended_on, taken_at AS taken_on FROM "
    "(SELECT person_id AS person, run_id AS run, asked_at AT TIME ZONE 'UTC' AS asked_at, coalesce(started_at, "
    "asked_at) AT TIME ZONE 'UTC' AS began_at, workflow, CASE WHEN \"end\" = 'open' AND channel LIKE 'telemetry:%' "
    "THEN 'untold' ELSE \"end\" END AS fate, ended_at AT TIME ZONE 'UTC' AS ended_at, "
    "asked_at AT TIME ZONE 'UTC' AS input_at, taken_at AT TIME ZONE 'UTC' AS taken_at, verdict "
    "FROM adoption_runs WHERE \"end\" <> 'aside') x",
    "s_cases": "SELECT c.id AS case_id, k.card ->> 'skill' AS skill, '' AS department, '' AS team, c.live_at AT TIME "
    "ZONE 'UTC' AS live_at, c.retired_at AT TIME ZONE 'UTC' AS retired_at, count(*) AS before_n, percentile_cont(0.5) "
    "WITHIN GROUP (ORDER BY o.minutes) AS before FROM use_cases c JOIN use_case_cards k ON k.use_case_id = c.id JOIN "
    "use_case_observations o ON o.use_case_id = c.id WHERE c.live_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6",
    "s_teams": "SELECT t.name AS team, m.person_id AS person FROM teams t JOIN memberships m ON m.team_id = t.id",
    "s_tickets": "SELECT at AT TIME ZONE 'UTC' AS opened_on FROM support_tickets",
    "s_groups": "SELECT 'organisation' AS kind, '' AS name, id AS person FROM people UNION ALL SELECT 'department', "
    "department, id FROM people WHERE department <> ''",
    "s_away": "SELECT person_id AS person, timestamp '2026-01-05' AS starts FROM adoption_absences",
    "s_worked": "SELECT kind, name, timestamp '2026-01-05' + n * interval '7 days' AS starts, 5 AS worked FROM (SELECT "
    "'organisation' AS kind, '' AS name UNION SELECT 'department', department FROM people WHERE department <> '') g, "
    f"generate_series(0, {WEEKS - 1}) n",
}  # fmt: skip
TIMES = ("_at", "_on", "starts", "ends")
CASES = """
INSERT INTO use_cases (id, name, state, version, created_at, live_at, new_capability, retired_why)
SELECT 'uc_' || lpad(n::text, 26, '0'), 'Use case ' || n, 'live', 1, now(), timestamptz '2026-01-05', '', ''
FROM generate_series(0, {cases} - 1) n;
INSERT INTO use_case_cards (use_case_id, version, card, by, at)
SELECT 'uc_' || lpad(n::text, 26, '0'), 1, jsonb_build_object('name', 'Use case ' || n, 'skill', 's' || n, 'data_class',
       'internal', 'connectors', '[]'::jsonb, 'ritual', NULL, 'owner', p.id), p.id, now()
FROM generate_series(0, {cases} - 1) n, (SELECT min(id) AS id FROM people) p;
INSERT INTO use_case_observations (id, use_case_id, version, person_id, minutes, "on", how, note, by, at, withdrawn_why)
SELECT 'obs_' || lpad((100 * n + o)::text, 26, '0'), 'uc_' || lpad(n::text, 26, '0'), 1,
       'person_' || lpad((1 + o % 8)::text, 26, '0'), 60 + (o * 37) % 41, date '2026-01-02', 'timed', '', p.id,
       now(), ''
FROM generate_series(0, {cases} - 1) n, generate_series(1, 48) o, (SELECT min(id) AS id FROM people) p;
INSERT INTO programme (id, sponsor_id, lead_id, goal, changed_by, changed_at)
SELECT 1, max(id), min(id), 'Bids go out in half the time.', min(id), now() FROM people;
INSERT INTO programme_moves (id, kind, from_phase, to_phase, state, why, snapshot, digest, proposed_by, proposed_at,
                             "on")
SELECT 'move_' || lpad(n::text, 26, '0'), CASE n WHEN 1 THEN 'start' ELSE 'gate' END, greatest(n - 1, 1), n, 'done', '',
       '{{}}', '', min(id), timestamptz '2026-01-05' + n * interval '1 minute', date '2026-01-05'
FROM people, generate_series(1, 4) n GROUP BY n;
"""


def peak() -> float:
    """Return the highest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


async def rolled(home: TestHouse, clock: TestClock) -> list[Row]:
    """Roll a week of five hundred people up from their sealed entries."""
    house, dice = home.house, Random(1)
    async with house.database.transaction() as session:
        query = text("SELECT id FROM people WHERE email LIKE 'bench%' ORDER BY id LIMIT 500")
        ids = list(await session.scalars(query))
    played = Behaviour(Scenario(), [Work(f"s{n}", 60) for n in range(SKILLS)], dice)
    doings = played.week([played.newcomer(person, 0) for person in ids], 0, begins(BEGIN))
    async with house.database.transaction() as session:
        await record_many(
            session, ((d.at, Event(d.verb, d.actor, d.subject, d.run, data=d.data)) for d in doings)
        )  # fmt: skip
    started = time.perf_counter()
    while await seal(house.database, signer=house.signer, sink=None, clock=clock):
        pass
    sealed = len(doings) / (time.perf_counter() - started)
    started, count = time.perf_counter(), 0
    while took := await roll_up(house.database):
        count += took
    spent = time.perf_counter() - started
    day = PEOPLE / len(ids) * len(doings) / 5
    return [
        ("roll-up, ledger to facts", count / spent, "entries/s", f"sealing the same entries: {sealed:,.0f}/s"),
        (f"a working day of {PEOPLE:,} people, rolled up", day * spent / count, "s", f"{day:,.0f} entries"),
    ]


async def frozen(home: TestHouse, clock: TestClock, beside: str) -> tuple[list[Row], dict[Any, Numbers]]:
    """Freeze every week that is due, and return what was kept."""
    house, spent, before = home.house, [], peak()
    while True:
        started = time.perf_counter()
        if not await freeze_next(house.database, house.groups, ledger=house.ledger, clock=clock):
            break
        spent.append(time.perf_counter() - started)
    async with house.database.transaction() as session:
        rows = await newest_rows(session, week_of(BEGIN), week_of(BEGIN + timedelta(weeks=WEEKS)))
    what = f"a week of {PEOPLE:,} people and {DEPARTMENTS} departments, frozen (of {len(spent)})"
    return [
        (what, statistics.median(spent), "s", beside),
        ("memory that freezing takes at most", max(peak() - before, 0), "MB", "of one process, over what it had"),
    ], numbers_of(rows)


async def pages(home: TestHouse) -> list[Row]:
    """Compute the open weeks ahead, as the job does, then open each page as the owner, again and again."""
    started = time.perf_counter()
    await run_ahead(home.house.database, home.house.groups, clock=home.house.clock)
    ahead = time.perf_counter() - started
    app = create_app(home.house.by_type(), settings=home.house.settings, lifespan=None)
    base = "http://127.0.0.1:8080"
    rows: list[Row] = [("open weeks, computed ahead", ahead, "s", "by a job; pages read what it left")]
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    process = psutil.Process()
    async with httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base}, timeout=None) as client:
        await client.post("/sign-in/demo", data={"person": "owner@aldermoor.example"})
        for path in PAGES:
            before, found = process.memory_info().rss, []
            # A slow page is asked fewer times.
            while len(found) < REQUESTS and sum(found) < PATIENCE:
                started = time.perf_counter()
                answer = await client.get(path)
                assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
                found.append(time.perf_counter() - started)
            grown = (process.memory_info().rss - before) / 1_000_000
            slow = sorted(found)[int(0.95 * len(found))]
            note = f"first {found[0]:.2f} s, p95 {slow:.2f} s of {len(found)}, {grown:+,.0f} MB"
            rows.append((f"page {path}, p50", statistics.median(found), "s", note))
    return rows


def in_duckdb(url: str, folder: Path) -> tuple[str, float]:
    """Compute the weekly numbers in DuckDB on the same rows; return in words how long that took, and seconds a week."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, query in VIEWS.items():
            with (
                (folder / f"{name}.csv").open("wb") as file,
                connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)") as copy,
            ):
                for block in copy:
                    file.write(block)
    duck = duckdb.connect()
    duck.execute("SET threads = 2")
    for name in VIEWS:
        columns = (folder / f"{name}.csv").open().readline().strip().split(",")
        times = {column: "TIMESTAMP" for column in columns if column.endswith(TIMES)}
        duck.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_csv('{folder / name}.csv', header = true, "
            f"allow_quoted_nulls = false, types = {times or {columns[0]: 'VARCHAR'}})"
        )  # fmt: skip
    started = time.perf_counter()
    duck.execute((SQL / "kpis.sql").read_text())
    spent = time.perf_counter() - started
    return f"DuckDB, {WEEKS} weeks and {DEPARTMENTS + 1} groups at once: {spent:.1f} s", spent


def in_postgres(url: str, now: datetime) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Return every number, counted again in plain SQL; and what is counted of each person at an instant."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET work_mem = '256MB'")
        for name, query in VIEWS.items():
            connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
            connection.execute(f"ANALYZE {name}")
        connection.execute((SQL / "kpis.sql").read_text())
        rows = connection.execute("SELECT * FROM k_numbers").fetchall()
        return rows, counted_of_people(connection, now)


async def same_of_people(home: TestHouse, rows: Mapping[str, list[dict[str, Any]]]) -> Row:
    """Compare what champions are suggested by, and savings of first weeks, person by person."""
    house, now = home.house, home.house.clock.now()
    async with house.database.transaction() as session:
        calendar = await read_calendar(session)
        started = time.perf_counter()
        told = await signals(session, calendar, now)
        spent = time.perf_counter() - started
        saved = await savings_of_first_weeks(session, calendar, now - LOOKED_BACK, now)
    wrong = [
        (row, mine) for row in rows["signals"]
        if differ(row["sessions"], (mine := told.get(row["person"], (0.0, 0, 0, 0)))[0])
        or (row["kinds"], row["completed"], row["started"]) != mine[1:]
    ]  # fmt: skip
    wrong += [(row, least) for row in rows["first"] if differ(row["saved"], (least := saved.get(row["person"])))]
    all_ = {row["person"] for row in rows["signals"]} == {one for one, said in told.items() if any(said)}
    same = "EQUAL" if all_ and not wrong else f"NOT EQUAL: {len(wrong)}, such as {wrong[:1]}"
    note = f"{same}; of {len(rows['first'])} the first week too; read in {spent:.1f} s"
    return ("people whose twelve weeks and first week equal the plain SQL", len(rows["signals"]), "people", note)


def equal(rows: list[dict[str, Any]], kept: Mapping[Any, Numbers]) -> Row:
    """Compare, and say how many numbers are equal."""
    named = {(row["kind"], row["name"]) for row in rows}
    mine = {key: one for key, one in kept.items() if key[:2] in named}
    same, wrong = compared(rows, mine)
    note = "EQUAL, all of them" if not wrong else f"NOT EQUAL: {len(wrong)} groups and weeks, such as {wrong[0]}"
    return ("numbers equal to the plain SQL", same, "numbers", note)


async def of_house(url: str) -> list[Row]:
    """Count every frozen number of a house that was played again: from its sealed ledger, by SQL alone."""
    database = Database(url)
    async with database.transaction() as session:
        kept = numbers_of(await newest_rows(session, Week(2000, 1), Week(2099, 52)))
        entries = await session.scalar(text("SELECT count(*) FROM ledger_entries WHERE seq IS NOT NULL")) or 0
    await database.close()
    started = time.perf_counter()
    rows = counted_again(url)
    spent = time.perf_counter() - started
    told = [key for key in kept if key[0] in ("organisation", "department")]
    return [
        ("entries of the ledger, counted again in plain SQL", entries, "entries", f"{spent:.1f} s in PostgreSQL"),
        ("frozen weeks of the organisation and departments", len(told), "weeks", f"of {len(kept)} of all groups"),
        equal(rows, kept),
    ]


async def measure(url: str, small: str, folder: Path) -> list[Row]:
    clock = TestClock(datetime(2026, 1, 14, 12, tzinfo=UTC))
    home = await furnish(small, folder / "small", clock=clock, demo=True)
    fill(small, people=500, weeks=1)
    with psycopg.connect(small) as connection:
        connection.execute(
            "TRUNCATE adoption_looks, adoption_actions, adoption_runs, adoption_last, adoption_place, adoption_seats"
        )
    rows = await rolled(home, clock)
    await home.house.close()
    clock = TestClock(datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(weeks=WEEKS, days=1))
    home = await furnish(url, folder / "year", clock=clock, demo=True)
    started = time.perf_counter()
    entries = fill(url, people=PEOPLE, weeks=WEEKS)
    with psycopg.connect(url) as connection:
        connection.execute(CASES.format(cases=SKILLS))
    rows.append(("the year", entries, "entries", f"written as facts in {time.perf_counter() - started:.0f} s"))
    words, _ = in_duckdb(url, folder)
    more, kept = await frozen(home, clock, words)
    rows += more
    rows += await pages(home)
    rows.append(("memory of the whole process at most", peak(), "MB", "after all of it, the comparison left out"))
    again, people = in_postgres(url, home.house.clock.now())
    rows += [equal(again, kept), await same_of_people(home, people)]
    await home.house.close()
    return rows


def bench() -> list[Row]:
    """Return the rows: of the year, or of the house that was named."""
    log.setup(level="ERROR")
    if HOUSE:
        return asyncio.run(of_house(embedded.address(Settings(data_dir=Path(HOUSE), database_url=None))))
    with tempfile.TemporaryDirectory() as folder:
        postgres = TestPostgres(Path(folder) / "pg")
        with postgres.database() as url, postgres.database() as small:
            return asyncio.run(measure(url, small, Path(folder)))
