"""What a person does in their first month besides training: tick an activity, choose their use case, ask for quiet."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, NotFound
from colleague.rollout.cohorts.join import NotAMember
from colleague.rollout.cohorts.store import get_cohort, member, members_of
from colleague.rollout.onboarding.model import Activity
from colleague.rollout.onboarding.store import playbook
from colleague.rollout.onboarding.tables import QuietRow, TickRow


class NoSuchActivity(NotFound):
    """The playbook has no such activity."""


class SeenByItself(Conflict):
    """This is not ticked: it is done when {means}"""


async def tick(
    session: Session, actor: Actor, key: str, *, done: bool = True, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Say that an activity of one's own is done, or not after all.

    Raises NotAMember, NoSuchActivity, SeenByItself, PermissionMissing.
    """
    actor.require("own:tasks:use")
    if await member(session, actor.id) is None:
        raise NotAMember
    department = (await get_person(session, actor.id)).department
    _checked(await _find(session, department, key), mine=True)
    await _set(session, actor, actor.id, key, done=done, ledger=ledger, clock=clock)


async def tick_for(
    session: Session, actor: Actor, cohort: str, key: str, *, done: bool = True, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Say for a whole cohort that what its champion or the lead does is done. Raises CohortNotFound, NoSuchActivity."""
    actor.require("org:programme:manage")
    found = await get_cohort(session, cohort)
    departments = {(await get_person(session, one.person)).department for one in await members_of(session, found.id)}
    known = [a for d in sorted({"", *departments}) for w in await playbook(session, d) for a in w.activities]
    _checked(next((a for a in known if a.key == key and a.owner != "person"), None), mine=False)
    await _set(session, actor, found.id, key, done=done, ledger=ledger, clock=clock)


async def _find(session: Session, department: str, key: str) -> Activity | None:
    weeks = await playbook(session, department)
    return next((a for week in weeks for a in week.activities if a.key == key), None)


def _checked(found: Activity | None, *, mine: bool) -> None:
    if found is None or (found.owner == "person") != mine:
        raise NoSuchActivity
    if found.done != "self":
        raise SeenByItself(means=f"{found.means[:1].lower()}{found.means[1:]}")


async def _set(
    session: Session, actor: Actor, about: str, key: str, *, done: bool, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    if done:
        row = insert(TickRow).values(about=about, key=key, by=actor.id, at=clock.now())
        changed = await session.execute(row.on_conflict_do_nothing().returning(TickRow.key))
    else:
        gone = delete(TickRow).where(TickRow.about == about, TickRow.key == key)
        changed = await session.execute(gone.returning(TickRow.key))
    if changed.first() is not None:
        facts = {"activity": key, "done": done}
        await ledger.record(session, Event("activity.ticked", actor.id, subject=about, data=facts))


async def set_quiet(session: Session, actor: Actor, *, quiet: bool, ledger: Ledger, clock: Clock) -> None:
    """Ask for no nudges, or for nudges again: the person themselves, nobody for them."""
    actor.require("own:tasks:use")
    if quiet:
        await session.execute(insert(QuietRow).values(person_id=actor.id, at=clock.now()).on_conflict_do_nothing())
    else:
        await session.execute(delete(QuietRow).where(QuietRow.person_id == actor.id))
    facts = {"quiet": quiet}
    await ledger.record(session, Event("nudges.chosen", actor.id, subject=actor.id, person=actor.id, data=facts))


async def is_quiet(session: Session, person: str) -> bool:
    """Say whether somebody asked for no nudges."""
    return await session.get(QuietRow, person, populate_existing=True) is not None
