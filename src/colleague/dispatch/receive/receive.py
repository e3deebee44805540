"""The one way from a verified message to what becomes of it (R50 to R58).

The same message again gets the same answer. It is on record before anything happens: where the ledger cannot be
written, nothing is done. A worker takes up what a killed process had begun.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from colleague.channels.addresses.find import find_bound
from colleague.dispatch.model import Incoming, Reply
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.begin import CONFIRM, begin, enqueue_begin
from colleague.dispatch.receive.commands import COMMANDS, PEOPLES, DecidedByPeople
from colleague.dispatch.receive.confirm import new_code, say_no, say_yes
from colleague.dispatch.receive.decide import Confirm, Refuse, Run, decide
from colleague.dispatch.receive.people import Unclear, with_people
from colleague.dispatch.receive.record import find_message, reply_of, sent_lately, write, write_unknown
from colleague.dispatch.receive.tables import ContentRow, MessageRow
from colleague.dispatch.triggers.drill import drilled, triggers_for
from colleague.dispatch.triggers.match import LONGEST, Said, said
from colleague.dispatch.triggers.store import list_triggers
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of, is_active
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.policy.governance import current_governance

SILENT = Reply("", "silent")
KINDS: Final = {"sms": "sms", "voice": "sms", "slack": "slack", "email": "email"}
LIMITS: Final = ((10, timedelta(minutes=1), "minute"), (60, timedelta(hours=1), "hour"))
# A program that holds a person's token has been set up by them at their desk.
UNDRILLED: Final = ("api", "mcp")


NOT_OPEN = (
    "Dispatch is not open to your role, or your token: it needs own:dispatch:use and own:tasks:use. Ask an "
    "administrator."
)


async def receive(incoming: Incoming, *, parts: DispatchParts) -> Reply:
    """Take one message and return what its sender is told.

    Never raises for what is wrong with the message: that is a refusal, in words, on record. Raises what the database
    or the ledger raises (Unavailable): then nothing was done, and the door says so.
    """
    async with parts.tasks.database.transaction() as session:
        key = {"key": f"{incoming.channel} {incoming.id}"}
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 727061))"), key)
        before = await find_message(session, incoming.channel, incoming.id[:400])
        if before is not None:
            reply = await reply_of(session, before)
            begun = before.id if before.state == "begun" else ""
        else:
            reply, begun = await _take(session, incoming, parts)
    return await begin(begun, parts=parts) if begun else reply


async def _take(session: Session, incoming: Incoming, parts: DispatchParts) -> tuple[Reply, str]:
    """Put the message on record with what becomes of it; also return the id of what is to begin, "" if nothing is."""
    person = await _person(session, incoming)
    if not person or not await is_active(session, person):
        await write_unknown(session, incoming, parts=parts)
        return SILENT, ""
    actor = await actor_of(session, person_id=person, via="dispatch")
    if incoming.holds is not None:
        actor = replace(actor, permissions=actor.permissions & incoming.holds)
    words = said(incoming.text)
    if (why := await _closed(session, actor, incoming, parts)) is not None:
        return await _tell(session, incoming, actor, "refused", "refused", why, parts), ""
    word = words.words[0].casefold().strip(".!") if words.words else ""
    if word in ("yes", "y", "no", "n"):
        deed = say_yes if word[0] == "y" else say_no
        text, begun = await deed(session, actor, incoming, words.words[1:], parts)
        reply = await _tell(session, incoming, actor, "answered", f"said {word}", text, parts)
        return reply, begun
    if word in COMMANDS:
        return await _command(session, incoming, actor, word, words, parts), ""
    return await _trigger(session, incoming, actor, words, parts)


async def _person(session: Session, incoming: Incoming) -> str:
    """Return whose message it is, "" if nobody knows."""
    if incoming.person:
        return incoming.person
    bound = await find_bound(session, KINDS[incoming.channel], incoming.sender) if incoming.channel in KINDS else None
    return bound.person_id if bound else ""


def open_to(actor: Actor) -> bool:
    """Say whether an actor may use Dispatch: whatever is said there is about tasks."""
    return actor.may("own:dispatch:use") and actor.may("own:tasks:use")


async def _closed(session: Session, actor: Actor, incoming: Incoming, parts: DispatchParts) -> str | None:
    """Return why Dispatch is closed for this message, None if it is open.

    Whoever sends far too many is told once and then nothing: two programs must not answer each other for ever.
    """
    now = parts.tasks.clock.now()
    if not open_to(actor):
        return NOT_OPEN
    if len(incoming.text) > LONGEST:
        return f"That is longer than {LONGEST:,} characters. Attach long texts as files."
    for most, within, name in LIMITS:
        if (count := await sent_lately(session, actor.id, within=within, now=now)) >= most:
            if count > most and not incoming.person:
                return ""
            return f"That is more than {most} messages in one {name}. Wait a little; nothing was done with this one."
    if incoming.channel not in UNDRILLED and not await drilled(session, actor.id):
        return f"Take the short drill first, then this channel opens for you: {parts.settings.url}/dispatch/drill"
    return None


async def _tell(
    session: Session, incoming: Incoming, actor: Actor, state: str, action: str, words: str, parts: DispatchParts
) -> Reply:  # fmt: skip
    row = await write(session, incoming, person=actor.id, state=state, action=action, reply=words, parts=parts)
    return Reply(words, state, row.id, row.task_id)  # type: ignore[arg-type]


async def _command(
    session: Session, incoming: Incoming, actor: Actor, word: str, words: Said, parts: DispatchParts
) -> Reply:  # fmt: skip
    """Do what a word of Dispatch itself says; what is wrong with it is a refusal."""
    mine = await triggers_for(session, actor)
    try:
        if word in PEOPLES and incoming.holds is not None:
            raise DecidedByPeople
        async with session.begin_nested():
            done = await COMMANDS[word](session, actor, words.words[1:], mine, parts)
    except Failure as failure:
        return await _tell(session, incoming, actor, "refused", f"{word}: refused", failure.message, parts)
    reply = await _tell(session, incoming, actor, "answered", done.action, done.text, parts)
    row = await session.get_one(MessageRow, reply.message)
    row.task_id = done.task
    # What was said about a task goes with it.
    (await session.get_one(ContentRow, row.id)).task_id = done.task or None
    return replace(reply, task=done.task)


async def _trigger(
    session: Session, incoming: Incoming, actor: Actor, words: Said, parts: DispatchParts
) -> tuple[Reply, str]:  # fmt: skip
    """Find the trigger and begin, ask or refuse."""
    governance = await current_governance(session)
    verdict = decide(
        words, await list_triggers(session, state="active"), governance, today=parts.today(governance),
        holders=actor.holders, spoken=incoming.channel == "voice",
    )  # fmt: skip
    if isinstance(verdict, Run | Confirm):
        try:
            plan = await with_people(session, verdict.plan)
        except Unclear as unclear:
            verdict = Refuse(unclear.message)
    match verdict:
        case Refuse(why):
            return await _tell(session, incoming, actor, "refused", "refused: no trigger", why, parts), ""
        case Confirm():
            number, code = new_code(parts)
            reply = CONFIRM.format(words=plan.words, number=number)
            row = await write(
                session, incoming, person=actor.id, state="confirm", action=f"asked whether {plan.name} is meant",
                reply=reply, plan=plan, code=code, parts=parts,
            )  # fmt: skip
            return Reply(reply, "confirm", row.id), ""
        case Run():
            row = await write(
                session, incoming, person=actor.id, state="begun", action=f"trigger {plan.name}", reply="",
                plan=plan, parts=parts,
            )  # fmt: skip
            await enqueue_begin(session, row.id, parts)
            return SILENT, row.id
