"""The four phases as data: seats, weeks, what is done in them (R80, PH-1 to PH-4; boundaries as in part C-4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from colleague.policy.model import Phase


@dataclass(frozen=True, slots=True)
class Spec:
    """A phase: seats from `least` to `most` (None: any number), planned weeks (None: it goes on), what is done in it.

    A boundary belongs to the lower phase: seat 300 is one of the expansion until its gate is passed.
    """

    phase: Phase
    title: str
    least: int
    most: int | None
    weeks: tuple[int, int] | None
    activities: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return how it is spoken of: «the pilot»."""
        return f"the {self.title.lower()}"


PHASES: Final[Mapping[Phase, Spec]] = {
    spec.phase: spec
    for spec in (
        Spec(
            Phase.PILOT, "Pilot", 15, 40, (4, 6),
            ("Validate use cases against their baselines", "Design the workflows", "Collect friction and feedback"),
        ),
        Spec(
            Phase.EXPANSION, "Expansion", 100, 300, (6, 8),
            ("Train people on the use cases that held", "Refine skills and plugins", "Test the governance policy"),
        ),
        Spec(
            Phase.BROAD, "Broad rollout", 300, 2000, (8, 12),
            ("Bring in departments one by one", "Build the champion network", "Open Dispatch beyond reading"),
        ),
        Spec(
            Phase.ENTERPRISE, "Enterprise", 2000, None, None,
            ("Widen the catalogue", "Connect systems of your own (MCP)", "Take on advanced use cases"),
        ),
    )
}  # fmt: skip


ANY_NUMBER: Final = 1_000_000


def seats_beyond(phase: Phase, most: int | None) -> range:
    """Return how many seats may be proposed beyond the `most` a phase has now: none where it has no bound (PH-1).

    A pilot stays below an expansion: growth to a hundred comes after gate 1 alone (C-4). Later phases adjoin, so theirs
    end where the next phase does.
    """
    following = after(phase)
    if following is None or most is None:
        return range(0)
    last = PHASES[following].least - 1 if phase is Phase.PILOT else PHASES[following].most or ANY_NUMBER
    return range(most + 1, last + 1)


def after(phase: Phase) -> Phase | None:
    """Return the phase that follows; None after the last."""
    return Phase(phase + 1) if phase < Phase.ENTERPRISE else None
