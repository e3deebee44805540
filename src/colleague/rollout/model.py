"""The words of the programme: who runs it, which phase it is in, what gates ask and what they were shown. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from colleague.policy.model import Phase
from colleague.rollout.network import Network

# Computed: counted from what happened. Attested: said by a named person, where nothing can be counted.
How = Literal["computed", "attested"]
Kind = Literal["gate", "skip", "seats", "skills", "connectors", "automations", "exception"]
# Moves that enter a phase; the others raise how much there may be of something within one.
ENTERING: Final = ("start", "gate", "skip")


@dataclass(frozen=True, slots=True)
class Step:
    """A phase that was begun: when, and how it was reached. `why` and `by` stand on a skipped gate, with
    the `risk` that was taken and the sponsor who accepted it.
    """

    phase: Phase
    on: date
    kind: Literal["start", "gate", "skip"]
    by: tuple[str, ...] = ()
    why: str = ""
    move: str = ""
    risk: str = ""
    accepted_by: str = ""


@dataclass(frozen=True, slots=True)
class Programme:
    """The programme as it stands. `goal` says what the business wants of it; it starts with the first of `steps`.

    `sponsor_by`, `lead_by`: who named them; `confirmed_by`: the owner who confirmed the sponsor.
    """

    sponsor: str = ""
    lead: str = ""
    goal: str = ""
    steps: tuple[Step, ...] = ()
    sponsor_by: str = ""
    lead_by: str = ""
    confirmed_by: str = ""

    @property
    def started(self) -> bool:
        """Say whether the pilot has begun."""
        return bool(self.steps)

    @property
    def phase(self) -> Phase:
        """Return the phase it is in; before it starts, the pilot is what may be begun."""
        return self.steps[-1].phase if self.steps else Phase.PILOT

    @property
    def since(self) -> date | None:
        """Return the day on which the present phase began."""
        return self.steps[-1].on if self.steps else None

    @property
    def skipped(self) -> tuple[Step, ...]:
        """Return the phases that were entered without their gate: they stay on every readout (PH-9)."""
        return tuple(step for step in self.steps if step.kind == "skip")


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a named person says of something that cannot be counted, on which day and from which document."""

    id: str
    criterion: str
    by: str
    on: date
    at: datetime
    words: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing a gate asks: what it wants, what there is, whether that holds, and where its rows are.

    `how`: a computed criterion cannot be attested. `requirement`: its source.
    """

    id: str
    title: str
    wanted: str
    value: str
    holds: bool
    how: How
    requirement: str
    rows: str = ""
    by: str = ""
    on: date | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"on": self.on.isoformat() if self.on else None}


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate with its criteria: `number` 1 to 3 lets into the next phase; 0 is the start of the pilot."""

    number: int
    title: str
    criteria: tuple[Criterion, ...]

    @property
    def missing(self) -> tuple[Criterion, ...]:
        """Return what does not hold."""
        return tuple(c for c in self.criteria if not c.holds)

    @property
    def holds(self) -> bool:
        """Say whether it opens: every criterion holds, and there is one."""
        return bool(self.criteria) and not self.missing

    def to_json(self) -> dict[str, Any]:
        """Return the gate as JSON: what is frozen as its evidence."""
        return {
            "number": self.number, "title": self.title, "holds": self.holds,
            "criteria": [criterion.to_json() for criterion in self.criteria],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActiveWeek:
    """A complete week of the phase: how many of the seats were active. `skipped`: holidays.

    `beside`: completion, breadth and time to output of that week in words: activity is never told alone (AD-5).
    """

    week: str
    active: int
    seats: int
    skipped: bool = False
    beside: str = ""

    @property
    def share(self) -> float:
        """Return the share of seats that were active."""
        return self.active / self.seats if self.seats else 0.0


@dataclass(frozen=True, slots=True)
class Signed:
    """An artefact that somebody signed: which, by whom, when; None where there is none."""

    by: str
    on: date
    words: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the gates look at, read from what happened. Weeks are oldest first, frozen ones only.

    `week`: the programme week of the present phase; `holidays`: how many weeks up to it do not count.
    `validated`: use cases by name with what is missing ("" if none).
    `changed`: what was changed in the phase that numbers rest on, in words with how often.
    `excluded`: how many people the numbers leave out, as test users or service accounts.
    """

    week: int = 0
    weeks: tuple[ActiveWeek, ...] = ()
    validated: Mapping[str, str] = field(default_factory=dict)
    governance: Signed | None = None
    network: Network = field(default_factory=lambda: Network((), 0))
    support: Signed | None = None
    attested: Mapping[str, Attestation] = field(default_factory=dict)
    today: date = date.min
    hold: str = ""
    changed: Mapping[str, int] = field(default_factory=dict)
    holidays: int = 0
    excluded: int = 0


# What may be attested, because nothing here can count it: gate by gate.
ATTESTED: Final[Mapping[str, str]] = {
    "connector-review": "The connector scope passed a first security review, and auditing is on (gate 1)",
    "security-review": "The IT security review passed in full (gate 2)",
    "onboarding-adjusted": "Onboarding was adjusted after week 6 of the expansion fell below 40 % (gate 3)",
    "quarterly-review": "The governance review of this quarter was held (enterprise)",
    "dispatch-later": "The organisation decided to begin without Dispatch, and until when (start of the pilot)",
}


def left_out(excluded: int) -> str:
    """Return in words how many people the numbers leave out; "" where they leave out nobody."""
    who = "1 person with a seat is" if excluded == 1 else f"{excluded} people with a seat are"
    return f"{who} left out of the numbers, as test users or service accounts." if excluded else ""


def choice_words(seats: Mapping[str, int]) -> str:
    """Return in words how the seats of the running pilot came about (PP-2)."""
    said = [f"{seats['chosen']} chosen on the three criteria", f"{seats['exception']} by exception"]
    if seats["neither"]:
        said.append(f"{seats['neither']} from before the pilot began, or chosen no more")
    return ", ".join(said)
