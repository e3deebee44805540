"""What was used and what it cost: one row an answer, sums by run, person, team and model for a month."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text

from colleague.agent.messages import Usage
from colleague.identity.actor import Actor
from colleague.identity.directory import list_teams, names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.ids import new_id
from colleague.models.tables import UsageRow

BY = ("person", "team", "model", "run")


class BadMonth(Invalid):
    """A month is written like 2026-11."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sum: of whom or what, turns, tokens, money, and how many turns had no price."""

    id: str
    name: str
    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    micros: int
    unpriced: int


def month_of(moment: datetime) -> str:
    """Return the calendar month of a moment, in UTC, like 2026-11."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def bounds(month: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month and of the one after it; BadMonth if it is none."""
    try:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        if not 2000 <= start.year < 3000:
            raise BadMonth
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    except ValueError:
        raise BadMonth from None
    return start, end


async def record_usage(
    session: Session, *, run: str, person: str, teams: Sequence[str], provider: str, model: str, usage: Usage,
    micros: int | None, clock: Clock,
) -> None:  # fmt: skip
    """Add what one answer used, in the transaction that saves the answer."""
    session.add(
        UsageRow(
            id=new_id("use"), at=clock.now(), run_id=run, person_id=person, teams=sorted(teams), provider=provider,
            model=model, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens, stored_tokens=usage.stored_tokens, micros=micros,
        )
    )  # fmt: skip
    await session.flush()


async def sums(session: Session, actor: Actor, month: str, by: str) -> list[Line]:
    """Return the month's sums by person, team, model or run, dearest first; one's own only without org:models:read.

    Somebody in several teams counts in each of them, so teams may add up to more than the whole.
    """
    start, end = bounds(month)
    everyone = actor.may("org:models:read")
    key = {
        "person": "person_id", "team": "team", "model": "provider || ':' || model", "run": "run_id",
    }.get(by)  # fmt: skip
    if key is None:
        raise Invalid("Sums are by person, team, model or run.")
    teams = ", jsonb_array_elements_text(teams) AS team" if by == "team" else ""
    own = "" if everyone else "AND person_id = :person"
    query = text(
        f"SELECT {key} AS id, count(*), sum(input_tokens), sum(output_tokens), sum(cached_tokens), "
        f"coalesce(sum(micros), 0), count(*) FILTER (WHERE micros IS NULL) FROM model_usage{teams} "
        f"WHERE at >= :start AND at < :end {own} GROUP BY 1 ORDER BY 6 DESC, 3 DESC, 1 LIMIT 2000"
    )
    values = {"start": start, "end": end} | ({} if everyone else {"person": actor.id})
    rows = [tuple(r) for r in await session.execute(query, values)]
    names: dict[str, str] = {}
    if by == "person":
        names = await names_of(session, [r[0] for r in rows])
    elif by == "team":
        names = {t.id: t.name for t in await list_teams(session)}
    return [Line(r[0], names.get(r[0], r[0]), *(int(v) for v in r[1:])) for r in rows]


def as_csv(lines: Sequence[Line], by: str) -> str:
    """Return sums as CSV (RFC 4180). A name that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([by, "id", "turns", "input_tokens", "output_tokens", "cached_tokens", "usd", "turns_without_price"])
    for line in lines:
        name = f"'{line.name}" if line.name[:1] in "=+-@\t\r" else line.name
        writer.writerow(
            [name, line.id, line.turns, line.input_tokens, line.output_tokens, line.cached_tokens,
             f"{line.micros / 1_000_000:.6f}", line.unpriced]
        )  # fmt: skip
    return out.getvalue()


async def spent(session: Session, month: str, *, person: str = "", team: str = "") -> int:
    """Return the month's known cost of a person, of a team's members, or of everybody, in millionths of a dollar."""
    start, end = bounds(month)
    query = select(func.coalesce(func.sum(UsageRow.micros), 0)).where(UsageRow.at >= start, UsageRow.at < end)
    if person:
        query = query.where(UsageRow.person_id == person)
    if team:
        query = query.where(UsageRow.teams.contains([team]))
    return int(await session.scalar(query) or 0)


async def cost_of_run(session: Session, run: str) -> Line | None:
    """Return what a run has used so far; None if no model was asked."""
    query = select(
        func.count(), func.sum(UsageRow.input_tokens), func.sum(UsageRow.output_tokens),
        func.sum(UsageRow.cached_tokens), func.coalesce(func.sum(UsageRow.micros), 0),
        func.count().filter(UsageRow.micros.is_(None)),
    ).where(UsageRow.run_id == run)  # fmt: skip
    row = (await session.execute(query)).one()
    return Line(run, run, *(int(v) for v in row)) if row[0] else None


async def spent_between(session: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """Return what everybody used in [since, until): the known cost in micro-dollars, and turns without a price."""
    query = select(func.coalesce(func.sum(UsageRow.micros), 0), func.count().filter(UsageRow.micros.is_(None)))
    known, unpriced = (await session.execute(query.where(UsageRow.at >= since, UsageRow.at < until))).one()
    return int(known or 0), int(unpriced or 0)
