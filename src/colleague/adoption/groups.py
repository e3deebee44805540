"""Groups of people that numbers are told of: by department, team, cohort, week of onboarding and source."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from colleague.adoption.began import Beginning, onboarding_cohorts
from colleague.adoption.weeks import Calendar
from colleague.identity.directory import departments_of, members_by_team
from colleague.kit.db import Session
from colleague.kit.errors import NotFound

Kind = Literal["department", "team", "cohort", "onboarded", "source"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
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
