"""How long what people and the agent said and made is kept (DA-2, C-5): «SURFACE=DAYS», and longer by law. Pure.

«category:regulatory_filing=7 MiFID II Art. 16(7)»: seven years, by this statute, for tasks with such an output;
«project:ID=6 45 CFR 164.316»: for every task of a project.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SURFACES: Final[Mapping[str, str]] = {
    "tasks": "tasks from the desk, by program and by schedule, with all that came of them; notices",
    "dispatch": "tasks from messages and chats, and the words of messages that became none",
    "tickets": "the words of support tickets and of their answers",
}
SHORTEST, LONGEST = 1, 36_500
_LAW = re.compile(r"(category|project):([A-Za-z0-9_.-]{1,60})=(\d{1,2}) (.{2,120})")


@dataclass(frozen=True, slots=True)
class Law:
    """A class that a law keeps longer: outputs of a category, or everything of a project. `statute` names the law."""

    kind: str
    target: str
    years: int
    statute: str

    @staticmethod
    def read(text: str) -> "Law":
        """Read «KIND:TARGET=YEARS STATUTE»; ValueError if it is none."""
        found = _LAW.fullmatch(" ".join(text.split()))
        if found is None or not 1 <= int(found[3]) <= 50:
            raise ValueError(text)
        return Law(found[1], found[2], int(found[3]), found[4])

    def __str__(self) -> str:
        """Return it in its one spelling."""
        return f"{self.kind}:{self.target}={self.years} {self.statute}"


@dataclass(frozen=True, slots=True)
class Until:
    """Until when something is kept, and by which rule: «tasks=90», or a law."""

    at: datetime
    rule: str


def period(text: str) -> str:
    """Return «SURFACE=DAYS» in its one spelling; ValueError if it is none."""
    surface, _, days = (part.strip().lower() for part in text.partition("="))
    if surface not in SURFACES or not (days.isascii() and days.isdecimal()) or len(days) > 5:
        raise ValueError(text)
    if not SHORTEST <= int(days) <= LONGEST:
        raise ValueError(text)
    return f"{surface}={int(days)}"


def days_of(retention: Sequence[str]) -> dict[str, int]:
    """Return the days of every surface; one that is not named is kept for ninety. Named twice: the longer."""
    found: dict[str, int] = {}
    for text in retention:
        surface, _, days = text.partition("=")
        found[surface] = max(int(days), found.get(surface, 0))
    return {surface: found.get(surface, 90) for surface in SURFACES}


def until(
    touched: datetime, surface: str, retention: Sequence[str], laws: Iterable[str], *, project: str = "",
    categories: Iterable[str] = (),
) -> Until:  # fmt: skip
    """Return until when something that was last touched then is kept: by its surface, or longer by a law."""
    days, named = days_of(retention)[surface], set(categories)
    found = Until(touched + timedelta(days=days), f"{surface}={days}")
    for law in map(Law.read, laws):
        if (law.target in named) if law.kind == "category" else (bool(project) and law.target == project):
            at = _years_after(touched, law.years)
            found = Until(at, str(law)) if at > found.at else found
    return found


def longer(before: Sequence[str], after: Sequence[str]) -> bool:
    """Say whether any surface is kept longer after."""
    old, new = days_of(before), days_of(after)
    return any(new[surface] > old[surface] for surface in SURFACES)


def _years_after(at: datetime, years: int) -> datetime:
    try:
        return at.replace(year=at.year + years)
    except ValueError:  # 29 February
        return at.replace(year=at.year + years, day=28) + timedelta(days=1)
