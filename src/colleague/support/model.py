"""Tickets about the platform and the support model as values; until when an answer is promised. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

CATEGORIES: Final = ("access", "connector", "quality", "how-to", "policy refusal")
ABOUT: Final[Mapping[str, str]] = {
    "access": "Signing in, roles, teams, what somebody may reach.",
    "connector": "A source or an account that does not answer, or answers wrongly.",
    "quality": "What came out was wrong, incomplete or not usable.",
    "how-to": "How something is done.",
    "policy refusal": "A rule said no where the work needs a yes.",
}
CHANNELS: Final[Mapping[str, str]] = {
    "page": "the page", "mail": "mail", "api": "programs", "import": "an imported list",
}  # fmt: skip
State = Literal["open", "answered", "closed"]
STATES: Final = ("open", "answered", "closed")
MOST_HOURS: Final = 80
DAY: Final = (time(9), time(17))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as metrics count it: whom it is from is no part of it (B-10, B-12). `use_case`, `connector`: "" none.

    `category`: one of CATEGORIES, "" while nobody has sorted it.
    """

    id: str
    at: datetime
    category: str
    use_case: str = ""
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody writes: text and what it is about. `task`, `rule`: where it happened, filled in by a link."""

    title: str
    text: str
    category: str = ""
    use_case: str = ""
    connector: str = ""
    task: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket in a list. `champion`: it came from a champion; `due_at`: until when a first answer is promised."""

    id: str
    title: str
    category: str
    state: State
    at: datetime
    use_case: str
    connector: str
    champion: bool
    due_at: datetime | None
    answered_at: datetime | None

    def late(self, now: datetime) -> bool:
        """Say whether the promised time has passed without an answer."""
        return self.due_at is not None and (self.answered_at or now) > self.due_at

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        times = {name: value.isoformat() if (value := getattr(self, name)) else None
                 for name in ("at", "due_at", "answered_at")}  # fmt: skip
        return asdict(self) | times


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said on a ticket, by whom and when. `ours`: said by support, not by who wrote it."""

    by: str
    at: datetime
    text: str
    ours: bool


@dataclass(frozen=True, slots=True)
class SupportModel:
    """How people get help: channels, hours in words, who answers for it, and within how many working hours (gate 3).

    Working hours are those from 9 to 17 on Monday to Friday, in the organisation's time zone.
    """

    channels: tuple[str, ...]
    hours: str
    owner: str
    champion_hours: int
    everybody_hours: int

    def to_json(self) -> dict[str, Any]:
        """Return the model as JSON."""
        return asdict(self) | {"channels": list(self.channels)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "SupportModel":
        """Read what `to_json` wrote."""
        return SupportModel(**{**value, "channels": tuple(value["channels"])})

    def within(self, champion: bool) -> int:
        """Return within how many working hours a first answer is promised."""
        return self.champion_hours if champion else self.everybody_hours


def due(at: datetime, hours: int, zone: str, free: Collection[date] = ()) -> datetime:
    """Return when `hours` working hours after `at` have passed where the organisation is; no `free` day is worked."""
    place, left = ZoneInfo(zone), timedelta(hours=hours)
    local = at.astimezone(place)
    while True:
        begins, ends = (datetime.combine(local.date(), hour, tzinfo=place).astimezone(UTC) for hour in DAY)
        start = max(local.astimezone(UTC), begins)
        if local.weekday() < 5 and local.date() not in free and start < ends:
            if left <= ends - start:
                return start + left
            left -= ends - start
        local = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=place)
