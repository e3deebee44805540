"""Durable work: carry one result by one way, at most once where nobody can say whether it arrived."""

from dataclasses import dataclass
from datetime import datetime

from colleague.audit.event import Event
from colleague.channels.addresses.find import bound_of
from colleague.channels.attempt import attempt
from colleague.channels.channel import Message, Writer
from colleague.channels.registry import Channels
from colleague.dispatch.deliver.compose import compose, weigh
from colleague.dispatch.deliver.model import TITLES, Form
from colleague.dispatch.deliver.promise import TASK, sweep
from colleague.dispatch.deliver.tables import ResultRow
from colleague.identity.directory import PersonNotFound, actor_of
from colleague.kit.db import Session
from colleague.kit.queue import DELIVERIES, Queue
from colleague.tasks.parts import Parts
from colleague.tasks.sight import see_task
from colleague.tasks.store import TaskNotFound
from colleague.tasks.tables import RunRow

DIED = "The worker ended while it was being sent."
UNBOUND = "You have no address for it: {title} is not bound to you any more."
NOT_SET_UP = "It is not set up here any more: {title}."
NOT_SEEN = "You may not see this task any more."
# What is on record: that it begins, and what came of it.
VERBS = {
    "sending": "result.begun", "delivered": "result.delivered", "unknown": "result.unsettled",
    "failed": "result.failed", "withheld": "result.withheld",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Carrying:
    """What a delivery needs: the parts of tasks, the channels, and the address people use."""

    tasks: Parts
    channels: Channels
    url: str


async def deliver(result: str, *, parts: Carrying) -> None:
    """Deliver one result and keep what came of it. Unavailable is raised again, so that the queue tries later.

    What goes, and to which address, is decided at this moment: a revoked phone, a raised class, a person who left
    count. That it begins is on record before anything is sent.
    """
    begun = await _begin(result, parts)
    if begun is None:
        return
    writer, message, number = begun
    came = await attempt(writer.write(message), number, done="delivered")
    async with parts.tasks.database.transaction() as session:
        row = await session.get_one(ResultRow, result, with_for_update=True)
        await _keep(session, row, came.state, came.why, parts)
    if came.again is not None:
        raise came.again


async def _begin(result: str, parts: Carrying) -> tuple[Writer, Message, int] | None:
    """Decide what goes and mark the row; return who carries it, what, and which attempt it is. None for nothing."""
    async with parts.tasks.database.transaction() as session:
        row = await session.get(ResultRow, result, with_for_update=True, populate_existing=True)
        if row is None or row.state not in ("waiting", "sending"):
            return None
        if row.state == "sending":
            await _keep(session, row, "unknown", DIED, parts)
            return None
        run = await session.get(RunRow, row.run_id)
        try:
            actor = await actor_of(session, person_id=row.person_id, via="dispatch")
            await see_task(session, actor, row.task_id)
        except (PersonNotFound, TaskNotFound):
            await _keep(session, row, "withheld", NOT_SEEN, parts)
            return None
        assert run is not None
        verdict = await weigh(session, row, run)
        row.form = verdict.form.name.lower()
        if row.target == "thread":
            await _keep(session, row, "delivered", "", parts)
            return None
        to, writer = await _address(session, row, actor.email), parts.channels.writer(row.target)
        if verdict.form == Form.NOTHING or writer is None or not to:
            missing = (NOT_SET_UP if writer is None else UNBOUND).format(title=TITLES[row.target])
            why = verdict.why if verdict.form == Form.NOTHING else missing
            await _keep(session, row, "withheld", why, parts)
            return None
        message = await compose(session, row, run, verdict, to=to, name=actor.name, url=parts.url)
        row.state, row.attempts, row.why, row.changed_at = "sending", row.attempts + 1, verdict.why, _now(parts)
        await parts.tasks.ledger.record(session, _event(row, "sending", len(message.parts)))
        return writer, message, row.attempts


async def _address(session: Session, row: ResultRow, email: str) -> str:
    """Return the person's own address of this moment: for mail the one they have here, else the one they proved."""
    if row.target == "email":
        return email
    bound = await bound_of(session, row.person_id, row.target)
    return bound.address if bound is not None else ""


async def _keep(session: Session, row: ResultRow, state: str, why: str, parts: Carrying) -> None:
    """Write down what came of it; its person finds under the bell what did not surely arrive, or is on the page."""
    row.state, row.changed_at = state, _now(parts)
    row.why = why[:500] or row.why
    if state not in VERBS:
        return
    await parts.tasks.ledger.record(session, _event(row, state))
    if state == "delivered" and row.target != "thread":
        return
    where = f"It was to go by {TITLES[row.target]}. {row.why}" if row.target != "thread" else "See what came out."
    title = "A task has ended" if row.target == "thread" else "A result did not go out"
    title = "A result may not have arrived" if state == "unknown" else title
    await parts.tasks.tell(session, row.person_id, title, where, f"/tasks/{row.task_id}")


def _now(parts: Carrying) -> datetime:
    return parts.tasks.clock.now()


def _event(row: ResultRow, state: str, files: int = 0) -> Event:
    facts = {"task": row.task_id, "target": row.target, "form": row.form, "attempts": row.attempts}
    return Event(
        VERBS[state], "agent", subject=row.id, run=row.run_id, person=row.person_id,
        data=facts | ({"files": files} if files else {}),
    )  # fmt: skip


def add_jobs(queue: Queue, *, parts: Carrying) -> None:
    """Teach `queue` to deliver results, and to find those that a killed worker left."""

    async def work(result: str) -> None:
        await deliver(result, parts=parts)

    async def look() -> None:
        async with parts.tasks.database.transaction() as session:
            await sweep(session, clock=parts.tasks.clock)

    queue.add(TASK, work, queue=DELIVERIES)
    queue.add("dispatch.results", look, every="* * * * *")
