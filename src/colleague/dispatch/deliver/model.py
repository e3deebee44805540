"""How much of a result may go where (DI-2): a decision of values alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, get_args

from colleague.policy.model import DataClass, Label

Target = Literal["sms", "slack", "email", "thread"]
TARGETS: Final[tuple[str, ...]] = get_args(Target)
TITLES: Final[dict[str, str]] = {
    "sms": "text message", "slack": "Slack", "email": "mail", "thread": "the page of the task",
}  # fmt: skip
SHORTEST, LONGER = 300, 3000


class Form(IntEnum):
    """How much goes: nothing, a link, the beginning of the answer with the link, or the answer with its files."""

    NOTHING = 0
    LINK = 1
    SUMMARY = 2
    WHOLE = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much goes, and why not more ("": nothing was held back)."""

    form: Form
    why: str = ""


def decide(target: str, label: Label, *, unreviewed: bool) -> Verdict:
    """Return how much of a result with this label goes to its person by `target`.

    Restricted content never goes into a text message, not even that there is some; elsewhere as a link. Confidential
    content goes as a link only, and so does what waits for a review that its category demands (`unreviewed`), and
    what has categories of personal data towards a phone or a chat.
    """
    if target == "thread":
        return Verdict(Form.LINK)
    if target not in TARGETS:
        return Verdict(Form.NOTHING, "There is no such channel.")
    if label.data_class >= DataClass.RESTRICTED:
        if target == "sms":
            return Verdict(Form.NOTHING, "It rests on restricted content, which never goes into a text message.")
        return Verdict(Form.LINK, "It rests on restricted content.")
    if label.data_class >= DataClass.CONFIDENTIAL:
        return Verdict(Form.LINK, "It rests on confidential content.")
    if unreviewed:
        return Verdict(Form.LINK, "It waits for the review that its category demands.")
    if target == "email":
        return Verdict(Form.WHOLE)
    if label.categories:
        return Verdict(Form.LINK, f"It holds {', '.join(sorted(label.categories))} data.")
    return Verdict(Form.SUMMARY)


def target_of(delivery: str, channel: str) -> str:
    """Return where a result goes: as the trigger or message says, or in kind to the channel it came by («reply»)."""
    wanted = channel if delivery in ("reply", "") else delivery
    return wanted if wanted in TARGETS else "thread"


def shortened(text: str, limit: int) -> str:
    """Return `text` on one line of at most `limit` characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"


def joined(labels: Iterable[Label]) -> Label:
    """Return the label of everything together."""
    whole = Label()
    for label in labels:
        whole = whole.join(label)
    return whole
