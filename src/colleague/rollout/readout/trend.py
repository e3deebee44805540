"""The weeks of a readout as a picture: what was finished beside who was active, and no target line (C-7, C-8). Pure."""

from colleague.kit.documents.model import Block, Chart
from colleague.kit.documents.picture import drawn
from colleague.rollout.readout.model import Readout


def trend(readout: Readout) -> str:
    """Return the picture as SVG, "" for fewer than two weeks that tell something.

    The targets of the pilot and of later phases are of different people: no line is drawn for either.
    """
    told = [week for week in readout.weeks if week.wau is not None]
    if len(told) < 2:
        return ""

    def share(value: float | None) -> str:
        return "" if value is None else f"{100 * value:.1f}"

    rows = [(week.week.rpartition("-")[2], share(week.completion), share(week.wau)) for week in told]
    head = ("Week", "Completion, %", "Active, %")
    return drawn(Block("chart", "Week by week", rows=(head, *rows), chart=Chart("line")))
