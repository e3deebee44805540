"""May somebody have what a task has read? Asked before a task changes hands, with the grants as they hold now."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from sqlalchemy import select

from colleague.connectors.accounts import has_own_account
from colleague.connectors.grants import covers, grants_of
from colleague.files.uploads import list_files
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, actor_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.plugins.store import usable_skills
from colleague.policy.model import DataClass, Label
from colleague.projects.store import role_in
from colleague.tasks.tables import CallRow, RunRow, TaskRow

OPEN = ("the people list",)


async def obstacle(session: Session, task: TaskRow, run: RunRow, person: str, *, clock: Clock) -> str:
    """Return why `person` may not have the task, as the end of a sentence; "" if they may.

    Files given to the task and public sources are no obstacle. Everything else that the run has read must lie in a
    place that a grant of their own teams opens, up to its class; what was read with a personal account, or cannot be
    looked up, counts as out of their reach (projects/reach.py: the same for a project).
    """
    try:
        who = await actor_of(session, person_id=person, via="system")
    except PersonNotFound:
        return "they are not active here"
    if not who.may("own:tasks:use"):
        return "they may not use tasks here"
    if task.project_id and await role_in(session, person, task.project_id) not in ("owner", "member"):
        return "it belongs to a project in which they are no member"
    own = {f.name for f in await list_files(session, task.id)}
    closed = []
    for source, highest in sorted((await _sources(session, run)).items()):
        if source in OPEN or source in own or highest is DataClass.PUBLIC:
            continue
        if not await _reaches(session, task.person_id, person, who, source, highest, clock):
            closed.append(source)
    if not closed:
        return ""
    more = f" and {len(closed) - 3} more" if len(closed) > 3 else ""
    return f"it has read what they may not see: {', '.join(closed[:3])}{more}"


async def _sources(session: Session, run: RunRow) -> Mapping[str, DataClass]:
    """Return each source of the run with the highest class that was read from it."""
    whole = Label.from_json(run.label)
    found: dict[str, DataClass] = {}
    query = select(CallRow.label).where(CallRow.run_id == run.id, CallRow.label.is_not(None))
    for raw in await session.scalars(query):
        label = Label.from_json(raw or {})
        for source in label.sources:
            found[source] = max(found.get(source, DataClass.PUBLIC), label.data_class)
    return {source: found.get(source, whole.data_class) for source in whole.sources | found.keys()}


async def _reaches(
    session: Session, before: str, person: str, who: Actor, source: str, highest: DataClass, clock: Clock
) -> bool:  # fmt: skip
    kind, _, place = source.partition(":")
    if kind == "skill":
        return any(one.name == place for one in await usable_skills(session, person, who.teams))
    if kind in ("http", "https"):
        kind, place = "web", urlsplit(source).hostname or ""
    if not place or await has_own_account(session, before, kind):
        return False
    grants = await grants_of(session, who.holders, kind, clock=clock)
    return any(covers(g, place) and max(g.place_class, highest) <= g.ceiling for g in grants)
