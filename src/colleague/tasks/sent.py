"""What a person says to a task from a device that may send it again: done once, answered the same each time."""

from typing import Any

from colleague.identity.actor import Actor
from colleague.kit.once import Once
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.delegate import answer_question
from colleague.tasks.parts import Parts
from colleague.tasks.together.mention import say


async def say_once(actor: Actor, task_id: str, text: str, *, to: str = "", once: Once, parts: Parts) -> dict[str, Any]:
    """Add words to a task and tell whom they name (tasks/together/mention.py); return the `mentions` as JSON."""
    once = once.of("say", task_id, text, to)
    async with parts.database.transaction() as session:
        answer = await once.found(session)
        if answer is None:
            mentions = await say(session, actor, task_id, text, to=to, parts=parts)
            answer = {"mentions": [{"text": m.text, "person": m.person, "told": m.told} for m in mentions]}
            await once.keep(session, answer, clock=parts.clock)
    return answer


async def answer_once(actor: Actor, task_id: str, call: str, text: str, *, once: Once, parts: Parts) -> None:
    """Answer the agent's question. Raises what `answer_question` raises, and WordsTooHigh."""
    once = once.of("answer", task_id, call, text)
    async with parts.database.transaction() as session:
        if await once.found(session) is not None:
            return
        await admit_words(actor, text, parts=parts)
        await answer_question(session, actor, task_id, call, text, ledger=parts.ledger, clock=parts.clock)
        await once.keep(session, {}, clock=parts.clock)
