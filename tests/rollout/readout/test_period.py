"""A readout tells of complete weeks: those since the programme's start, twelve at most, or as many as are asked for."""

from datetime import UTC, date, datetime

import pytest

from colleague.adoption.weeks import Calendar
from colleague.policy.model import Phase
from colleague.rollout.model import Programme, Step
from colleague.rollout.readout.collect import period_of

NOW = datetime(2027, 3, 17, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begun", "weeks", "first"),
    [
        (date(2027, 2, 1), 0, "2027-W05"), (date(2027, 2, 3), 0, "2027-W05"), (date(2026, 6, 1), 0, "2026-W52"),
        (date(2027, 3, 16), 0, "2027-W10"), (date(2027, 2, 1), 2, "2027-W09"), (None, 0, "2026-W52"),
        (None, 99, "2026-W11"),
    ],
)  # fmt: skip
def test_the_table(begun: date | None, weeks: int, first: str) -> None:
    steps = (Step(Phase.PILOT, begun, "start"),) if begun else ()
    found = period_of(Programme(steps=steps), Calendar("America/New_York"), NOW, weeks)
    assert (str(found.first), str(found.last)) == (first, "2027-W10")
    assert found.start < found.end <= NOW
