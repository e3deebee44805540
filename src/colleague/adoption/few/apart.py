"""Which of several sets of people may be told of beside each other, so that no sum tells of fewer than five. Pure.

Statistics offices call it primary and complementary suppression. The rule here is theirs in the form of Gaussian
elimination (Langsrud 2024, «Secondary Cell Suppression by Gaussian Elimination»): sets are taken one after another, and
one that would let a few people be computed is withheld. It is computed for people instead of cells, so sets of any kind
stand beside each other: departments, teams, cohorts, everybody.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeVar

FEWEST: Final = 5
Key = TypeVar("Key", bound=tuple[str, ...])


def below_five(people: int) -> bool:
    """Say whether so many people are too few to be told about, and more than none (B-12)."""
    return 0 < people < FEWEST


def withheld(sets: Sequence[tuple[Key, frozenset[str]]], told: Collection[Key] = ()) -> frozenset[Key]:
    """Return the names of the sets that are not told of. The first have precedence; those in `told` are told already.

    A set is told if it follows from those told before it, or if there are five lots of people, nobody in two of them,
    in each of which it follows from nothing: two people who are alike in all told sets and not in this one, or more
    whose memberships add up. Then whatever is added and subtracted, with whichever weights, something of one person at
    least of each lot is left in it, so of five or more. As this holds of the last set in any sum, it holds of the sum.
    Lots are looked for, not counted: where groups cross in many small parts, more may be withheld than has to be.
    """
    # Only where groups are told beside each other: it brings numpy in.
    from colleague.adoption.few.eliminate import Space

    everybody = sorted(frozenset[str]().union(*(people for _, people in sets)))
    place = {person: n for n, person in enumerate(everybody)}
    space, out = Space(len(everybody)), set[Key]()
    for name, people in sorted(sets, key=lambda one: one[0] not in told):
        row = space.row(place[person] for person in people)
        if name in told or not people or (len(people) >= FEWEST and space.admits(row, FEWEST)):
            space.add(row)
        else:
            out.add(name)
    return frozenset(out)


def largest_first(sets: Iterable[tuple[Key, frozenset[str]]]) -> list[tuple[Key, frozenset[str]]]:
    """Return sets in the order in which they have precedence: the larger first, names backwards among equals."""
    return sorted(sets, key=lambda one: (len(one[1]), one[0]), reverse=True)
