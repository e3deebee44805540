"""Durable work of channels: carry one notice by one channel, at most as often as is safe."""

from collections.abc import Awaitable, Callable

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.addresses.find import bound_of
from colleague.channels.attempt import attempt
from colleague.channels.channel import Notice, Reader
from colleague.channels.notify import TASK
from colleague.channels.registry import Channels
from colleague.channels.tables import DeliveryRow, NoticeRow
from colleague.identity.directory import get_person
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.queue import DELIVERIES, Queue

VERBS = {"delivered": "notice.delivered", "unknown": "notice.unknown", "failed": "notice.failed"}
# Says whether the words of the notice with this link may leave; title and link always may.
Cleared = Callable[[Session, str], Awaitable[bool]]


async def deliver(
    notice_id: str, kind: str, *, database: Database, channels: Channels, cleared: Cleared, ledger: Ledger, clock: Clock
) -> None:
    """Deliver one notice by one channel and keep what came of it.

    Unavailable is raised again, so that the queue tries later. A delivery whose outcome nobody knows is not repeated,
    nor is one that another worker began and did not finish. Words that are not `cleared` stay here: title and link go.
    """
    async with database.transaction() as session:
        row = await session.get(DeliveryRow, (notice_id, kind), with_for_update=True)
        if row is None or row.state not in ("waiting", "sending"):
            return
        if row.state == "sending":
            row.state, row.why, row.changed_at = "unknown", "The worker ended while it was being sent.", clock.now()
            await ledger.record(session, _event(notice_id, row, "unknown"))
            return
        posted = await session.get_one(NoticeRow, notice_id)
        person = await get_person(session, posted.person_id)
        if not person.active or channels.get(kind) is None:
            row.state, row.changed_at = "failed", clock.now()
            row.why = "This channel is not set up." if person.active else "The person is no longer active."
            await ledger.record(session, _event(notice_id, row, "failed"))
            return
        row.state, row.attempts, row.changed_at = "sending", row.attempts + 1, clock.now()
        number = row.attempts
        addresses = {}
        if (bound := await bound_of(session, posted.person_id, kind)) is not None:
            addresses[kind] = bound.address
        words = posted.text if await cleared(session, posted.link) else ""
        notice = Notice(posted.id, posted.person_id, posted.title, words, posted.link, posted.created_at)
    channel = channels.get(kind)
    assert channel is not None
    came = await attempt(
        channel.deliver(notice, Reader(person.name, person.email, addresses)), number, done="delivered"
    )
    async with database.transaction() as session:
        row = await session.get_one(DeliveryRow, (notice_id, kind), with_for_update=True)
        row.state, row.why, row.changed_at = came.state, came.why[:500], clock.now()
        if came.state != "waiting":
            await ledger.record(session, _event(notice_id, row, came.state))
    if came.again is not None:
        raise came.again


def _event(notice_id: str, row: DeliveryRow, state: str) -> Event:
    facts = {"channel": row.channel, "attempts": row.attempts}
    return Event(VERBS[state], actor="system", subject=notice_id, data=facts)


def add_jobs(
    queue: Queue, *, database: Database, channels: Channels, cleared: Cleared, ledger: Ledger, clock: Clock
) -> None:
    """Teach `queue` to deliver notices."""

    async def work(notice: str, channel: str) -> None:
        await deliver(
            notice, channel, database=database, channels=channels, cleared=cleared, ledger=ledger, clock=clock
        )  # fmt: skip

    queue.add(TASK, work, queue=DELIVERIES)
