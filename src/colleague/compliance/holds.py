"""Legal holds: placed with a reason, released by somebody else. What one covers, nobody deletes meanwhile (R64)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.holds.cover import LOCK, MANAGE
from colleague.holds.tables import CoverRow, HoldRow
from colleague.identity.actor import Actor
from colleague.identity.directory import ids_by_email, names_of, people_in_department
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.kit.seen import says
from colleague.projects.tables import ProjectRow
from colleague.tasks.tables import TaskRow

READ = "org:records:read"
MOST, LONGEST_NAME, LONGEST_REASON = 500, 120, 2000
KINDS = ("person", "project", "task", "department")


class BadHold(Invalid):
    """A legal hold needs {why}."""


class NoSuchHold(NotFound):
    """There is no such legal hold."""


class NotByThePlacer(Conflict):
    """Somebody else than who placed a legal hold releases it."""


class AlreadyReleased(Conflict):
    """This legal hold was released already."""


@dataclass(frozen=True, slots=True)
class Covers:
    """What a hold is to cover: people by mail address, projects and tasks by id, departments by name."""

    people: Sequence[str] = ()
    projects: Sequence[str] = ()
    tasks: Sequence[str] = ()
    departments: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HoldSight:
    """A hold as those see it who may. `covers`: (kind, target, words, department it came through)."""

    id: str
    name: str
    reason: str
    placed_by: str
    placed_at: datetime
    covers: Sequence[tuple[str, str, str, str]]
    released_by: str = ""
    released_at: datetime | None = None
    released_why: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "id": self.id, "name": self.name, "reason": self.reason, "placed_by": self.placed_by,
            "placed_at": self.placed_at.isoformat(),
            "covers": [{"kind": k, "target": t, "through": d} for k, t, _, d in self.covers],
            "released_by": self.released_by,
            "released_at": self.released_at.isoformat() if self.released_at else None,
            "released_why": self.released_why,
        }  # fmt: skip


async def place_hold(
    session: Session, actor: Actor, name: str, reason: str, covers: Covers, *, ledger: Ledger, clock: Clock
) -> str:
    """Place a legal hold and return its id: from now on nothing of what it covers is deleted by anybody.

    Raises BadHold, PermissionMissing.
    """
    actor.require(MANAGE)
    name, reason = _text(name, LONGEST_NAME, "a name"), _text(reason, LONGEST_REASON, "a reason")
    # Nobody who deletes is between having asked and having deleted.
    await advisory_lock(session, LOCK)
    rows = await _covers(session, covers)
    hold = HoldRow(
        id=new_id("hold"), name=name, reason=reason, placed_by=actor.id, placed_at=clock.now(), released_why=""
    )
    session.add(hold)
    await session.flush()
    session.add_all(CoverRow(hold_id=hold.id, kind=k, target=t, through=d) for (k, t), d in rows.items())
    facts = {"covers": {kind: sum(k == kind for k, _ in rows) for kind in KINDS}, "via": actor.via}
    await ledger.record(session, Event("hold.placed", actor.id, subject=hold.id, data=facts))
    return hold.id


async def release_hold(session: Session, actor: Actor, hold: str, why: str, *, ledger: Ledger, clock: Clock) -> None:
    """Release a hold, with a reason: what it covered is kept and deleted by the usual rules again.

    Raises NoSuchHold, NotByThePlacer, AlreadyReleased, BadHold, PermissionMissing.
    """
    actor.require(MANAGE)
    why = _text(why, LONGEST_REASON, "a reason for its release")
    await advisory_lock(session, LOCK)
    row = await _get(session, hold)
    if row.released_at is not None:
        raise AlreadyReleased
    if row.placed_by == actor.id:
        raise NotByThePlacer
    row.released_by, row.released_at, row.released_why = actor.id, clock.now(), why
    await ledger.record(session, Event("hold.released", actor.id, subject=hold, data={"via": actor.via}))


async def list_holds(session: Session, actor: Actor) -> list[HoldSight]:
    """Return every hold, those that stand first, then the newest."""
    actor.require(READ)
    order = (HoldRow.released_at.is_not(None), HoldRow.placed_at.desc(), HoldRow.id)
    return await _seen(session, list(await session.scalars(select(HoldRow).order_by(*order).limit(MOST))))


async def see_hold(session: Session, actor: Actor, hold: str) -> HoldSight:
    """Return one hold; NoSuchHold if there is none."""
    actor.require(READ)
    return (await _seen(session, [await _get(session, hold)]))[0]


async def follow_departments(session: Session, *, ledger: Ledger) -> int:
    """Put whoever has joined a held department under its hold by name, so that they stay there when they leave it."""
    standing = select(CoverRow).join(HoldRow, HoldRow.id == CoverRow.hold_id)
    standing = standing.where(HoldRow.released_at.is_(None), CoverRow.kind == "department")
    added = 0
    for cover in (await session.scalars(standing)).all():
        for person in await people_in_department(session, cover.target):
            if await session.get(CoverRow, (cover.hold_id, "person", person)) is None:
                session.add(CoverRow(hold_id=cover.hold_id, kind="person", target=person, through=cover.target))
                facts = {"through": "department"}
                await ledger.record(
                    session, Event("hold.extended", "system", subject=cover.hold_id, person=person, data=facts)
                )
                added += 1
    return added


async def _get(session: Session, hold: str) -> HoldRow:
    row = await session.get(HoldRow, hold) if is_id(hold) else None
    if row is None:
        raise NoSuchHold
    return row


def _text(text: str, longest: int, what: str) -> str:
    text = " ".join(text.split())
    if not says(text) or len(text) > longest or not text.isprintable():
        raise BadHold(why=f"{what} of at most {longest:,} printable characters")
    return text


async def _covers(session: Session, covers: Covers) -> dict[tuple[str, str], str]:
    """Return what is covered, each once, with the department a person comes through; BadHold for what is not there."""
    found: dict[tuple[str, str], str] = {}
    for name in dict.fromkeys(" ".join(n.split()) for n in covers.departments):
        people = await people_in_department(session, name) if name.isprintable() else []
        if not people:
            raise BadHold(why=f"a department with somebody in it: nobody is in «{name[:80]}»")
        found["department", name] = ""
        found |= {("person", person): name for person in people}
    wanted = [address.strip().lower() for address in covers.people]
    known = await ids_by_email(session, wanted)
    if missing := [a for a in wanted if a not in known]:
        raise BadHold(why=f"people who are here: nobody has the address {missing[0][:100]!r}")
    found |= {("person", person): "" for person in known.values()}
    for kind, ids, table in (("project", covers.projects, ProjectRow), ("task", covers.tasks, TaskRow)):
        for one in dict.fromkeys(i.strip() for i in ids):
            if not is_id(one) or await session.get(table, one) is None:
                raise BadHold(why=f"a {kind} that is here: there is none with the id {one[:60]!r}")
            found[kind, one] = ""
    if not 0 < len(found) <= 10 * MOST:
        raise BadHold(why="something that it covers: people, projects, tasks or departments")
    return found


async def _seen(session: Session, rows: Sequence[HoldRow]) -> list[HoldSight]:
    covers: dict[str, list[CoverRow]] = {row.id: [] for row in rows}
    query = select(CoverRow).where(CoverRow.hold_id.in_(covers)).order_by(CoverRow.kind, CoverRow.target)
    for cover in await session.scalars(query):
        covers[cover.hold_id].append(cover)
    every = [cover for some in covers.values() for cover in some]
    people = {c.target for c in every if c.kind == "person"}
    names = await names_of(session, people | {by for row in rows for by in (row.placed_by, row.released_by or "")})
    projects = select(ProjectRow.id, ProjectRow.name)
    in_words: dict[str, str] = dict(names)
    held = [c.target for c in every if c.kind == "project"]
    in_words |= dict((await session.execute(projects.where(ProjectRow.id.in_(held)))).all())
    return [
        HoldSight(
            row.id, row.name, row.reason, row.placed_by, row.placed_at,
            [(c.kind, c.target, in_words.get(c.target, c.target), c.through) for c in covers[row.id]],
            row.released_by or "", row.released_at, row.released_why, names,
        )
        for row in rows
    ]  # fmt: skip
