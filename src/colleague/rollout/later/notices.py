"""What waits to be told: put into the queue with the deed, so that no door has to know how people are told."""

from typing import Final

from colleague.kit.db import Session
from colleague.kit.queue import Job, enqueue

NAMED: Final = "programme.tell_who_answers"
WAITS: Final = "programme.tell_second"
BEGAN: Final = "programme.tell_cohort"
JOINED: Final = "programme.tell_newcomer"


async def tell_later(session: Session, job: str, about: str, by: str = "") -> None:
    """Let those whom it concerns be told once the deed is done; of one thing they are told once."""
    await enqueue(session, Job(job, {"about": about, "by": by}, key=f"{job}:{about}"))
