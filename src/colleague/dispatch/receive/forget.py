"""What was told of several tasks at once goes with none of them: it is forgotten after a day."""

from datetime import timedelta

from sqlalchemy import select, update

from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.commands import LISTS
from colleague.dispatch.receive.tables import ContentRow, MessageRow

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
