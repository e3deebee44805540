"""Approve from a phone without a page: «approvals» shows all of what waits, with a number; «approve 123456» decides it.

The number stands for this question as it was shown, this person and ten minutes; nothing is kept of it. What must be
looked at on its page, or is too long for a message, comes as a link.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select

from colleague.approvals.answer import answer, ask_back
from colleague.approvals.inbox import list_inbox
from colleague.approvals.model import Card
from colleague.approvals.text import needs_the_page, text_of
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.done import Done
from colleague.dispatch.receive.tables import MessageRow
from colleague.dispatch.triggers.model import Trigger
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.tasks.tables import RunRow

APPROVALS, SHOWN, LONGEST = "approvals", 3, 1000
GOOD_FOR = timedelta(minutes=10)
WRONG, MOST_WRONG = "a number that fits nothing", 5
NO_FIT = "This number fits nothing that waits for you; it holds for ten minutes. Write «approvals» for fresh ones."


def number_of(card: Card, person: str, at: datetime, parts: DispatchParts) -> str:
    """Return the six digits that stand for this card as it is, this person, and the ten minutes that `at` lies in."""
    window = int(at.timestamp() // GOOD_FOR.total_seconds())
    mark = parts.tasks.secrets.mark(f"{card.id} {card.digest} {person} {window}", context="approve by number")
    return f"{int(mark[:15], 16) % 900_000 + 100_000}"


async def approvals(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Show what waits for the sender: all of it, or a link."""
    cards = await list_inbox(session, actor, limit=20)
    if not cards:
        return Done(APPROVALS, "Nothing waits for your approval.")
    shown = [_shown(card, actor, parts) for card in cards[:SHOWN]]
    more = f"{len(cards) - SHOWN} more: {parts.settings.url}/approvals" if len(cards) > SHOWN else ""
    task = await _task(session, cards[0]) if len(cards) == 1 else ""
    return Done(APPROVALS, "\n\n".join(filter(None, [*shown, more])), task)


async def _task(session: Session, card: Card) -> str:
    return await session.scalar(select(RunRow.task_id).where(RunRow.id == card.run)) or ""


def _shown(card: Card, actor: Actor, parts: DispatchParts) -> str:
    link = f"{parts.settings.url}/approvals/{card.id}"
    text = text_of(card)
    if needs_the_page(card) or len(text) > LONGEST:
        return f"{card.title}: look at it on its page, it cannot be shown here. {link}"
    number = number_of(card, actor.id, parts.tasks.clock.now(), parts)
    words = f"Write «approve {number}», «deny {number} why», or «ask {number} what you want to know». {link}"
    return f"{card.seen(card.preview['title'])}\n{text}\n{words}"


async def decide(
    session: Session, actor: Actor, verdict: str, rest: Sequence[str], parts: DispatchParts
) -> Done:  # fmt: skip
    """Approve, deny or ask back by the number that was shown; five wrong numbers in an hour close this door."""
    now = parts.tasks.clock.now()
    wrong = select(func.count()).select_from(MessageRow).where(
        MessageRow.person_id == actor.id, MessageRow.action == WRONG,
        MessageRow.received_at > now - timedelta(hours=1),
    )  # fmt: skip
    if (await session.scalar(wrong) or 0) >= MOST_WRONG:
        return Done(
            "too many wrong numbers", f"Too many wrong numbers. Decide on the page: {parts.settings.url}/approvals"
        )
    given = rest[0].strip(".,") if rest else ""
    times = (now, now - GOOD_FOR)
    cards = [
        card for card in await list_inbox(session, actor)
        if not needs_the_page(card) and given in {number_of(card, actor.id, at, parts) for at in times}
    ]  # fmt: skip
    if len(cards) != 1:
        return Done(WRONG, NO_FIT)
    card, reason = cards[0], " ".join(rest[1:])
    task = await _task(session, card)
    house = parts.tasks
    if verdict == "asked back":
        await ask_back(session, actor, card.id, reason, digest=card.digest, ledger=house.ledger, clock=house.clock)
        return Done("asked back about an approval", f"Asked: {card.title}. The task answers and may ask again.", task)
    word: Literal["approved", "denied"] = "approved" if verdict == "approved" else "denied"
    await answer(
        session, actor, card.id, word, digest=card.digest, reason=reason, ledger=house.ledger, clock=house.clock
    )
    return Done(f"{word} a question of a task", f"{word.capitalize()}: {card.title}.", task)


async def approve(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Approve what was shown under a number."""
    return await decide(session, actor, "approved", rest, parts)


async def deny(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Deny what was shown under a number; the words after it are the reason."""
    return await decide(session, actor, "denied", rest, parts)


async def ask(
    session: Session, actor: Actor, rest: Sequence[str], triggers: Sequence[Trigger], parts: DispatchParts
) -> Done:  # fmt: skip
    """Ask something before deciding."""
    return await decide(session, actor, "asked back", rest, parts)
