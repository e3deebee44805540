"""Share a task with a colleague, and stop sharing it: the owner's deeds. The run keeps its owner's rights."""

from colleague.approvals.partners import WORDS, Part, part_of, set_partner
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.page import post
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, find_by_email, find_by_name, get_person
from colleague.identity.model import Person
from colleague.identity.roles import permissions_held
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.kit.ids import is_id
from colleague.tasks.sight import see_task
from colleague.tasks.store import newest_run
from colleague.tasks.tables import RunRow, TaskRow


class NotYoursToShare(Forbidden):
    """Only the person who handed this task over may share it."""


class NoSuchColleague(Invalid):
    """There is no active colleague «{who}», or more than one: give the mail address."""


class CannotTakePart(Invalid):
    """{name} may not use tasks here, so this cannot be shared with them."""


class YourOwnTask(Invalid):
    """This is your own task."""


class NotShared(Conflict):
    """This is not shared with them."""


async def share(
    session: Session, actor: Actor, task_id: str, who: str, role: Part, *, ledger: Ledger, clock: Clock
) -> Person:
    """Share a task with a colleague (name or mail address) as viewer, approver or co-driver; tell them.

    Said again with another role it changes the role. Raises NotYoursToShare, NoSuchColleague, CannotTakePart.
    """
    task, run = await _own(session, actor, task_id)
    person = await find_colleague(session, who)
    if person.id == actor.id:
        raise YourOwnTask
    needed = {"own:tasks:use"} | ({"own:approvals:answer"} if role != "viewer" else set())
    if not needed <= await permissions_held(session, person.roles):
        raise CannotTakePart(name=person.name)
    await set_partner(session, task.id, run.id, person.id, role, at=clock.now())
    facts = {"with": person.id, "role": role, "class": run.label.get("class", ""), "via": actor.via}
    await ledger.record(session, Event("task.shared", actor.id, subject=task.id, run=run.id, data=facts))
    text = f"{actor.name} shares «{task.title}» with you as {WORDS[role]}."
    await post(session, person.id, "A task is shared with you", text, f"/tasks/{task.id}", clock=clock)
    return person


async def unshare(
    session: Session, actor: Actor, task_id: str, person_id: str, *, ledger: Ledger, clock: Clock
) -> None:
    """Stop sharing: the owner with anybody, a colleague for themselves. Their live page ends at once.

    Raises NotYoursToShare, NotShared.
    """
    task = await see_task(session, actor, task_id)
    if actor.id not in (task.person_id, person_id):
        raise NotYoursToShare
    run = await newest_run(session, task_id, lock=True)
    if not await part_of(session, Actor(person_id, "", permissions=frozenset({"own:tasks:use"})), task_id):
        raise NotShared
    await set_partner(session, task.id, run.id, person_id, None, at=clock.now())
    facts = {"with": person_id, "via": actor.via}
    await ledger.record(session, Event("task.unshared", actor.id, subject=task.id, run=run.id, data=facts))


async def find_colleague(session: Session, who: str) -> Person:
    """Return the one active colleague with this mail address, id or name; NoSuchColleague otherwise."""
    found = await find_by_email(session, who) if "@" in who else None
    if is_id(who):
        try:
            found = await get_person(session, who)
        except PersonNotFound:
            raise NoSuchColleague(who=who) from None
    hits = [found] if found and found.active else await find_by_name(session, who)
    if len(hits) != 1:
        raise NoSuchColleague(who=who.strip()[:100])
    return hits[0]


async def _own(session: Session, actor: Actor, task_id: str) -> tuple[TaskRow, RunRow]:
    task = await see_task(session, actor, task_id)
    actor.require("own:tasks:use")
    if task.person_id != actor.id:
        raise NotYoursToShare
    return task, await newest_run(session, task_id, lock=True)
