"""The champion network: how many a department has, and whether it stands (CH-1, PH-7). Pure."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

LEAST, MOST, SMALL, SHARE = 2, 3, 8, 0.9
ACTIVE: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Department:
    """A live department: its active seats, its champions, and how many of those were active in the last 14 days."""

    name: str
    seats: int
    champions: int
    active: int

    @property
    def least(self) -> int:
        """Return how many champions it needs: one where it has fewer than eight seats (CH-1)."""
        return 1 if self.seats < SMALL else LEAST

    @property
    def within(self) -> bool:
        """Say whether it has neither too few champions nor too many."""
        return self.least <= self.champions <= MOST

    @property
    def established(self) -> bool:
        """Say whether enough of its champions were active lately: what gate 3 counts (PH-7)."""
        return self.active >= self.least

    @property
    def why(self) -> str:
        """Return what is wrong, in words; "" if nothing is."""
        if self.champions < self.least:
            return f"{self.champions} of {self.least} champions"
        if self.champions > MOST:
            return f"{self.champions} champions: more than {MOST}"
        if not self.established:
            return f"{self.active} of {self.least} active in the last 14 days"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"least": self.least, "within": self.within, "established": self.established,
                               "why": self.why}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Network:
    """The champions of all live departments. `outside`: people with a seat who are in no department."""

    departments: tuple[Department, ...]
    outside: int

    @property
    def share(self) -> float | None:
        """Return which part of the live departments is established; None where there is none."""
        if not self.departments:
            return None
        return sum(one.established for one in self.departments) / len(self.departments)

    @property
    def established(self) -> bool:
        """Say whether the champion network stands: in nine departments of ten."""
        return self.share is not None and self.share >= SHARE

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"departments": [one.to_json() for one in self.departments], "outside": self.outside,
                "share": self.share, "established": self.established}  # fmt: skip
