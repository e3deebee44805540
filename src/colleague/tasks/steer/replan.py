"""A person rewrites the plan of a task: it is theirs from then on, and the agent hears of it as their words."""

from collections.abc import Sequence
from dataclasses import replace

from colleague.agent.messages import Said
from colleague.agent.plan import Plan, own_words, told
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.canonical import storable
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict
from colleague.tasks.delegate import AlreadyEnded, own_run
from colleague.tasks.model import ENDED
from colleague.tasks.store import append


class PlanMoved(Conflict):
    """The plan was changed since you looked at it. Look at it again, then change it."""


async def replan(
    session: Session, actor: Actor, task_id: str, steps: Sequence[str], *, version: int, ledger: Ledger, clock: Clock
) -> Plan:
    """Put `steps` in the place of the plan of version `version`, and return the new one (R3, plan editable).

    While it runs the agent hears of it before its next turn, a parked one when it goes on. Raises NotYourTask,
    AlreadyEnded, PlanMoved, BadPlan.
    """
    task, run = await own_run(session, actor, task_id)
    if run.state in ENDED:
        raise AlreadyEnded
    before = Plan.from_json(run.plan)
    if version != before.version:
        raise PlanMoved
    after = before.edited([str(storable(step)) for step in steps], actor.id)
    if after.steps == before.steps:
        return before
    said = Said("person", told(before, after), actor.id, own_words(before, after))
    after = replace(after, seq=await append(session, run, said, clock.now()))
    run.plan = after.to_json()
    await append(session, run, {"type": "note", "v": 1, "plan": run.plan}, clock.now())
    facts = {
        "version": after.version, "steps": len(after.steps), "via": actor.via,
        "added": len(set(after.steps) - set(before.steps)), "removed": len(set(before.steps) - set(after.steps)),
    }  # fmt: skip
    await ledger.record(session, Event("plan.edited", actor.id, subject=task.id, run=run.id, data=facts))
    await notify(session, f"person:{task.person_id}")
    return after
