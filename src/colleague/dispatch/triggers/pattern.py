"""Read the pattern of a trigger: literal words, fields «{name:type}», and groups to leave out «[on {day:date}]».

Pure. A pattern begins with a literal word, so that nothing a person says by the way is taken for a command.
"""

import re
from dataclasses import dataclass
from itertools import product
from typing import Final

from colleague.kit.errors import Invalid

TYPES: Final[dict[str, str]] = {
    "text": "any words",
    "word": "one word",
    "number": "a number",
    "amount": "a sum of money",
    "date": "a date: 2026-12-01, 1.12.2026, today, tomorrow, a weekday",
    "email": "a mail address",
    "person": "a colleague, by name or address",
    "choice": "one of the words given: {how:choice(short|long)}",
}
LONGEST, MOST_FIELDS, MOST_GROUPS, MOST_TEXTS = 300, 6, 3, 2
# What Dispatch itself understands; no trigger may begin with it.
RESERVED: Final = frozenset(
    ("help", "info", "status", "stop", "start", "yes", "no", "y", "n", "approve", "approvals", "deny", "ask", "answer",
     "link")
)  # fmt: skip
_PIECE = re.compile(r"\{([a-z][a-z_]{0,29}):([a-z]+)(?:\(([^(){}]{1,200})\))?\}|([^\s{}\[\]]+)")
_GROUP = re.compile(r"\[([^\[\]]*)\]")


class BadPattern(Invalid):
    """This pattern cannot be used: {why}."""


@dataclass(frozen=True, slots=True)
class Field:
    """A typed place in a pattern. `choices` are the words of a choice."""

    name: str
    type: str
    choices: tuple[str, ...] = ()


Piece = str | Field


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read: every way to say it, those with more groups first; and its fields in their order."""

    ways: tuple[tuple[Piece, ...], ...]
    fields: tuple[Field, ...]


def read_pattern(text: str) -> Pattern:
    """Return the pattern that `text` says. Raises BadPattern with what is wrong, in words."""
    if len(text) > LONGEST:
        raise BadPattern(why=f"it is longer than {LONGEST} characters")
    parts = _parts(text)
    fields = [piece for part, _ in parts for piece in part if isinstance(piece, Field)]
    if len({f.name for f in fields}) != len(fields):
        raise BadPattern(why="two fields have one name")
    if len(fields) > MOST_FIELDS:
        raise BadPattern(why=f"it has more than {MOST_FIELDS} fields")
    if sum(f.type in ("text", "person") for f in fields) > MOST_TEXTS:
        raise BadPattern(why=f"at most {MOST_TEXTS} fields may be of several words")
    first = parts[0]
    if first[1] or not first[0] or isinstance(first[0][0], Field):
        raise BadPattern(why="it must begin with a word of its own")
    if str(first[0][0]).casefold() in RESERVED:
        raise BadPattern(why=f"«{first[0][0]}» is a word of Dispatch itself")
    groups = [part for part in parts if part[1]]
    if len(groups) > MOST_GROUPS:
        raise BadPattern(why=f"it has more than {MOST_GROUPS} groups that may be left out")
    ways = []
    for chosen in product((True, False), repeat=len(groups)):
        left = iter(chosen)
        ways.append(tuple(piece for part, optional in parts if not optional or next(left) for piece in part))
    for way in ways:
        _check(way)
    ways.sort(key=len, reverse=True)
    return Pattern(tuple(dict.fromkeys(ways)), tuple(fields))


def _parts(text: str) -> list[tuple[list[Piece], bool]]:
    """Return the pieces of each part and whether the part may be left out."""
    parts: list[tuple[list[Piece], bool]] = []
    end = 0
    for group in _GROUP.finditer(text):
        parts += [(_pieces(text[end : group.start()]), False), (_pieces(group[1]), True)]
        end = group.end()
    parts.append((_pieces(text[end:]), False))
    parts = [part for part in parts if part[0]]
    if not parts:
        raise BadPattern(why="it is empty")
    return parts


def _pieces(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    end = 0
    for found in _PIECE.finditer(text):
        if text[end : found.start()].strip():
            raise BadPattern(why=f"«{text[end : found.start()].strip()[:40]}» is neither a word nor a field")
        end = found.end()
        name, kind, choices, word = found.groups()
        pieces.append(word if word else _field(name, kind, choices))
    if text[end:].strip():
        raise BadPattern(why=f"«{text[end:].strip()[:40]}» is neither a word nor a field")
    return pieces


def _field(name: str, kind: str, choices: str | None) -> Field:
    if kind not in TYPES:
        raise BadPattern(why=f"there is no type «{kind}»; there are {', '.join(TYPES)}")
    words = tuple(dict.fromkeys(word.strip().casefold() for word in (choices or "").split("|") if word.strip()))
    if (kind == "choice") != bool(choices) or (kind == "choice" and len(words) < 2):
        raise BadPattern(why="a choice names two words or more, and nothing else does: {how:choice(short|long)}")
    if any(" " in word for word in words):
        raise BadPattern(why="each word of a choice is one word")
    return Field(name, kind, words)


def _check(way: tuple[Piece, ...]) -> None:
    """Refuse two fields of several words without a word between them: nobody could say where one ends."""
    wide = False
    for piece in way:
        several = isinstance(piece, Field) and piece.type in ("text", "person")
        if wide and several:
            raise BadPattern(why="between two fields of several words there must be a word")
        wide = several
