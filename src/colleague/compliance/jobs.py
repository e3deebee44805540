"""Retention's nightly job, and the same once more when somebody asks for it."""

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.compliance.sweep import sweep
from colleague.holds.cover import MANAGE
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.queue import Job, Queue, enqueue

NIGHTLY, NOW = "retention.nightly", "retention.now"


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock, signer: Signer) -> None:
    """Teach `queue` to delete what is due."""

    async def work() -> None:
        await sweep(database=database, ledger=ledger, clock=clock, signer=signer)

    queue.add(NIGHTLY, work, every="17 2 * * *")
    queue.add(NOW, work)


async def ask_for_run(session: Session, actor: Actor, *, ledger: Ledger) -> bool:
    """Have what is due deleted now, by the queue; return False if that waits already."""
    actor.require(MANAGE)
    fresh = await enqueue(session, Job(NOW, key=NOW, lock=NOW))
    if fresh:
        await ledger.record(session, Event("retention.asked", actor.id, data={"via": actor.via}))
    return fresh
