"""The words that Dispatch itself understands (help, status, stop, …). What each does is done as the sender."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from colleague.dispatch.deliver.cleared import cleared
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.approving import APPROVALS, approvals, approve, ask, deny
from colleague.dispatch.receive.done import Done
from colleague.dispatch.triggers.model import Trigger
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden
from colleague.tasks.delegate import answer_question, stop
from colleague.tasks.model import ENDED, State, Summary
from colleague.tasks.store import list_tasks, newest_run

SHOWN, STATUS = 5, "status"
# What these tell is of several tasks.
LISTS: Final = (APPROVALS, STATUS)
# Whoever decides must have seen what will happen: no program does it in words.
PEOPLES: Final = frozenset(("approvals", "approve", "deny", "ask"))


class DecidedByPeople(Forbidden):
    """A program decides about no approval here: whoever answers must have seen what will happen. A token that may
    answer approvals does so at /api/v1/approvals."""


Command = Callable[[Session, Actor, Sequence[str], Sequence[Trigger], DispatchParts], Awaitable[Done]]


async def help_with(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Tell the commands that are open to the sender; with a name, more about that one."""
    named = [t for t in triggers if rest and t.wording.name == " ".join(rest).casefold()]
    if named:
        words = named[0].wording
        return Done("help", f"{words.about}\n{words.pattern}\nFor example: {words.example}")
    lines = [t.wording.pattern for t in triggers]
    own = "help NAME · status · stop task · answer WORDS · approvals"
    return Done("help", "\n".join([*(lines or ["No command is open to you yet."]), own]))


async def status(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Tell how the sender's newest tasks stand."""
    tasks = [t for t in await list_tasks(session, person=actor.id, limit=SHOWN) if t.person == actor.id]
    lines = [f"{t.state}: {await _named(session, t)} {parts.settings.url}/tasks/{t.id}" for t in tasks]
    return Done(STATUS, "\n".join(lines) or "You have no tasks.", tasks[0].id if len(tasks) == 1 else "")


async def stop_task(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Stop the sender's newest task that is at work."""
    for task in await list_tasks(session, person=actor.id, limit=SHOWN):
        if task.person == actor.id and task.state not in ENDED:
            await stop(session, actor, task.id, ledger=parts.tasks.ledger, clock=parts.tasks.clock)
            return Done(
                "stopped a task",
                f"Stopped: {await _named(session, task)} {parts.settings.url}/tasks/{task.id}",
                task.id,
            )
    return Done("stop", "Nothing of yours is at work.")


async def answer(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Answer the one question that a task of the sender's waits with; with several, say so and change nothing."""
    waiting = [
        t for t in await list_tasks(session, person=actor.id, limit=30)
        if t.person == actor.id and t.state == State.WAITING
    ]  # fmt: skip
    if not rest or not waiting:
        return Done("answer", "No task of yours waits for an answer." if rest else "Write your words after «answer».")
    if len(waiting) > 1:
        links = "\n".join([f"{await _named(session, t)} {parts.settings.url}/tasks/{t.id}" for t in waiting[:SHOWN]])
        return Done("answer", f"{len(waiting)} tasks wait for you. Answer on the page:\n{links}")
    run = await newest_run(session, waiting[0].id, lock=True)
    await answer_question(
        session, actor, waiting[0].id, run.waiting_for, " ".join(rest), ledger=parts.tasks.ledger,
        clock=parts.tasks.clock,
    )  # fmt: skip
    return Done("answered a question of a task", f"Answered: {await _named(session, waiting[0])}", waiting[0].id)


async def _named(session: Session, task: Summary) -> str:
    """Return what a task is called where the answer goes through a phone or a chat: confidential words stay here."""
    return task.title[:60] if await cleared(session, f"/tasks/{task.id}") else "a task with confidential content"


COMMANDS: Final[dict[str, Command]] = {
    "help": help_with, "info": help_with, "status": status, "stop": stop_task, "answer": answer,
    "approvals": approvals, "approve": approve, "deny": deny, "ask": ask,
}  # fmt: skip
