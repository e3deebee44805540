"""Ceilings: the most a person, a team or the organisation may spend in a month. All that apply are held to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person, list_teams
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.models.model import SCOPES
from colleague.models.tables import CeilingRow, IncreaseRow
from colleague.models.usage import month_of, spent

EACH = "*"
LIMIT = 10**15


class BadCeiling(Invalid):
    """This ceiling cannot be set: {why}."""


class NoSuchCeiling(NotFound):
    """There is no such ceiling."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one ceiling is used: for whom, the ceiling with this month's increases, what is spent."""

    scope: str
    subject: str
    name: str
    micros: int
    spent: int

    @property
    def reached(self) -> bool:
        """Say whether nothing more may be spent."""
        return self.spent >= self.micros

    @property
    def words(self) -> str:
        """Return it as the start of a sentence."""
        whose = {"person": "your own", "team": f"the team «{self.name}»'s", "organisation": "the organisation's"}
        return f"{whose[self.scope]} ceiling for this month ({self.micros / 1_000_000:.2f} US dollars)"


async def set_ceiling(
    session: Session, actor: Actor, scope: str, subject: str, micros: int, *, ledger: Ledger, clock: Clock
) -> None:
    """Set the most that may be spent a month. `subject`: an id, `*` for each person or team without one of their own.

    Raises BadCeiling.
    """
    actor.require("org:models:manage")
    if not 0 <= micros <= LIMIT:
        raise BadCeiling(why="an amount lies between 0 and a thousand million")
    await _check_subject(session, scope, subject)
    row = await session.get(CeilingRow, (scope, subject), with_for_update=True)
    if row is None:
        row = CeilingRow(scope=scope, subject=subject)
        session.add(row)
    row.micros, row.set_by, row.set_at = micros, actor.id, clock.now()
    await session.flush()
    facts = {"scope": scope, "micros": micros}
    await ledger.record(session, Event("model_ceiling.set", actor.id, subject=subject or scope, data=facts))


async def remove_ceiling(session: Session, actor: Actor, scope: str, subject: str, *, ledger: Ledger) -> None:
    """Remove a ceiling. Raises NoSuchCeiling."""
    actor.require("org:models:manage")
    row = await session.get(CeilingRow, (scope, subject))
    if row is None:
        raise NoSuchCeiling
    await session.delete(row)
    facts = {"scope": scope}
    await ledger.record(session, Event("model_ceiling.removed", actor.id, subject=subject or scope, data=facts))


async def list_ceilings(session: Session) -> Sequence[CeilingRow]:
    """Return every ceiling that is set."""
    return (await session.scalars(select(CeilingRow).order_by(CeilingRow.scope, CeilingRow.subject))).all()


async def standings(session: Session, person: str, teams: Iterable[str], *, clock: Clock) -> list[Standing]:
    """Return every ceiling that applies to a person now, with what is spent of it: their own, their teams', ours."""
    stored = {(r.scope, r.subject): r.micros for r in await list_ceilings(session)}
    if not stored:
        return []
    month = month_of(clock.now())
    more = await _increases(session, month)
    names = {t.id: t.name for t in await list_teams(session)}
    applying = [("person", person), *(("team", t) for t in sorted(teams)), ("organisation", "")]
    result = []
    for scope, subject in applying:
        base = stored.get((scope, subject), stored.get((scope, EACH)))
        if base is None:
            continue
        whose = {"person": subject if scope == "person" else "", "team": subject if scope == "team" else ""}
        used = await spent(session, month, **whose)
        most = base + more.get((scope, subject), 0)
        result.append(Standing(scope, subject, names.get(subject, ""), most, used))
    return result


async def _increases(session: Session, month: str) -> dict[tuple[str, str], int]:
    query = (
        select(IncreaseRow.scope, IncreaseRow.subject, func.sum(IncreaseRow.micros))
        .where(IncreaseRow.month == month, IncreaseRow.state == "granted")
        .group_by(IncreaseRow.scope, IncreaseRow.subject)
    )
    return {(scope, subject): int(micros) for scope, subject, micros in await session.execute(query)}


async def _check_subject(session: Session, scope: str, subject: str) -> None:
    if scope not in SCOPES:
        raise BadCeiling(why=f"it is for one of {', '.join(SCOPES)}")
    if scope == "organisation":
        fits = subject == ""
    elif scope == "team":
        fits = subject == EACH or subject in {t.id for t in await list_teams(session)}
    else:
        try:
            fits = subject == EACH or bool(await get_person(session, subject))
        except NotFound:
            fits = False
    if not fits:
        raise BadCeiling(why=f"there is no such {scope}")
