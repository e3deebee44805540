"""Name a colleague in one's words to a task: they are told, with a link. Whoever may not see the task learns no title.

A mention shares nothing by itself: the one who wrote it is offered to share the task as viewer.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import func, select

from colleague.approvals.partners import partners_of
from colleague.audit.event import Event
from colleague.identity.actor import Actor
from colleague.identity.directory import (
    PersonNotFound,
    actor_of,
    find_by_email,
    find_by_name,
    get_person,
    members_of,
    names_of,
)
from colleague.identity.model import Person
from colleague.kit.db import Session, advisory_lock
from colleague.kit.ids import new_id
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.delegate import tell
from colleague.tasks.parts import Parts
from colleague.tasks.sight import may_see, see_task
from colleague.tasks.store import newest_run
from colleague.tasks.tables import MentionRow, TaskRow

# In one message; of one person in an hour; of the same colleague in the same task.
IN_MESSAGE, IN_HOUR, AGAIN, SUGGESTED = 5, 20, timedelta(minutes=10), 50
_LOCK = 727_052
# «@ben@company.example», «@Ben», «@Ben Carter»; not the @ inside a mail address.
_MENTION = re.compile(r"(?<![\w.@])@([\w.+-]+@[\w.-]+\w|[^\W\d_][\w'-]*(?: [^\W\d_][\w'-]*){0,2})")

Told = Literal["told", "cannot see", "unclear", "quiet"]
WORDS: Final[dict[str, str]] = {
    "told": "was told", "cannot see": "was told, but may not see this task: share it with them",
    "unclear": "is nobody here, or more than one: write the mail address",
    "quiet": "was not told again: too many mentions, or too soon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in somebody's words, whom it means ("" if that is not clear), and what came of it."""

    text: str
    person: str
    told: Told

    @property
    def words(self) -> str:
        """Return it as a sentence."""
        return f"{self.text} {WORDS[self.told]}"


def named_in(text: str) -> list[str]:
    """Return what stands after each @ in a text, each once, at most 20."""
    return list(dict.fromkeys(m.group(1) for m in _MENTION.finditer(text)))[:20]


async def say(session: Session, actor: Actor, task_id: str, text: str, *, to: str = "", parts: Parts) -> list[Mention]:
    """Add one's words to a task (tasks/delegate.py) and tell the colleagues they name; `to` names one more.

    Raises what `tell` raises. Nothing about mentions is raised: words to a task are never lost for them.
    """
    to = " ".join(to.split()).removeprefix("@")
    if to:
        text = f"{text.rstrip()} @{to}"
    await admit_words(actor, text, parts=parts)
    await tell(session, actor, task_id, text, ledger=parts.ledger, clock=parts.clock)
    task = await see_task(session, actor, task_id)
    found: dict[str, Mention] = {}
    for name in named_in(text):
        person, shown = await _whom(session, name)
        if person is None:
            found[name] = Mention(shown, "", "unclear")
        elif person.id != actor.id and person.id not in found:
            found[person.id] = Mention(shown, person.id, await _tell(session, actor, task, person, len(found), parts))
    return list(found.values())


async def _whom(session: Session, name: str) -> tuple[Person | None, str]:
    """Return the one active colleague that is meant, by the most words of `name` that fit, and those words."""
    if "@" in name:
        found = await find_by_email(session, name)
        return (found if found is not None and found.active else None), name
    words = name.split()
    for count in range(len(words), 0, -1) if len(words[0]) > 1 else ():
        hits = await find_by_name(session, " ".join(words[:count]))
        if len(hits) == 1:
            return hits[0], " ".join(words[:count])
    return None, words[0]


async def _tell(session: Session, actor: Actor, task: TaskRow, person: Person, before: int, parts: Parts) -> Told:
    """Tell one colleague, unless that would be too much; with the title only if they may see the task."""
    now = parts.clock.now()
    await advisory_lock(session, _LOCK)  # Messages at once must not each find room below the limit.
    mine = select(func.count()).where(MentionRow.by_id == actor.id, MentionRow.at > now - timedelta(hours=1))
    same = select(MentionRow.id).where(
        MentionRow.task_id == task.id, MentionRow.person_id == person.id, MentionRow.at > now - AGAIN
    )
    full = before >= IN_MESSAGE or (await session.scalar(mine) or 0) >= IN_HOUR
    if full or await session.scalar(same.limit(1)) is not None:
        return "quiet"
    sees = await may_see(session, await actor_of(session, person_id=person.id, via="page"), task)
    row = MentionRow(id=new_id("mention"), task_id=task.id, by_id=actor.id, person_id=person.id, seen=sees, at=now)
    session.add(row)
    await session.flush()
    text = f"{actor.name} mentions you in «{task.title}»."
    if not sees:
        text = f"{actor.name} mentions you in a task that is not shared with you (yet). The link opens once it is."
    await parts.tell(session, person.id, "You are mentioned in a task", text, f"/tasks/{task.id}")
    run = await newest_run(session, task.id)
    facts = {"person": person.id, "sees": sees, "via": actor.via}
    await parts.ledger.record(session, Event("task.mentioned", actor.id, subject=task.id, run=run.id, data=facts))
    return "told" if sees else "cannot see"


async def unseen_by(session: Session, task: TaskRow) -> list[tuple[str, str]]:
    """Return (id, name) of those who are mentioned in a task and may not see it; sharing it is one click."""
    people = await session.scalars(select(MentionRow.person_id).where(MentionRow.task_id == task.id).distinct())
    names = await names_of(session, people.all())
    found = []
    for person, name in sorted(names.items(), key=lambda item: item[1]):
        try:
            reader = await actor_of(session, person_id=person, via="page")
        except PersonNotFound:
            continue
        if not await may_see(session, reader, task):
            found.append((person, name))
    return found


async def suggested(session: Session, actor: Actor, task_id: str) -> list[str]:
    """Return mail addresses to choose from: the colleagues on the task, then those of one's own teams."""
    people: dict[str, str] = {}
    for partner in await partners_of(session, task_id):
        person = await get_person(session, partner.person)
        people |= {person.email: person.name} if person.active and person.id != actor.id else {}
    for team in sorted(actor.teams):
        people |= {p.email: p.name for p in await members_of(session, team) if p.active and p.id != actor.id}
    return list(people)[:SUGGESTED]
