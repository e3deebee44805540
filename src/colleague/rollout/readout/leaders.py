"""The executive cohort: leaders named by the programme, who are told, and how many of them are active (DI-12, MI-3).

INVARIANT: nothing is told below five leaders, nor where a number of fewer than five people would follow (B-12). A week
is told of by the list as it stood at its end: who changes the list learns nothing of whom they changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import actions, seats
from colleague.adoption.few.apart import FEWEST
from colleague.adoption.few.decide import PARTS, decide
from colleague.adoption.frozen.freeze import members_of_rows
from colleague.adoption.frozen.kept import decisions, newest_rows
from colleague.adoption.groups import Groups
from colleague.adoption.kpis.activity import wau
from colleague.adoption.weeks import Week
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, is_active, names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, NotFound
from colleague.kit.ids import is_id
from colleague.rollout.readout.model import Figure
from colleague.rollout.readout.tables import LeaderRow
from colleague.tasks.parts import Tell

MOST = 200
ALARM = 0.2
ROWS = "/readout#leaders"


class AlreadyLeader(Conflict):
    """They are named already."""


class NoSuchLeader(NotFound):
    """They are not among the named leaders."""


class TooManyLeaders(Conflict):
    """Two hundred leaders are enough for a cohort."""


@dataclass(frozen=True, slots=True)
class Leader:
    """A named leader, and since when."""

    person: str
    name: str
    since: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the leader as JSON."""
        return {"person": self.person, "name": self.name, "since": self.since.isoformat()}


async def name_leader(session: Session, actor: Actor, person: str, *, ledger: Ledger, clock: Clock, tell: Tell) -> None:
    """Name a leader and tell them so. Raises PersonNotFound, AlreadyLeader, TooManyLeaders, PermissionMissing."""
    actor.require("org:programme:manage")
    if not is_id(person) or not await is_active(session, person):
        raise PersonNotFound
    now = LeaderRow.until.is_(None)
    there = (await session.scalars(select(LeaderRow.person_id).where(now).with_for_update())).all()
    if person in there:
        raise AlreadyLeader
    if len(there) >= MOST:
        raise TooManyLeaders
    session.add(LeaderRow(person_id=person, by=actor.id, at=clock.now()))
    await session.flush()
    await ledger.record(session, Event("leader.named", actor.id, subject=person))
    text = (
        f"{actor.name} named you among the leaders whose use of Colleague is told together, as «m of n active», never "
        f"one by one, and not at all below {FEWEST} people."
    )
    await tell(session, person, "You are counted among the leaders", text, "/me")


async def leave_out(session: Session, actor: Actor, person: str, *, ledger: Ledger, clock: Clock) -> None:
    """Take somebody out of the leaders; weeks that ended before stay as they are. Raises NoSuchLeader,
    PermissionMissing.
    """
    actor.require("org:programme:manage")
    query = select(LeaderRow).where(LeaderRow.person_id == person, LeaderRow.until.is_(None)).with_for_update()
    row = await session.scalar(query)
    if row is None:
        raise NoSuchLeader
    row.until = clock.now()
    await ledger.record(session, Event("leader.removed", actor.id, subject=person))


async def leaders(session: Session, actor: Actor) -> Sequence[Leader]:
    """Return the named leaders by name. Raises PermissionMissing."""
    actor.require("org:programme:manage")
    rows = (await session.scalars(select(LeaderRow).where(LeaderRow.until.is_(None)))).all()
    names = await names_of(session, [row.person_id for row in rows])
    found = [Leader(row.person_id, names.get(row.person_id, ""), row.at) for row in rows]
    return sorted(found, key=lambda one: (one.name.casefold(), one.person))


async def leaders_active(session: Session, groups: Groups, week: Week) -> Figure:
    """Return how many of the named leaders were active in a week, or why it is not told. Nobody is named in it."""
    made = {
        "name": "Leaders active", "unit": "share", "rows": ROWS, "target": "20 % by the end of the expansion",
        "method": f"named leaders with an own action in {week}, of those with a seat; Wilson 95 %",
    }  # fmt: skip
    calendar = await read_calendar(session)
    end = calendar.end(week)
    stood = select(LeaderRow.person_id).where(
        LeaderRow.at < end, (LeaderRow.until.is_(None)) | (LeaderRow.until >= end)
    )
    named = frozenset(await session.scalars(stood))
    if not named:
        later = await session.scalar(select(LeaderRow.person_id).where(LeaderRow.until.is_(None)).limit(1))
        why = f"no leaders were named by the end of {week}" if later else "no leaders are named"
        return Figure(**made, absent=f"not measured: {why}")  # type: ignore[arg-type]
    there = await seats(session)
    rows = await newest_rows(session, week, week)
    by = members_of_rows(rows.values()) if rows else await groups.read(session, calendar)
    all_ = wau(there, (), week, calendar)
    rests = {part: frozenset[str]() for parts in PARTS for part in parts}
    rests |= {"seats": all_.seats, "adjusted": all_.present}
    # Beside what is told of that week, and after it.
    decided = decide({**by, "leaders": {"leaders": named}}, rests, kept=decisions(rows))
    if decided["leaders", "leaders"].hidden:
        why = f"not told: fewer than {FEWEST} named leaders have a seat, or too few would be left to guess"
        return Figure(**made, absent=why)  # type: ignore[arg-type]
    did = await actions(session, calendar.start(week), calendar.end(week), people=named)
    found = wau([seat for seat in there if seat.person in named], did, week, calendar).share
    if found is None:
        return Figure(**made, absent="not measured: no leader had a seat in the week")  # type: ignore[arg-type]
    note = f"{round(found.value * found.n)} of {found.n} active" + (
        "; below 20 %: leadership does not use it (MI-3)" if found.value < ALARM else ""
    )
    return Figure(**made, value=found.value, low=found.low, high=found.high, n=found.n, note=note)  # type: ignore[arg-type]
