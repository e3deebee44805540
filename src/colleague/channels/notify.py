"""Tell a person something, durably: the notice is written with the change it tells of, a job carries it further."""

from colleague.channels.page import post
from colleague.channels.registry import channels_of
from colleague.channels.tables import DeliveryRow
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Session
from colleague.kit.queue import DELIVERIES, Job, enqueue
from colleague.kit.settings import Settings

TASK = "channels.deliver"


class Notifier:
    """Posts notices and enqueues their delivery."""

    def __init__(self, *, settings: Settings, clock: Clock | None = None) -> None:
        """Take the settings that say which channels there are."""
        self._clock = clock or SystemClock()
        self._kinds = tuple(channel.kind for channel in channels_of(settings, clock=self._clock))

    async def notify(self, session: Session, person_id: str, title: str, text: str, link: str = "") -> str:
        """Put a notice under the person's bell and send it by every channel that is set up; return its id.

        All of it happens with the caller's transaction, or not at all. `link` is a path («/approvals/…»).
        Raises BadNotice.
        """
        notice = await post(session, person_id, title, text, link, clock=self._clock)
        for kind in self._kinds:
            session.add(
                DeliveryRow(
                    notice_id=notice.id, channel=kind, state="waiting", attempts=0, changed_at=self._clock.now()
                )
            )
            job = Job(TASK, {"notice": notice.id, "channel": kind}, queue=DELIVERIES, key=f"{notice.id}:{kind}")
            await enqueue(session, job)
        await session.flush()
        return notice.id
