"""Cut text into sentences without losing a word: abbreviations, numbers and initials do not end one. Pure."""

import re
from typing import Final

_SHORT: Final = (
    "mr mrs ms dr prof st no nos nr art sec para p pp vs e.g i.e etc inc ltd co corp est approx fig cf pub "
    "jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k z.b d.h bzw usw ca vgl abs"
)
_ABBREVIATIONS: Final = frozenset(_SHORT.split())
_END = re.compile(r"[.!?…][\"”’»)\]]*(?=\s+[\"“‘«(\[{]*[^\W_a-zß-ÿ])")
_MONTH = re.compile(r" (?:Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember)\b")  # «am 3. Mai»
_COUNTED = re.compile(r"[\"“‘«(\[]*(?:\d{1,3}(?:\.\d{1,3})*|[ivxIVX]{1,4}|[a-zA-Z])")


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` (white space folded); joined by blanks they give the text again."""
    text = " ".join(text.split())
    result, start = [], 0
    for match in _END.finditer(text):
        before = text[start : match.start()]
        if text[match.start()] == "." and (
            _goes_on(before) or (before[-1:].isdigit() and _MONTH.match(text, match.end()))
        ):
            continue
        result.append(text[start : match.end()].strip())
        start = match.end()
    if text[start:].strip():
        result.append(text[start:].strip())
    return result


def _goes_on(before: str) -> bool:
    """Say whether a full stop after `before` belongs to an abbreviation, an initial, or the number of a paragraph."""
    last = before.rsplit(" ", 1)[-1]
    if _COUNTED.fullmatch(before.strip()):
        return True
    word = last.strip('"“‘«([{').casefold()
    initials = re.fullmatch(r"[a-z]|(?:[a-z]\.)+[a-z]", word)
    # «Schedule A.» ends a sentence more often than not; «John S.» does not.
    named = re.search(
        r"\b(?:schedule|appendix|annex|exhibit|part|section|option|lot|phase)\s\S+$", before, re.IGNORECASE
    )
    return word in _ABBREVIATIONS or bool(initials and not named)
