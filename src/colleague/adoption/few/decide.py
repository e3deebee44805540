"""Which numbers of a week are told: decided once for all groups and parts, as the week stands. Pure.

Each number is looked at by the people it rests on. Numbers of one thing (who was active, of all and of those who were
not away) stand beside each other whatever group they are of. What was decided when a week was frozen stays: what is
told is told, and what is withheld is not told by a correction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from colleague.adoption.few.apart import FEWEST, Key, below_five, largest_first, withheld

ORGANISATION: Final = "organisation"
EVERYBODY: Final = (ORGANISATION, "")
HIDDEN_FIRST: Final = frozenset({"source", "leaders"})
# What is counted of the same thing: of all, then of some of them.
PARTS: Final = (("seats", "adjusted"), ("sessions",), ("completion",), ("breadth", "tenured"), ("time",))
# So many people hide one to four who come or go; and so long a week is compared with the last one that was told, as
# breadth and time are of twelve weeks.
SMALL, BACK = 2 * FEWEST, 11
By = Mapping[str, Mapping[str, frozenset[str]]]
Group = tuple[str, str]
Part = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is told of a group in a week. `hidden`: nothing; `few`: parts that are withheld; `told`: those that are not.
    A part in neither is not decided yet.
    """

    hidden: bool = False
    few: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()


def suppressed(groups: By, everybody: frozenset[str]) -> frozenset[Group]:
    """Return the groups (kind, name) nothing is told of, where numbers of `everybody` are told too (B-0, B-12).

    Not told: fewer than five people, and what would let a number of fewer than five be computed from others that are
    told (`withheld`). Groups by source and the leaders, which other pages do not tell of, come last.
    """
    sets = [((kind, name), people & everybody) for kind, named in groups.items() for name, people in named.items()]
    small = {key for key, people in sets if len(people) < FEWEST}
    large = _in_order((key, people) for key, people in sets if key not in small)
    return withheld([(EVERYBODY, everybody), *large]) - {EVERYBODY} | small


def decide(
    by: By, rests: Mapping[str, frozenset[str]], *, last: Mapping[Group, frozenset[str]] | None = None,
    kept: Mapping[Group, Decision] | None = None,
) -> dict[Group, Decision]:  # fmt: skip
    """Return what is told of the organisation and of each group in a week.

    `rests`: the people that each part of the organisation's numbers rests on; `last`: who had a seat in a group when it
    was last told, in the eleven weeks before; `kept`: what was decided when the week was frozen.

    A group of fewer than ten is not told while one to four people came or went since: the week beside that one would
    tell of them.
    """
    last, kept, few, out = last or {}, kept or {}, set[Part](), set[Group]()
    groups = {EVERYBODY: frozenset[str]().union(*rests.values())}
    groups |= {(kind, name): people for kind, named in by.items() for name, people in named.items()}
    for key, people in groups.items():
        there = people & rests["seats"]
        small = len(there) < FEWEST or _moved(there, last.get(key, there))
        if key != EVERYBODY and (kept[key].hidden if key in kept else small):
            out.add(key)
    for parts in PARTS:
        sets = [((*key, part), people & rests[part]) for key, people in groups.items() for part in parts]
        sets = [one for one in sets if one[0][:2] not in out]
        # Stays as it was: what was withheld is neither told nor reckoned with.
        few |= {part for part, _ in sets if part[:2] in kept and part[2] in kept[part[:2]].few}
        told = {part for part, _ in sets if part[:2] in kept and part[2] in kept[part[:2]].told}
        few |= withheld(_in_order(one for one in sets if one[0] not in few), told)
        out |= {(kind, name) for kind, name, part in few if part == "seats"} - {EVERYBODY}
    return {
        key: Decision(
            key in out, frozenset(one[2] for one in few if one[:2] == key and key not in out) - {"seats"},
            frozenset(part for parts in PARTS for part in parts if (*key, part) not in few and key not in out),
        )
        for key in groups
    }  # fmt: skip


def _moved(now: frozenset[str], then: frozenset[str]) -> bool:
    return min(len(now), len(then)) < SMALL and below_five(len(now ^ then))


def _in_order(sets: Iterable[tuple[Key, frozenset[str]]]) -> list[tuple[Key, frozenset[str]]]:
    """Return sets in their precedence: of everybody first, then the larger ones, those that other pages do not tell of,
    and last those who were not away.
    """

    def rank(one: tuple[Key, frozenset[str]]) -> tuple[bool, bool, bool, bool]:
        name = one[0]
        return (
            "adjusted" in name[2:], name[0] in HIDDEN_FIRST, name[:2] != EVERYBODY, "tenured" in name[2:],
        )  # fmt: skip

    return sorted(largest_first(sets), key=rank)
