"""Groups of people that numbers are told of, and which of them are not: too small, or to be found by subtraction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from colleague.adoption.began import Beginning, onboarding_cohorts
from colleague.adoption.figures import FEWEST, below_five
from colleague.adoption.weeks import Calendar
from colleague.identity.directory import departments_of, members_by_team
from colleague.kit.db import Session
from colleague.kit.errors import NotFound

Kind = Literal["department", "team", "cohort", "onboarded", "source"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
HIDDEN_FIRST: Final = frozenset({"source", "leaders"})
By = Mapping[str, Mapping[str, frozenset[str]]]
Key = tuple[str, str]
# How many ways to take a group apart are tried; where they are more, it is taken to tell of a few people.
SEARCHED: Final = 5000
EVERYBODY: Final[Key] = ("", "")
Source = Callable[[Session], Awaitable[Mapping[str, frozenset[str]]]]
FirstDays = Callable[[Session], Awaitable[Mapping[str, datetime]]]


class NoSuchGroup(NotFound):
    """There is no such group."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Who is in which group, by kind and name; the composition root says who knows.

    «onboarded» is told from seats, and from `first_days`: when people of a programme cohort began.
    """

    sources: Mapping[Kind, Source] = field(default_factory=dict)
    first_days: FirstDays | None = None

    async def read(self, session: Session, calendar: Calendar) -> dict[str, dict[str, frozenset[str]]]:
        """Return kind → name → ids of people, empty groups left out."""
        found: dict[str, dict[str, frozenset[str]]] = {}
        for kind in KINDS:
            source = self.sources.get(kind)
            given = await source(session) if source else {}
            if kind == "onboarded" and source is None:
                given = {str(one.week): one.people for one in await self.onboarded(session, calendar)}
            found[kind] = {name: people for name, people in sorted(given.items()) if name and people}
        return found

    async def onboarded(self, session: Session, calendar: Calendar) -> list[Beginning]:
        """Return the onboarding cohorts, the oldest first."""
        return await onboarding_cohorts(session, calendar, await self.first_days(session) if self.first_days else {})


async def teams(session: Session) -> Mapping[str, frozenset[str]]:
    """Return the people of each team, by its name."""
    return await members_by_team(session)


async def departments(session: Session) -> Mapping[str, frozenset[str]]:
    """Return the people of each department, by its name."""
    found: dict[str, set[str]] = {}
    for person, name in (await departments_of(session)).items():
        found.setdefault(name, set()).add(person)
    return {name: frozenset(people) for name, people in found.items()}


def suppressed(groups: By, everybody: frozenset[str]) -> frozenset[Key]:
    """Return the groups (kind, name) nothing is told of, where numbers of `everybody` are told too (B-0, B-12). Pure.

    Not told: fewer than five people; all but one to four of everybody; and, wherever told groups that lie in another
    told one (or in everybody) and share nobody leave one to four of its people, whatever their kinds, one of these: a
    group by source or the leaders, which other pages do not tell of, else the smallest of those that lie in it. So no
    number of fewer than five people follows from that of a group less those of the groups in it. Sums of several
    groups against several others, of which neither lies in one told group, and groups that share people are not
    looked at.
    """
    bits = {person: 1 << n for n, person in enumerate(sorted(everybody))}
    told: dict[Key, int] = {}
    for kind, named in groups.items():
        for name, members in named.items():
            people = members & everybody
            if len(people) >= FEWEST and not below_five(len(everybody - people)):
                told[kind, name] = sum(bits[person] for person in people)
    while found := _leaving_few(told, (1 << len(bits)) - 1):
        whole, inside = found
        first = [key for key in (whole, *inside) if key[0] in HIDDEN_FIRST]
        told.pop(min(first or inside, key=lambda key: (told[key].bit_count(), key)))
    every = {(kind, name) for kind, named in groups.items() for name in named}
    return frozenset(every - told.keys())


def _leaving_few(told: Mapping[Key, int], everybody: int) -> tuple[Key, list[Key]] | None:
    """Return the first group (or everybody), and told ones in it that share nobody and leave few of its people."""
    for whole, people in sorted([*told.items(), (EVERYBODY, everybody)], key=lambda one: (one[1].bit_count(), one[0])):
        inside = {key: part for key, part in told.items() if part != people and part & people == part}
        found = _parts_of(people, inside) if inside else None
        if found:
            return whole, found
    return None


def _parts_of(people: int, inside: Mapping[Key, int]) -> list[Key] | None:
    """Return parts of `inside`, apart from each other, that leave one to four of `people`; None if none do.

    What was tried is not tried again; if it becomes too much, the answer is taken to be yes, with all there are.
    """
    tried: set[tuple[int, int]] = set()
    # What is open, the parts that lie in it, how many more people may be left, and the parts taken so far.
    waiting: list[tuple[int, Mapping[Key, int], int, tuple[Key, ...]]] = [(people, inside, FEWEST - 1, ())]
    while waiting:
        open_, parts, spare, taken = waiting.pop()
        reach = twice = more = 0
        for part in parts.values():
            more |= twice & part
            twice |= reach & part
            reach |= part
        spare -= (open_ & ~reach).bit_count()
        if spare < 0 or (reach, spare) in tried:
            continue
        tried.add((reach, spare))
        if not reach and taken and spare < FEWEST - 1:
            return list(taken)
        if len(tried) > SEARCHED:
            return list(inside)
        # Whoever has the fewest parts to be in settles the most.
        fewest = (reach & ~twice) or (twice & ~more) or reach
        someone = fewest & -fewest
        if spare and reach:
            without = {key: part for key, part in parts.items() if not part & someone}
            waiting.append((reach & ~someone, without, spare - 1, taken))
        for key, part in parts.items():
            if part & someone:
                apart = {other: them for other, them in parts.items() if not them & part}
                waiting.append((reach & ~part, apart, spare, (*taken, key)))
    return None
