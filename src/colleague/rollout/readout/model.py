"""The readout as values: numbers with interval, n, method and the rows they lead to; what is missing says why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, Literal

Unit = Literal["share", "hours", "number", "money", "minutes", "ratio"]
NOT_MEASURED: Final = "not measured"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the readout, or why there is none: exactly one of `value` and `absent` is given.

    `low`, `high`: its 95 % interval, None where none can be given. `method`: how it was counted. `rows`: the page on
    which its rows stand.
    """

    name: str
    unit: Unit
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    absent: str = ""
    method: str = ""
    target: str = ""
    note: str = ""
    rows: str = ""

    @property
    def there(self) -> bool:
        """Say whether there is a number."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Workflow:
    """One use case of the readout: times before and after with n, the reduction R beside the completion (B-8).

    `strength`: nothing, indicative or readout. `runs`: outputs of the period that were taken by a person. `same`: R of
    the same people's own times before and after. `missing`: what it needs to be validated.
    """

    id: str
    name: str
    department: str
    before: float | None
    before_n: int
    after: float | None
    after_n: int
    people: int
    strength: str
    reduction: Figure
    completion: Figure
    hours: Figure
    same: Figure
    runs: int
    odd: bool = False
    told: int = 0
    new_capability: str = ""
    validated: bool | None = None
    missing: tuple[str, ...] = ()
    friction: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A week of the trend; None where it tells nothing, `note` says why."""

    week: str
    seats: int | None
    wau: float | None
    completion: float | None
    breadth: float | None
    sessions: float | None
    tickets: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class GateLine:
    """One criterion of a gate: what is wanted, what there is, whether it holds, by whom it was said if attested."""

    gate: str
    title: str
    wanted: str
    value: str
    holds: bool
    how: str
    requirement: str
    by: str = ""
    on: str = ""
    rows: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A rule of the programme that people set aside: it stays on every readout after (PH-9)."""

    what: str
    why: str
    by: tuple[str, ...]
    on: str
    rows: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """What went wrong, counted: `what` in words, how often in the period, and where it stands in the ledger."""

    what: str
    count: int
    rows: str


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the cost model assumes, as somebody wrote it down: money in `currency`, per month unless said otherwise.

    `seat`: a seat with its licence. `hour`: an hour of people's work, everything included. `fixed`: what it costs
    whatever the seats (operations, people who run it). `once`: what was spent once. `rate`: the currency for a dollar,
    for what models cost. `source`: where the figures come from.
    """

    version: int
    currency: str
    seat: float
    hour: float
    fixed: float
    once: float
    rate: float
    source: str
    by: str
    on: str

    def to_json(self) -> dict[str, Any]:
        """Return the assumptions as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs and brings in the period. Break-even: seats from which the running cost is covered, months until
    what was spent once is; None: never at this rate.
    """

    assumptions: Assumptions
    months: float
    seats: int
    licence: float
    models: float
    fixed: float
    total: float
    value: Figure
    net: Figure
    break_even_seats: float | None
    break_even_seats_low: float | None
    break_even_months: float | None
    break_even_months_low: float | None
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a readout is composed of, as it was collected. Dates are days of the organisation."""

    since: date
    until: date
    phase: str
    goal: str
    sponsor: str
    lead: str
    seats: int
    wau: Figure
    completion: Figure
    breadth: Figure
    time: Figure
    sessions: Figure
    tickets: Figure
    ticket_kinds: Mapping[str, int]
    leaders: Figure
    workflows: Sequence[Workflow]
    weeks: Sequence[WeekLine]
    gates: Sequence[GateLine]
    incidents: Sequence[Incident]
    overrides: Sequence[Override]
    assumptions: Assumptions | None
    model_cost: float
    model_unpriced: int
    ask: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readout:
    """The readout whole. `headline`: its one sentence. `hours`: saved in the period, with the portfolio's interval."""

    title: str
    headline: str
    since: str
    until: str
    phase: str
    goal: str
    sponsor: str
    lead: str
    seats: int
    hours: Figure
    figures: tuple[Figure, ...]
    workflows: tuple[Workflow, ...]
    weeks: tuple[WeekLine, ...]
    gates: tuple[GateLine, ...]
    incidents: tuple[Incident, ...]
    overrides: tuple[Override, ...]
    ticket_kinds: Mapping[str, int]
    cost: Cost | None
    no_cost: str
    ask: str
    notes: tuple[str, ...] = field(default=())

    def at(self, page: str) -> "Readout":
        """Return the readout as it stands on `page`: numbers whose rows are its own («#workflows») lead there."""

        def put(one: Figure) -> Figure:
            return replace(one, rows=page + one.rows) if one.rows.startswith("#") else one

        cost = self.cost and replace(self.cost, value=put(self.cost.value), net=put(self.cost.net))
        return replace(self, hours=put(self.hours), figures=tuple(map(put, self.figures)), cost=cost)

    def to_json(self) -> dict[str, Any]:
        """Return the readout as JSON: what is frozen, and what its digest covers."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Readout":
        """Read what `to_json` wrote (lists stand for tuples)."""
        return Readout(**{
            **value, "hours": Figure(**value["hours"]), "figures": tuple(Figure(**one) for one in value["figures"]),
            "workflows": tuple(_workflow(one) for one in value["workflows"]),
            "weeks": tuple(WeekLine(**one) for one in value["weeks"]),
            "gates": tuple(GateLine(**one) for one in value["gates"]),
            "incidents": tuple(Incident(**one) for one in value["incidents"]),
            "overrides": tuple(Override(**{**one, "by": tuple(one["by"])}) for one in value["overrides"]),
            "cost": _cost(value["cost"]) if value["cost"] else None, "notes": tuple(value["notes"]),
        })  # fmt: skip


def _workflow(value: Mapping[str, Any]) -> Workflow:
    figures = {name: Figure(**value[name]) for name in ("reduction", "completion", "hours", "same")}
    lists = {name: tuple(value[name]) for name in ("missing", "friction")}
    return Workflow(**{**value, **figures, **lists})


def _cost(value: Mapping[str, Any]) -> Cost:
    figures = {name: Figure(**value[name]) for name in ("value", "net")}
    return Cost(**{**value, **figures, "assumptions": Assumptions(**value["assumptions"])})


@dataclass(frozen=True, slots=True)
class Frozen:
    """A readout as it was made: version, digest, who made it and when. It never changes."""

    version: int
    readout: Readout
    digest: str
    by: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the frozen readout as JSON."""
        return {
            "version": self.version, "digest": self.digest, "by": self.by, "at": self.at.isoformat(),
            "readout": self.readout.to_json(),
        }  # fmt: skip
