"""What the product says of a week beside what the plain SQL says, name by name."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from colleague.adoption.figures import Numbers
from colleague.adoption.weeks import Week, week_of

HERE = Path(__file__).parent
Key = tuple[str, str, Week]


def told(one: Numbers) -> dict[str, Any]:
    """Return what the product says of a week, under the names that the SQL gives; `few_`: what it leaves out (B-12)."""
    use, broad, old, time, done = one.frequency, one.breadth, one.tenured, one.time, one.completion
    wau, there, few = one.wau, one.adjusted, one.told().few
    return {
        "skipped": one.skipped, "seats": one.people, "active": one.active, "passive": one.passive,
        "person_days": one.days,
        "wau": wau and wau.value, "wau_low": wau and wau.low, "wau_high": wau and wau.high,
        "adjusted": there and there.value, "adjusted_n": there and there.n,
        "adjusted_low": there and there.low, "adjusted_high": there and there.high,
        "sessions": use and use.mean, "sessions_median": use and use.median, "below_two": use and use.below,
        "started": done and done.rate.n, "completed": done and round(done.rate.value * done.rate.n),
        "completion_low": done and done.rate.low, "completion_high": done and done.rate.high,
        "breadth": broad and broad.median, "three": broad and broad.three, "repeated": broad and broad.repeated,
        "broad_n": broad and broad.n, "diversity": broad and broad.diversity, "tenured": old and old.median,
        "tenured_three": old and old.three, "tenured_n": old and old.n,
        "silent": time and time.silent, "cases": time and time.cases,
        "after_n": time.after if time and time.cases else None, "hours": time and time.hours,
        "reduction": time and time.reduction, "few_active": "sessions" in few, "few_adjusted": "adjusted" in few,
        "few_tenured": "tenured" in few,
    }  # fmt: skip


def differences(row: Mapping[str, Any], one: Numbers) -> dict[str, tuple[Any, Any]]:
    """Return what differs: counts have to be the same, other numbers to a billionth.

    Before a week is mature the product tells no completion; after it, none only where nothing was started.
    """
    said = told(one)
    if one.passive is None:
        # It was frozen by a version that did not count who was only seen.
        del said["passive"]
    if not one.completed:
        for name in ("started", "completed", "completion_low", "completion_high"):
            del said[name]
    return {name: (row[name], value) for name, value in said.items() if differ(row[name], value)}


def differ(mine: Any, theirs: Any) -> bool:
    """Say whether two numbers differ; nothing counted is the same as none."""
    if mine is None or theirs is None:
        return mine is not theirs and (mine or theirs or 0) != 0
    return abs(float(mine) - float(theirs)) > 1e-9 * max(1.0, abs(float(theirs)))


def counted_again(url: str) -> list[dict[str, Any]]:
    """Return every number of every week, of all and of departments, counted from the sealed ledger by SQL alone."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET work_mem = '256MB'")
        for name in ("facts.sql", "kpis.sql"):
            connection.execute((HERE / name).read_bytes())
        return connection.execute("SELECT * FROM k_numbers").fetchall()


def of_people(url: str, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what `people.sql` counts of each person and of first weeks at an instant (UTC), from the same ledger."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in ("facts.sql", "kpis.sql"):
            connection.execute((HERE / name).read_bytes())
        return counted_of_people(connection, now)


def counted_of_people(connection: psycopg.Connection[dict[str, Any]], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of `people.sql` on a connection that has those of `kpis.sql`."""
    there = "SELECT set_config('counted.now', (%s AT TIME ZONE coalesce(%s, 'UTC'))::text, false)"
    zone = connection.execute("SELECT nullif(current_setting('counted.zone', true), '') AS zone").fetchone()
    connection.execute(there, (now, zone and zone["zone"]))
    connection.execute((HERE / "people.sql").read_bytes())
    return {
        name: connection.execute(f"SELECT * FROM p_{name}").fetchall() for name in ("signals", "first", "split")
    }  # fmt: skip


def compared(rows: Iterable[Mapping[str, Any]], kept: Mapping[Key, Numbers]) -> tuple[int, list[tuple[Any, ...]]]:
    """Return how many numbers of `kept` are equal, and each week of a group with what is not."""
    same, wrong = 0, []
    by_key = {(row["kind"], row["name"], week_of(row["starts"].date())): row for row in rows}
    for key, one in kept.items():
        row = by_key.get(key)
        found = {"row": (None, one)} if row is None else differences(row, one)
        same += len(told(one)) - len(found) if row else 0
        if found:
            wrong.append((*map(str, key), found))
    return same, wrong
