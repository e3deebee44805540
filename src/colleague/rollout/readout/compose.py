"""Compose the readout: hours per workflow and together, cost and break-even, and never activity alone (AD-5). Pure.

Hours of a workflow: runs of the period x baseline median x R (B-8); volume and baseline count as known, the interval
is that of R. Together: the sum, with an interval from those of independent workflows (MOVER: the root of the summed
squares of the distances to each bound; Zou and Donner, 2008). Only workflows with thirty times before and after from
eight people count (B-8); what is indicative stands with its use case alone.
"""

import math
from collections.abc import Sequence
from typing import Final

from colleague.kit.errors import Conflict
from colleague.rollout.readout.model import NOT_MEASURED, Assumptions, Cost, Figure, Parts, Readout, Workflow

MEASURES: Final = ("completion", "breadth", "time")
DAYS_OF_MONTH: Final = 365.25 / 12
# Rows on the readout itself: nowhere else are hours of its period and weeks of its period.
HOURS_ROWS, WEEK_ROWS = "#workflows", "#weeks"


NO_COST: Final = (
    "No cost model is kept: nobody has written down what a seat and an hour cost. Who runs the programme does so under "
    "Readout, «What the cost model assumes», or with «colleague programme cost»."
)


class ActivityAlone(Conflict):
    """Weekly active people alone make no readout (AD-5). It waits for: {missing}."""


class Unexplained(Conflict):
    """The readout is incomplete: {what} is not there and nobody says why."""


def compose(parts: Parts) -> Readout:
    """Return the readout. Raises ActivityAlone where completion, breadth and time are all absent, and Unexplained where
    one of them is absent without a reason.
    """
    others = [parts.completion, parts.breadth, parts.time]
    for one in (parts.wau, *others, parts.tickets, parts.leaders):
        if not one.there and not one.absent.strip():
            raise Unexplained(what=one.name.lower())
    if not any(one.there for one in others):
        raise ActivityAlone(missing="; ".join(f"{one.name}, {one.absent}" for one in others))
    hours = total_hours(parts.workflows)
    cost = cost_of(parts, hours) if parts.assumptions else None
    return Readout(
        title=f"Readout {parts.since:%d %b %Y} to {parts.until:%d %b %Y}", headline=headline(parts, hours, cost),
        since=parts.since.isoformat(), until=parts.until.isoformat(), phase=parts.phase, goal=parts.goal,
        sponsor=parts.sponsor, lead=parts.lead, seats=parts.seats, hours=hours,
        figures=(hours, parts.time, parts.completion, parts.breadth, parts.sessions, parts.wau, parts.tickets,
                 parts.leaders),
        workflows=tuple(sorted(parts.workflows, key=_by_hours)), weeks=tuple(parts.weeks), gates=tuple(parts.gates),
        incidents=tuple(parts.incidents), overrides=tuple(parts.overrides), ticket_kinds=dict(parts.ticket_kinds),
        cost=cost, no_cost="" if cost else NO_COST, ask=parts.ask,
        notes=parts.notes,
    )  # fmt: skip


def _by_hours(one: Workflow) -> tuple[float, str]:
    return (-(one.hours.value or 0), one.name)


def hours_of(runs: int, before: float | None, share: Figure, strength: str) -> Figure:
    """Return the hours that a workflow saved in the period, by its reduction R."""
    made = {"name": "Hours saved", "unit": "hours", "rows": share.rows, "method": "runs × minutes before × R"}
    if share.value is None or before is None:
        return Figure(**made, absent=share.absent or NOT_MEASURED)  # type: ignore[arg-type]
    each = runs * before / 60
    low, high = (None if bound is None else each * bound for bound in (share.low, share.high))
    return Figure(**made, value=each * share.value, low=low, high=high, n=runs, note=strength)  # type: ignore[arg-type]


def strong(workflows: Sequence[Workflow]) -> list[Workflow]:
    """Return the workflows whose time is strong enough for a figure of the readout (B-8)."""
    return [w for w in workflows if w.strength == "readout" and w.hours.there]


def total_hours(workflows: Sequence[Workflow]) -> Figure:
    """Return the hours of the portfolio, of what is strong enough."""
    counted = strong(workflows)
    if not counted:
        why = f"{NOT_MEASURED}: no use case has thirty times before and after, from eight people"
        return Figure("Hours saved", "hours", absent=why, rows=HOURS_ROWS)
    value = math.fsum(w.hours.value or 0 for w in counted)
    bounds = [(w.hours.value or 0, w.hours.low, w.hours.high) for w in counted]
    low = _mover([(v, lo) for v, lo, _ in bounds], value, -1)
    high = _mover([(v, hi) for v, _, hi in bounds], value, 1)
    left = len([w for w in workflows if w not in counted and not w.new_capability])
    note = f"{len(counted)} use case{'s' if len(counted) != 1 else ''}" + (f", {left} not counted" if left else "")
    method = "sum over workflows of runs × minutes before × R; intervals of independent workflows together"
    return Figure(
        "Hours saved", "hours", value, low, high, sum(w.runs for w in counted), method=method, note=note,
        rows=HOURS_ROWS,
    )  # fmt: skip


