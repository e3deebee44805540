"""What stands in the way of an erasure: what others need of a person has to get somebody else first."""

from typing import Final

from sqlalchemy import text

from colleague.compliance.look import ALONE
from colleague.holds.cover import check_not_held, kept
from colleague.kit.db import Session
from colleague.tasks.keeping.held import holds_on_tasks

# Each query gives the names of what is in the way; each sentence says what to do about it.
_CHECKS: Final = (
    ("They are the sponsor or the lead of the programme: name somebody else under Programme.",
     "SELECT 'programme' FROM programme WHERE sponsor_id = :person OR lead_id = :person"),
    ("They may use the sealed break-glass account: choose somebody else under Sign-on.",
     "SELECT 'sign-on' FROM sign_on_mode WHERE break_glass_id = :person"),
    ("They are a champion: end that under Champions.",
     "SELECT 'champion' FROM champions WHERE person_id = :person AND retired_at IS NULL"),
    ("Nobody else who is active owns the project {names}: give it an owner, or take the others out of it.",
     """SELECT p.name FROM project_members m JOIN projects p ON p.id = m.project_id
        WHERE m.person_id = :person AND m.role = 'owner'
        AND EXISTS (SELECT 1 FROM project_members o WHERE o.project_id = p.id AND o.person_id <> :person)
        AND NOT EXISTS (SELECT 1 FROM project_members o JOIN people w ON w.id = o.person_id AND w.active
            WHERE o.project_id = p.id AND o.person_id <> :person AND o.role = 'owner')"""),
    ("They own the use case {names}: name another owner on its card.",
     """SELECT u.name FROM use_cases u JOIN use_case_cards c ON c.use_case_id = u.id AND c.version = u.version
        WHERE c.card->>'owner' = :person AND u.retired_at IS NULL"""),
    ("They sign a part of the governance document that is being drafted: name another owner of that part.",
     """SELECT 'document' FROM governance_documents d WHERE d.published_at IS NULL
        AND EXISTS (SELECT 1 FROM jsonb_each_text(d.owners) o WHERE o.value = :person)"""),
)  # fmt: skip


async def obstacles(session: Session, person_id: str) -> list[str]:
    """Return what has to be done before a person can be erased, in sentences; nothing if they can be."""
    found = []
    for words, query in _CHECKS:
        names = list(await session.scalars(text(query), {"person": person_id}))
        if names:
            found.append(words.format(names=", ".join(f"«{name}»" for name in names[:10])))
    return found


_TASKS: Final = """SELECT id FROM tasks WHERE person_id = :person
    UNION SELECT task_id FROM task_shares WHERE person_id = :person
    UNION SELECT task_id FROM task_hand_overs WHERE from_id = :person OR to_id = :person
    UNION SELECT r.task_id FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.body->>'by' = :person"""


async def check_free(session: Session, person_id: str) -> None:
    """Raise KeptByHold where a legal hold covers the person, a task they had part in, or a project of theirs alone.

    Until the transaction ends, no hold is placed.
    """
    asked = {"person": person_id}
    projects = list(await session.scalars(text(ALONE), asked))
    await check_not_held(session, people=[person_id], projects=projects)
    if await holds_on_tasks(session, list(await session.scalars(text(_TASKS), asked))):
        raise await kept(session)
