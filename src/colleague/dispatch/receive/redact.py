"""What of a message stands in a record (DI-11): no sensitive words, addresses and numbers only as such. Pure."""

import re

from colleague.policy.detect import class_of_text

_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_PHONE = re.compile(r"(?<![\w.])\+?\d(?:[ ()/.-]{0,2}\d){7,17}(?![\w.])")
LONGEST = 500


def redacted(words: tuple[str, ...]) -> str:
    """Return the words of a message as they may be kept: the first word alone if any of them is sensitive."""
    text = " ".join(words)
    found = class_of_text(text)
    if found.categories:
        return f"{words[0][:40]} [{len(words) - 1} words left out: {', '.join(sorted(found.categories))}]"
    text = _PHONE.sub("[number]", _EMAIL.sub("[address]", text))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
