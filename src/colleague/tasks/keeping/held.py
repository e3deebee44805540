"""Which legal holds cover a task: by itself, through its project, or through anybody who worked with it."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select

from colleague.approvals.tables import ShareRow
from colleague.holds.cover import Hold, covering, kept, standing_still
from colleague.kit.db import Session
from colleague.tasks.tables import HandOverRow, TaskRow


async def holds_on_tasks(session: Session, tasks: Collection[str]) -> Mapping[str, list[Hold]]:
    """Return the holds that stand over each of `tasks`; a task without any is left out.

    A person's hold covers what they handed over, gave to somebody or were given, and what is shared with them.
    """
    people: dict[str, set[str]] = defaultdict(set)
    projects: dict[str, str] = {}
    own = select(TaskRow.id, TaskRow.person_id, TaskRow.project_id).where(TaskRow.id.in_(tasks))
    for task, person, project in await session.execute(own):
        people[task].add(person)
        if project:
            projects[task] = project
    offers = select(HandOverRow.task_id, HandOverRow.from_id, HandOverRow.to_id)
    for task, giver, taker in await session.execute(offers.where(HandOverRow.task_id.in_(tasks))):
        people[task] |= {giver, taker}
    shares = select(ShareRow.task_id, ShareRow.person_id).where(ShareRow.task_id.in_(tasks))
    for task, person in await session.execute(shares):
        people[task].add(person)
    everybody = {person for some in people.values() for person in some}
    over = await covering(session, people=everybody, projects=set(projects.values()), tasks=tasks)
    found = {}
    for task, some in people.items():
        marks = [("task", task), ("project", projects.get(task, "")), *(("person", p) for p in sorted(some))]
        if holds := {hold.id: hold for mark in marks for hold in over.get(mark, ())}:
            found[task] = list(holds.values())
    return found


async def check_task_not_held(session: Session, task: str) -> None:
    """Raise KeptByHold where a hold covers the task; until the transaction ends, none is placed."""
    await standing_still(session)
    if await holds_on_tasks(session, [task]):
        raise await kept(session)
