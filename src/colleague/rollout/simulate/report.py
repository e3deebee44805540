"""What a simulated week looks like, as a line: activity beside completion, breadth and time to output (AD-5). Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from colleague.adoption.figures import Numbers
from colleague.adoption.items import Item
from colleague.adoption.kpis.intervals import Estimate
from colleague.policy.model import Phase
from colleague.rollout.phases import PHASES


@dataclass(frozen=True, slots=True)
class Line:
    """A week. `completion`: of the newest week that is mature; `reduction`: how much less time outputs took, None
    before it is measured; `opened`: items that are new, by kind; `gate`: what came of it; `entries`: entries of
    the ledger that people made, `load`: a second, in the busiest hour.
    """

    number: int
    week: str
    phase: str
    seats: int
    active: int
    wau: Estimate | None
    completion: Estimate | None
    sessions: float | None
    breadth: float | None
    reduction: float | None
    tickets: int
    opened: tuple[tuple[str, str], ...]
    gate: str
    entries: int
    load: float

    @staticmethod
    def of(
        number: int, phase: Phase, found: Sequence[Numbers], tickets: int, items: Sequence[Item], gate: str,
        entries: int, load: float,
    ) -> "Line":  # fmt: skip
        """Return the line of a week from its numbers, newest first."""
        now = found[0]
        mature = next((one.completion.rate for one in found if one.completion), None)
        return Line(
            number, str(now.week), PHASES[phase].title, now.people, now.active, now.wau, mature,
            now.frequency.mean if now.frequency else None, now.breadth.median if now.breadth else None,
            now.time.reduction if now.time else None, tickets,
            tuple(sorted((item.kind, item.about.partition(":")[0] + ": " + item.why) for item in items)), gate, entries,
            load,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def cells(self) -> tuple[str, ...]:
        """Return what is printed of it in a row."""
        return (
            str(self.number), self.week, self.phase, f"{self.seats}", share(self.wau), share(self.completion),
            "" if self.sessions is None else f"{self.sessions:.1f}",
            "" if self.breadth is None else f"{self.breadth:g}",
            "–" if self.reduction is None else f"{100 * self.reduction:.0f} %", str(self.tickets),
            ", ".join(dict.fromkeys(kind for kind, _ in self.opened)), f"{self.entries:,}", f"{self.load:.2f}",
        )  # fmt: skip


HEADINGS = (
    "week", "of", "phase", "seats", "WAU (95 %)", "completed", "sessions", "breadth", "less time", "tickets", "opened",
    "entries", "a second",
)  # fmt: skip


def share(one: Estimate | None) -> str:
    """Return a share with its interval in words; "" for none."""
    if one is None:
        return ""
    sure = "" if one.low is None or one.high is None else f" ({100 * one.low:.0f}–{100 * one.high:.0f})"
    return f"{100 * one.value:.0f} %{sure}"
