"""The saving somebody saw in their own first week, and whether those who did stay (AD-4). An association, no proof."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import active_people
from colleague.adoption.kpis.intervals import Estimate, wilson
from colleague.adoption.weeks import Calendar, Week, first_weeks
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.rollout.cohorts.join import NotAMember
from colleague.rollout.cohorts.store import member, members_of
from colleague.rollout.onboarding.tables import SavingRow
from colleague.usecases.rituals import standing_cases

LONGEST, FEWEST = 10_080, 5
WRITTEN: Final = "Retention after a written saving"
MEASURED_AT: Final = "/api/v1/adoption/use-cases"


class BadSaving(Invalid):
    """Minutes are more than 0 and at most 10,080, which is a week."""


class BeforeNeeded(Invalid):
    """There is no measured time before for this work: say how many minutes it took you."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Minutes before and after. `measured`: the before is the measured baseline of the use case, else own word."""

    before: float
    after: float
    measured: bool
    first_week: bool

    @property
    def saved(self) -> float:
        """Return the minutes saved; negative if it took longer."""
        return self.before - self.after

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"saved": self.saved}


async def write_saving(
    session: Session, actor: Actor, after: float, before: float | None = None, *, ledger: Ledger, clock: Clock
) -> Saving:  # fmt: skip
    """Write down what somebody's first task took; once more writes over it, and what was written in the first week
    stays of the first week however late it is corrected. Without a measured baseline of their use case `before` is
    their own word, and labelled so.

    Raises NotAMember, BadSaving, BeforeNeeded, PermissionMissing.
    """
    actor.require("own:tasks:use")
    mine, now = await member(session, actor.id), clock.now()
    if mine is None or mine.began_at is None:
        raise NotAMember("You are in no cohort that has started: there is nothing to write down yet.")
    case = next((one for one in await standing_cases(session) if one.id == mine.use_case), None)
    baseline = case.before if case else None
    known = baseline if baseline is not None else before
    if known is None:
        raise BeforeNeeded
    if not all(0 < minutes <= LONGEST for minutes in (after, known)):
        raise BadSaving
    first = await _in_first_week(session, actor) or now < await _over(session, mine.began_at)
    found = Saving(known, after, baseline is not None, first)
    values = {"use_case_id": case.id if case else None, **asdict(found), "at": now}
    row = insert(SavingRow).values(person_id=actor.id, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["person_id"], set_=values))
    facts = {"first_week": found.first_week, "measured": found.measured, "saved": found.saved > 0}
    event = Event("first_saving.written", actor.id, subject=actor.id, person=actor.id, data=facts)
    await ledger.record(session, event)
    return found


async def _in_first_week(session: Session, actor: Actor) -> bool:
    query = select(SavingRow.first_week).where(SavingRow.person_id == actor.id).with_for_update()
    return bool(await session.scalar(query))


async def _over(session: Session, began: datetime) -> datetime:
    """Return when the first week of somebody's own is over: the first with three worked days from their first day."""
    calendar = await read_calendar(session)
    return calendar.end(first_weeks(calendar.day(began), calendar, 1)[0])


async def saving_of(session: Session, person: str) -> Saving | None:
    """Return what somebody wrote down; None if nothing."""
    row = await session.get(SavingRow, person, populate_existing=True)
    return Saving(row.before, row.after, row.measured, row.first_week) if row else None


async def first_savings(session: Session) -> dict[str, Saving]:
    """Return what everybody wrote down in their first week, by person."""
    rows = await session.scalars(select(SavingRow).where(SavingRow.first_week))
    return {r.person_id: Saving(r.before, r.after, r.measured, r.first_week) for r in rows}


@dataclass(frozen=True, slots=True)
class Retention:
    """Retention after a written saving: of those whose fourth week is over, how many were active in it, split by
    whether they wrote down a saving in their first. Their own word; what was measured is another number, of weeks five
    to eight (`adoption.kpis.retention`). None where fewer than five people are behind either (B-12).
    """

    with_saving: int
    with_kept: int
    without: int
    without_kept: int

    @property
    def told(self) -> bool:
        """Say whether both groups are large enough to tell."""
        return min(self.with_saving, self.without) >= FEWEST

    @property
    def shares(self) -> tuple[Estimate, Estimate]:
        """Return the shares with their Wilson 95 % intervals: with a saving, and without."""
        return wilson(self.with_kept, self.with_saving), wilson(self.without_kept, self.without)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, without numbers where they would be about single people."""
        named = {"name": WRITTEN, "savings": "written down by the person", "active_in_week": [4], "other": MEASURED_AT}
        if not self.told:
            return named | {"suppressed": True}
        return named | asdict(self) | {"suppressed": False, "shares": [asdict(one) for one in self.shares]}


def split(saved: Collection[str], kept: Collection[str], everybody: Collection[str]) -> Retention:
    """Split `everybody` by who `saved` in week one, and count who of them `kept` on. Pure."""
    all_, had, stay = set(everybody), set(everybody) & set(saved), set(everybody) & set(kept)
    return Retention(len(had), len(had & stay), len(all_ - had), len((all_ - had) & stay))


async def retention(session: Session, calendar: Calendar, *, clock: Clock) -> Retention:
    """Return the retention of week four, split by a saving in week one (AD-4). Weeks are of each person's own tenure:
    those that count, from the first with three worked days on (B-0)."""
    saved = {person for person, one in (await first_savings(session)).items() if one.saved > 0}
    everybody, kept, now = set(), set(), clock.now()
    fourth: dict[Week, set[str]] = {}
    for one in await members_of(session):
        if one.began_at is not None:
            fourth.setdefault(first_weeks(calendar.day(one.began_at), calendar, 4)[3], set()).add(one.person)
    for week, people in fourth.items():
        if calendar.end(week) <= now:
            everybody |= people
            kept |= people & await active_people(session, calendar.start(week), calendar.end(week))
    return split(saved, kept, everybody)
