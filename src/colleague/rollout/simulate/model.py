"""What is simulated: how many people come when, and how they behave; scenarios by name. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from colleague.kit.errors import Invalid

DEPARTMENTS: Final = (
    "Business development", "Marketing", "Procurement", "Operations", "Finance", "Sales", "Customer service", "Product",
)  # fmt: skip
# How many people the staff of the programme are: two owners, the lead, the sponsor. They work as everybody does.
STAFF: Final = 4
FEWEST, MOST_PEOPLE, MOST_WEEKS = 20, 5000, 60


class BadScenario(Invalid):
    """This cannot be simulated: {why}."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Chosen behaviour. `people`: seats at the end; `pilot`: those of the pilot, staff included.

    `phases`: after how many weeks the gate of pilot, expansion and broad rollout is tried. `active`: chance that
    somebody who comes does something in a week; `sessions`: their mean number in it (Poisson); `completion`: share of
    runs that deliver; `cases`: use cases there are, three to five; `kinds`: how many of them a person takes up in time;
    `saving`: how much less time an output takes; `tickets`: for each hundred active people and week at first, falling
    to a third; `stall`: share who stay away in their third and fourth week; `never`: share who never come; `trained`:
    share who finish onboarding in week one; `skips`: owners and sponsor skip a gate that does not open.
    """

    name: str = "steady"
    people: int = 5000
    weeks: int = 52
    pilot: int = 24
    phases: tuple[int, int, int] = (6, 8, 12)
    active: float = 0.9
    sessions: float = 4.5
    completion: float = 0.88
    cases: int = 5
    kinds: int = 4
    saving: float = 0.5
    tickets: float = 12.0
    stall: float = 0.03
    never: float = 0.02
    trained: float = 0.92
    skips: bool = False
    seed: int = 1
    begin: date = date(2026, 1, 5)

    def checked(self) -> "Scenario":
        """Return it if it can be played; BadScenario with why not."""
        shares = (self.active, self.completion, self.saving, self.stall, self.never, self.trained)
        if not FEWEST <= self.people <= MOST_PEOPLE:
            raise BadScenario(why=f"it has {FEWEST} to {MOST_PEOPLE:,} people")
        if not 15 + STAFF <= self.pilot <= min(40, self.people):
            raise BadScenario(why=f"a pilot has {15 + STAFF} to 40 seats here, of the people there are")
        if not 1 <= self.weeks <= MOST_WEEKS or not all(1 <= n <= MOST_WEEKS for n in self.phases):
            raise BadScenario(why=f"it lasts 1 to {MOST_WEEKS} weeks, and so does each phase")
        if not all(0 <= one <= 1 for one in shares):
            raise BadScenario(why="shares lie between 0 and 1")
        if not (0 < self.sessions <= 40 and 3 <= self.cases <= 5 and 1 <= self.kinds <= 5 and 0 <= self.tickets <= 200):
            raise BadScenario(why="sessions up to 40, 3 to 5 use cases, 1 to 5 kinds of them, tickets up to 200")
        if self.begin.weekday() != 0:
            raise BadScenario(why="it begins on a Monday")
        return self

    def wanted(self, phase: int, week: int) -> int:
        """Return how many seats are wanted in week `week` (from 0) of a phase: they grow over its first half."""
        ends = (self.pilot, min(300, self.people), min(2000, self.people), self.people)
        if phase == 1:
            return self.pilot
        before, end = ends[phase - 2], ends[phase - 1]
        span = max(1, (self.phases[phase - 1] if phase < 4 else 12) // 2)
        return before + (end - before) * min(week + 1, span) // span


SCENARIOS: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "steady": ("People come, finish, and take up more kinds of work; every gate opens in time.", {}),
    "stalled": (
        "Week one is strong, in week three four in ten stay away: the pilot does not get through its gate.",
        {"stall": 0.45, "active": 0.8, "sessions": 2.5, "tickets": 18.0},
    ),
    "rushed": (
        "Seats run ahead of onboarding, and gates are skipped by two owners and the sponsor.",
        {"skips": True, "phases": (4, 4, 4), "trained": 0.3, "active": 0.5, "never": 0.35, "sessions": 2.0},
    ),
    "vanity": (
        "Everybody is active, and little gets finished: completion and breadth say what activity hides.",
        {"active": 0.97, "completion": 0.42, "kinds": 1, "saving": 0.05},
    ),
}  # fmt: skip
