"""The buttons of an approval in Slack: only under a message that shows all that will happen, to who may answer it.

What is confidential, what does not fit, and what a person must look at with care (values of unknown origin, passages
taken over) is no thing for a chat: then there is a link to the page, and no button.
"""

from typing import Any

from colleague.approvals.inbox import get_card
from colleague.approvals.model import Card
from colleague.approvals.text import needs_the_page, text_of
from colleague.channels.channel import Notice
from colleague.identity.directory import actor_of
from colleague.kit.db import Database
from colleague.kit.errors import Failure

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
    if needs_the_page(card):
        return []
    text = text_of(card)
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


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
