"""What changed between two texts, line by line. Pure."""

from difflib import SequenceMatcher
from typing import Literal

Change = tuple[Literal["same", "removed", "added"], str]


def changes(before: str, after: str) -> list[Change]:
    """Return what changed, line by line in reading order."""
    old, new = before.split("\n") if before else [], after.split("\n") if after else []
    result: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            result += [("same", line) for line in old[a:b]]
        else:
            result += [("removed", line) for line in old[a:b]] + [("added", line) for line in new[c:d]]
    return result
