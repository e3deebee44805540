"""Tell a person something, durably: the notice is written with the change it tells of, a job carries it further."""

from colleague.channels.addresses.prefer import carrying
from colleague.channels.page import post
from colleague.channels.registry import Channels
from colleague.channels.tables import DeliveryRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.queue import DELIVERIES, Job, enqueue

TASK = "channels.deliver"


class Notifier:
    """Posts notices and enqueues their delivery."""

    def __init__(self, channels: Channels, *, clock: Clock) -> None:
        """Take the channels that are set up."""
        self._channels, self._clock = channels, clock

    async def notify(self, session: Session, person_id: str, title: str, text: str, link: str = "") -> str:
        """Put a notice under the person's bell and send it by every channel that carries their notices; return its id.

        All of it happens with the caller's transaction, or not at all. `link` is a path («/approvals/…»).
        Raises BadNotice.
        """
        notice = await post(session, person_id, title, text, link, clock=self._clock)
        for kind in await carrying(session, person_id, self._channels):
            session.add(
                DeliveryRow(
                    notice_id=notice.id, channel=kind, state="waiting", attempts=0, changed_at=self._clock.now()
                )
            )
            job = Job(TASK, {"notice": notice.id, "channel": kind}, queue=DELIVERIES, key=f"{notice.id}:{kind}")
            await enqueue(session, job)
        await session.flush()
        return notice.id