def total_share(workflows: Sequence[Workflow]) -> Figure:
    """Return the portfolio's reduction of time: hours saved of the hours it took before (B-8), no mean of shares."""
    made = {
        "name": "Time to output", "unit": "share", "rows": HOURS_ROWS, "target": "40 to 60 % less is typical",
        "method": "hours saved of the hours the same work took before, over the workflows that count",
    }  # fmt: skip
    total, counted = total_hours(workflows), strong(workflows)
    hours = math.fsum(w.runs * (w.before or 0) / 60 for w in counted)
    if total.value is None or not hours:
        return Figure(**made, absent=total.absent)  # type: ignore[arg-type]
    value, low, high = (None if v is None else v / hours for v in (total.value, total.low, total.high))
    return Figure(**made, value=value, low=low, high=high, n=total.n, note=total.note)  # type: ignore[arg-type]


def _mover(bounds: Sequence[tuple[float, float | None]], value: float, side: int) -> float | None:
    if any(bound is None for _, bound in bounds):
        return None
    return value + side * math.sqrt(math.fsum((v - (b or 0)) ** 2 for v, b in bounds))


def cost_of(parts: Parts, hours: Figure) -> Cost | None:
    """Return what it costs and brings in the period by the assumptions that somebody wrote down."""
    known = parts.assumptions
    if known is None:
        return None
    months = max(((parts.until - parts.since).days + 1) / DAYS_OF_MONTH, 1 / DAYS_OF_MONTH)
    licence, fixed = known.seat * parts.seats * months, known.fixed * months
    models = parts.model_cost * known.rate
    total = licence + fixed + models
    value = _money("Value of the hours", hours, known, 0.0)
    net = _money("Net value", hours, known, total)
    running = (licence + models) / parts.seats / months if parts.seats else None
    return Cost(
        known, round(months, 2), parts.seats, licence, models, fixed, total, value, net,
        break_even_seats=_seats(hours.value, known, parts.seats, months, running),
        break_even_seats_low=_seats(hours.low, known, parts.seats, months, running),
        break_even_months=_months(net.value, known.once, months),
        break_even_months_low=_months(net.low, known.once, months), unpriced=parts.model_unpriced,
    )  # fmt: skip


def _money(name: str, hours: Figure, known: Assumptions, minus: float) -> Figure:
    made = {"name": name, "unit": "money", "rows": HOURS_ROWS}
    if hours.value is None:
        return Figure(**made, absent=hours.absent)  # type: ignore[arg-type]
    value, low, high = (None if v is None else v * known.hour - minus for v in (hours.value, hours.low, hours.high))
    return Figure(**made, value=value, low=low, high=high, n=hours.n, note=hours.note)  # type: ignore[arg-type]


def _seats(hours: float | None, known: Assumptions, seats: int, months: float, running: float | None) -> float | None:
    """Return from how many seats on the fixed cost is covered by what each seat brings beyond what it costs."""
    if hours is None or running is None or not seats:
        return None
    gain = hours * known.hour / seats / months - running
    if gain <= 0:
        return None
    return math.ceil(known.fixed / gain) if known.fixed else 1


def _months(net: float | None, once: float, months: float) -> float | None:
    """Return after how many months what was spent once has come back, at the rate of the period."""
    if not once:
        return 0.0
    if net is None or net <= 0:
        return None
    return round(once / (net / months), 1)


def headline(parts: Parts, hours: Figure, cost: Cost | None) -> str:
    """Return the one sentence: what was saved, how sure it is, and what it comes to."""
    if hours.value is None:
        return f"No hours can be told yet: {hours.absent.removeprefix(f'{NOT_MEASURED}: ')}."
    sure = "" if hours.low is None or hours.high is None else f" (95 % interval {hours.low:,.0f} to {hours.high:,.0f})"
    text = f"{hours.value:,.0f} hours saved{sure} in {hours.n or 0:,} pieces of work by {parts.seats:,} seats"
    if cost and cost.net.value is not None:
        money = f"{cost.assumptions.currency} {cost.net.value:,.0f}"
        text += f"; net of cost {money}"
        if cost.net.low is not None and cost.net.high is not None:
            text += f" ({cost.net.low:,.0f} to {cost.net.high:,.0f})"
    return text[0].upper() + text[1:] + "."
