"""Which legal holds cover a person, a project or a task; whoever deletes something asks here first.

INVARIANT: who deletes waits for nobody who deletes, but for whoever places a hold just now, and the other way round:
nothing goes away between the two.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, tuple_

from colleague.holds.tables import CoverRow, HoldRow
from colleague.identity.directory import departments_by_person, who_may
from colleague.kit.db import Session
from colleague.kit.errors import Conflict

LOCK = 727_100
MANAGE = "org:records:manage"


class KeptByHold(Conflict):
    """This is kept by a legal hold, so it cannot be deleted. Ask {who}."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold that stands: its id, its name, and since when."""

    id: str
    name: str
    placed_at: datetime


async def standing_still(session: Session) -> None:
    """Let no hold be placed or released until the transaction ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(:n)"), {"n": LOCK})


async def covering(
    session: Session, *, people: Iterable[str] = (), projects: Iterable[str] = (), tasks: Iterable[str] = ()
) -> Mapping[tuple[str, str], list[Hold]]:
    """Return the holds that stand over each of these, by (kind, id); what no hold covers is left out.

    A person is covered by themselves, by the department they are in now, and by one they were in under the hold.
    """
    people, projects, tasks = set(people), set(projects), set(tasks)
    departments = await departments_by_person(session, people)
    wanted = {("person", p) for p in people} | {("project", p) for p in projects} | {("task", t) for t in tasks}
    wanted |= {("department", name) for name in departments.values()}
    if not wanted:
        return {}
    query = (
        select(CoverRow.kind, CoverRow.target, HoldRow.id, HoldRow.name, HoldRow.placed_at)
        .join(HoldRow, HoldRow.id == CoverRow.hold_id)
        .where(HoldRow.released_at.is_(None), tuple_(CoverRow.kind, CoverRow.target).in_(sorted(wanted)))
        .order_by(HoldRow.placed_at, HoldRow.id)
    )
    by: dict[tuple[str, str], dict[str, Hold]] = {}
    for kind, target, hold, name, at in await session.execute(query):
        by.setdefault((kind, target), {})[hold] = Hold(hold, name, at)
    found = {key: list(holds.values()) for key, holds in by.items() if key[0] != "department"}
    for person, department in departments.items():
        if more := by.get(("department", department)):
            mine = by.get(("person", person), {})
            found["person", person] = list((mine | more).values())
    return found


async def check_not_held(
    session: Session, *, people: Collection[str] = (), projects: Collection[str] = (), tasks: Collection[str] = ()
) -> None:
    """Raise KeptByHold where a hold covers any of these, without a word of what it is about."""
    await standing_still(session)
    if await covering(session, people=people, projects=projects, tasks=tasks):
        raise await kept(session)


async def kept(session: Session) -> KeptByHold:
    """Return the refusal, with the names of people who look after holds."""
    names = [person.name for person in (await who_may(session, MANAGE))[:2]]
    return KeptByHold(who=" or ".join(names) or "an administrator")
