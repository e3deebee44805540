"""Which passages of a text are somebody else's words? So that a person sees them before they go out as their own. Pure.

A passage is five words or more that stand the same way, one after another, in a text nobody vouches for; and every
mail or web address that is known from there alone. What the person said themselves is theirs.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from colleague.policy.addresses import addresses_in, urls_in

WORDS = 5
# More of one source is not compared: a card must not take longer than the call it is about.
LOOKED_AT, MOST = 1_000_000, 200
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Passage:
    """The characters from `start` to `end` of the text called `where` stand in `found_in`."""

    where: str
    start: int
    end: int
    found_in: str


def borrowed(where: str, text: str, request: str, untrusted: Mapping[str, str]) -> list[Passage]:
    """Return the passages of `text` that come from `untrusted` (source to text), in order, none over another."""
    spans = [*_addresses(text, request, untrusted), *_runs(text, request, untrusted)]
    found: list[Passage] = []
    for start, end, source in sorted(spans, key=lambda s: (s[0], -s[1])):
        begin = max(start, found[-1].end) if found else start
        if begin < end and len(found) < MOST:
            found.append(Passage(where, begin, end, source))
    return found


def _words(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    found = list(_WORD.finditer(text))
    return [unicodedata.normalize("NFKC", m[0]).casefold() for m in found], [m.span() for m in found]


def _grams(words: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[n:] for n in range(WORDS)), strict=False)


def _runs(text: str, request: str, untrusted: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    words, spans = _words(text)
    wanted = set(_grams(words)) - set(_grams(_words(request)[0]))
    if not wanted:
        return
    origin: dict[tuple[str, ...], str] = {}
    for source, seen in untrusted.items():
        for gram in wanted.intersection(_grams(_words(seen[:LOOKED_AT])[0])):
            origin.setdefault(gram, source)
    begin, until, source = -1, -1, ""
    for n, gram in enumerate(_grams(words)):
        found = origin.get(gram, "")
        if not found:
            continue
        if begin >= 0 and n <= until and found == source:
            until = n + WORDS - 1
            continue
        if begin >= 0:
            yield spans[begin][0], spans[until][1], source
        begin, until, source = n, n + WORDS - 1, found
    if begin >= 0:
        yield spans[begin][0], spans[until][1], source


def _addresses(text: str, request: str, untrusted: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    low = text.lower()
    for named in (addresses_in, urls_in):
        for value in sorted(named(text) - named(request)):
            source = next((s for s, seen in untrusted.items() if value.lower() in seen.lower()), "")
            at = low.find(value.lower()) if source else -1
            while at >= 0:
                yield at, at + len(value), source
                at = low.find(value.lower(), at + len(value))


def parts(text: str, passages: list[Passage]) -> list[tuple[str, str]]:
    """Cut `text` at its passages: (piece, where it was found, "" for what is not borrowed)."""
    pieces, at = [], 0
    for passage in passages:
        start, end = max(at, passage.start), min(len(text), passage.end)
        if start >= end:
            continue
        pieces += [(text[at:start], ""), (text[start:end], passage.found_in)]
        at = end
    pieces.append((text[at:], ""))
    return [piece for piece in pieces if piece[0]]
