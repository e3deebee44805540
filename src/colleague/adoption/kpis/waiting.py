"""How much of the time to an output was waiting for a person to decide (B-8). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Queue:
    """What of the time to output was waiting for approvals. `median` in minutes over all `n` outputs, those that waited
    for nobody among them; `waited`: how many did.
    """

    median: float
    waited: int
    n: int


def queue(minutes: Sequence[float]) -> Queue | None:
    """Return the waiting of some outputs, each given by its minutes; None if there are none."""
    return Queue(median(minutes), sum(one > 0 for one in minutes), len(minutes)) if minutes else None


def waited(spans: Iterable[Span], since: datetime, until: datetime) -> float:
    """Return the minutes between `since` and `until` in which at least one question was open.

    Two that are open at once are waited for once. A span without an end is open still.
    """
    total, upto = 0.0, since
    for asked, ended in sorted(spans, key=lambda span: span[0]):
        begins, ends = max(asked, upto), min(ended or until, until)
        if ends > begins:
            total += (ends - begins).total_seconds() / 60
            upto = ends
    return total
