"""What goes with no task: what was told of several at once, after a day; words that became none, by retention."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.commands import LISTS
from colleague.dispatch.receive.tables import ContentRow, MessageRow, SentFileRow
from colleague.holds.cover import covering
from colleague.kit.db import Session

KEPT = timedelta(days=1)


async def forget_lists(*, parts: DispatchParts) -> int:
    """Forget what was answered to «approvals» and «status» more than a day ago; return how many answers.

    Until then a service that repeats a message gets the same answer; later none does.
    """
    async with parts.tasks.database.transaction() as session:
        old = select(MessageRow.id).where(
            MessageRow.action.in_(LISTS), MessageRow.received_at <= parts.tasks.clock.now() - KEPT
        )
        gone = update(ContentRow).where(ContentRow.message_id.in_(old), ContentRow.task_id.is_(None))
        gone = gone.where(ContentRow.reply != "").values(reply="")
        return len((await session.scalars(gone.returning(ContentRow.message_id))).all())


async def forget_words(session: Session, before: datetime) -> int:
    """Take away the words and files of messages that became no task, received up to `before`; return how many.

    Their records stay, but for the address of senders whom nobody knows. What people under a legal hold sent stays:
    the caller has let none be placed meanwhile (holds.cover.standing_still), and puts the number on record.
    """
    old = select(MessageRow.id, MessageRow.person_id).join(ContentRow, ContentRow.message_id == MessageRow.id)
    rows = (await session.execute(old.where(MessageRow.received_at <= before, ContentRow.task_id.is_(None)))).all()
    held = {person for _, person in await covering(session, people={person for _, person in rows if person})}
    ids = [message for message, person in rows if person not in held]
    await session.execute(delete(SentFileRow).where(SentFileRow.message_id.in_(ids)))
    gone = delete(ContentRow).where(ContentRow.message_id.in_(ids)).returning(ContentRow.message_id)
    number = len((await session.scalars(gone)).all())
    unknown = (MessageRow.state == "unknown", MessageRow.received_at <= before, MessageRow.sender != "")
    await session.execute(update(MessageRow).where(*unknown).values(sender=""))
    return number
