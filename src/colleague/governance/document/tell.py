"""Tell the owner of a part of the draft that their signature is asked (GP-1)."""

from typing import Final

from colleague.governance.document.model import PARTS
from colleague.governance.document.store import find_draft
from colleague.kit.db import Database, Session
from colleague.kit.queue import Queue
from colleague.tasks.parts import Tell

TASK: Final = "governance.tell_signer"
TITLE: Final = "Your signature is asked"


async def tell_signer(session: Session, person: str, *, tell: Tell) -> bool:
    """Tell somebody which parts of the draft wait for their signature; say whether any does."""
    draft = await find_draft(session)
    mine = [PARTS[part] for part in draft.unsigned if draft.owners.get(part) == person] if draft else []
    if not mine:
        return False
    parts = " and ".join(f"«{title}»" for title in mine)
    text = (
        f"The governance document is drafted, and you own {parts}. Nothing of it holds before its four parts are "
        "signed. Read it; sign it, or say what should change."
    )
    await tell(session, person, TITLE, text, "/governance/draft")
    return True


def add_jobs(queue: Queue, *, database: Database, tell: Tell) -> None:
    """Teach `queue` to tell whose signature is asked."""

    async def work(person: str) -> None:
        async with database.transaction() as session:
            await tell_signer(session, person, tell=tell)

    queue.add(TASK, work)
