"""The buttons of an approval in Slack: only under a message that shows all that will happen, to who may answer it.

What is confidential, what does not fit, and what a person must look at with care (values of unknown origin, passages
taken over) is no thing for a chat: then there is a link to the page, and no button.
"""

from collections.abc import Mapping
from typing import Any

from colleague.approvals.inbox import get_card
from colleague.approvals.model import Card
from colleague.channels.channel import Notice
from colleague.identity.directory import actor_of
from colleague.kit.db import Database
from colleague.kit.errors import Failure
from colleague.policy.model import DataClass, Integrity, Label

LINK, SECTION, HEAD, SECTIONS = "/approvals/", 2900, 150, 8
Block = dict[str, Any]


async def blocks_of(notice: Notice, *, database: Database, url: str) -> list[Block]:
    """Return the blocks of a notice that asks for an approval; none where a link must do."""
    if not notice.link.startswith(LINK):
        return []
    try:
        async with database.transaction() as session:
            actor = await actor_of(session, person_id=notice.person, via="dispatch")
            card = await get_card(session, actor, notice.link.removeprefix(LINK))
    except Failure:
        return []
    may = actor.may("own:approvals:answer") and actor.may("own:dispatch:use") and card.answerable_by(actor.id)
    return blocks(card, f"{url}{notice.link}") if may and card.state == "asked" else []


def blocks(card: Card, link: str) -> list[Block]:
    """Return a card as Slack blocks, its texts plain (nothing in them becomes a link or a mention); or none. Pure."""
    if _needs_the_page(card.why, card):
        return []
    text = "\n".join(_lines(card))
    pieces = [text[start : start + SECTION] for start in range(0, len(text), SECTION)]
    title = card.seen(card.preview["title"])
    if len(pieces) > SECTIONS or len(title) > HEAD:
        return []
    value = f"{card.id}:{card.digest}"
    buttons = [
        {"type": "button", "action_id": "approve", "text": _plain("Approve"), "value": value},
        {"type": "button", "action_id": "deny", "text": _plain("Deny"), "value": value, "style": "danger"},
        {"type": "button", "action_id": "open", "text": _plain("Open"), "url": link},
    ]
    return [
        {"type": "header", "text": _plain(title)},
        *({"type": "section", "text": _plain(piece)} for piece in pieces if piece.strip()),
        {"type": "actions", "elements": buttons},
    ]


def _needs_the_page(why: Mapping[str, Any], card: Card) -> bool:
    label = Label.from_json(why["label"])
    return bool(why["doubts"] or card.lenders or label.categories) or label.data_class > DataClass.INTERNAL


def _lines(card: Card) -> list[str]:
    """Return all that the page shows of it."""
    lines = [f"Outside the organisation: {', '.join(map(card.seen, card.why['external']))}"] * bool(
        card.why["external"]
    )
    lines += [f"{name}: {card.seen(value)}" for name, value in card.preview["fields"]]
    if card.preview["attachments"]:
        lines.append(f"Attached: {', '.join(map(card.seen, card.preview['attachments']))}")
    if card.preview["body"]:
        lines += ["", card.seen(card.preview["body"]), ""]
    if Label.from_json(card.why["label"]).integrity is Integrity.UNTRUSTED:
        lines.append("The task has read text from outside; read the message before you approve it.")
    lines += [r["why"] for r in card.why["rulings"]]
    undo = card.preview["undo"]
    lines.append("It cannot be undone." if undo == "cannot be undone" else f"It can be undone: {undo}.")
    return [*lines, f"Asked for {card.requester_name}; open until {card.expires_at:%Y-%m-%d %H:%M} (UTC)."]


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
