"""A card as plain text, for channels that show no page: all that the page shows, or nothing. Pure."""

from colleague.approvals.model import Card
from colleague.policy.model import DataClass, Integrity, Label


def needs_the_page(card: Card) -> bool:
    """Say whether a question may be decided on its page alone: something in it must be looked at there, or may not be
    shown elsewhere.
    """
    label = Label.from_json(card.why["label"])
    return bool(card.why["doubts"] or card.lenders or label.categories) or label.data_class > DataClass.INTERNAL


def text_of(card: Card) -> str:
    """Return all that the page shows of a card, below its title."""
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
    return "\n".join([*lines, f"Asked for {card.requester_name}; open until {card.expires_at:%Y-%m-%d %H:%M} (UTC)."])
