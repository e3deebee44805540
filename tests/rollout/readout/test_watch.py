"""By the end of the expansion a fifth of the leaders use it, or the programme is warned; below five nothing is told."""

import pytest

from colleague.policy.model import Phase
from colleague.rollout.readout.model import Figure
from colleague.rollout.readout.watch import leaders_alarm


@pytest.mark.parametrize(
    ("phase", "week", "share", "warned"),
    [
        (Phase.EXPANSION, 8, 0.1, True), (Phase.EXPANSION, 7, 0.1, False), (Phase.EXPANSION, 8, 0.2, False),
        (Phase.BROAD, 1, 0.0, True), (Phase.ENTERPRISE, 30, 0.19, True), (Phase.PILOT, 9, 0.0, False),
        (Phase.BROAD, 3, None, False),
    ],
)  # fmt: skip
def test_the_table(phase: Phase, week: int, share: float | None, warned: bool) -> None:
    figure = Figure("Leaders active", "share", share, n=10, absent="" if share is not None else "not told")
    assert bool(leaders_alarm(phase, week, figure)) == warned
