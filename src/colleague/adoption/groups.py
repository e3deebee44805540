"""Groups of people that numbers are told of, and which of them are not: too small, or to be found by subtraction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from colleague.adoption.facts.read import seats
from colleague.adoption.figures import FEWEST, below_five
from colleague.adoption.weeks import Calendar
from colleague.identity.directory import departments_of, members_by_team
from colleague.kit.db import Session

Kind = Literal["department", "team", "cohort", "onboarded", "source"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
By = Mapping[str, Mapping[str, frozenset[str]]]
Source = Callable[[Session], Awaitable[Mapping[str, frozenset[str]]]]


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is in which group, by kind and name; the composition root says who knows. «onboarded» is told from seats."""

    sources: Mapping[Kind, Source] = field(default_factory=dict)

    async def read(self, session: Session, calendar: Calendar) -> dict[str, dict[str, frozenset[str]]]:
        """Return kind → name → ids of people, empty groups left out."""
        found: dict[str, dict[str, frozenset[str]]] = {}
        for kind in KINDS:
            source = self.sources.get(kind)
            given = await source(session) if source else {}
            if kind == "onboarded" and source is None:
                given = await onboarded_weeks(session, calendar)
            found[kind] = {name: people for name, people in sorted(given.items()) if name and people}
        return found


async def teams(session: Session) -> Mapping[str, frozenset[str]]:
    """Return the people of each team, by its name."""
    return await members_by_team(session)


async def departments(session: Session) -> Mapping[str, frozenset[str]]:
    """Return the people of each department, by its name."""
    found: dict[str, set[str]] = {}
    for person, name in (await departments_of(session)).items():
        found.setdefault(name, set()).add(person)
    return {name: frozenset(people) for name, people in found.items()}


async def onboarded_weeks(session: Session, calendar: Calendar) -> dict[str, frozenset[str]]:
    """Return who began in which week: that of the first sign-in on the seat they have (AD-1)."""
    found: dict[str, set[str]] = {}
    for seat in await seats(session):
        if seat.accepted_at is not None and seat.removed_at is None:
            found.setdefault(str(calendar.week(seat.accepted_at)), set()).add(seat.person)
    return {week: frozenset(people) for week, people in found.items()}


def suppressed(groups: By, everybody: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Return the groups (kind, name) nothing is told of, where numbers of `everybody` are told too (B-0, B-12). Pure.

    Not told: fewer than five people; all but one to four of everybody; a group that another, told one has with one to
    four people more (of these two rather a group by source); and, where what is left of everybody outside the told
    groups of a kind is one to four people, the smallest of them, until it is not. So no number of fewer than five
    people follows from two that are told.
    """
    told: dict[tuple[str, str], frozenset[str]] = {}
    for kind, named in groups.items():
        for name, members in named.items():
            people = members & everybody
            if len(people) >= FEWEST and not below_five(len(everybody - people)):
                told[kind, name] = people
    _drop_nested(told)
    for kind in groups:
        _drop_rest(told, kind, everybody)
    every = {(kind, name) for kind, named in groups.items() for name in named}
    return frozenset(every - told.keys())


def _drop_nested(told: dict[tuple[str, str], frozenset[str]]) -> None:
    """Leave out the smaller of two groups where it lies in the other and one to four people are the difference.

    Where one of the two is by source it is left out: where people also work hides no department.
    """
    by_size = sorted(told.items(), key=lambda one: (len(one[1]), one[0]))
    for number, (key, people) in enumerate(by_size):
        for other, larger in by_size[number + 1 :]:
            if key not in told or len(larger) - len(people) >= FEWEST:
                break
            if other in told and people < larger:
                told.pop(other if other[0] == "source" != key[0] else key)


def _drop_rest(told: dict[tuple[str, str], frozenset[str]], kind: str, everybody: frozenset[str]) -> None:
    """Leave out small groups of a kind until what its told groups leave of everybody is none, or five and more."""
    while True:
        mine = {key: people for key, people in told.items() if key[0] == kind}
        rest = everybody.difference(*mine.values())
        if not mine or not below_five(len(rest)):
            return
        told.pop(min(mine, key=lambda key: (len(mine[key]), key)))
