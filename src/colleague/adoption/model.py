"""The facts that metrics rest on: seats, intentional actions, runs of use cases, tickets. Values, no names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

# What counts as a person's own doing (B-2). Signing in, opening a page or reading a notice does not.
INTENTIONAL: Final = frozenset({"start", "say", "decide", "use"})
End = Literal["delivered", "rejected", "failed", "abandoned", "cancelled", "open"]
AD_HOC: Final = "ad hoc"


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a person: assigned, and removed if it was. `accepted_at`: the invitation, None while it is open.

    `away`: weeks (as text) of which the person was away all of it.
    """

    person: str
    assigned_at: datetime
    accepted_at: datetime | None = None
    removed_at: datetime | None = None
    department: str = ""
    cohort: str = ""
    away: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person did, by whichever channel. `kind`: one of INTENTIONAL, or anything else that is passive."""

    person: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class RunFact:
    """A run of a workflow. `workflow`: catalogue id without version, AD_HOC for none. `end` as B-6 has it.

    `input_at`: when its input was there; `accepted_at`: when a person first took what came out, None while nobody did;
    `verdict` of a review: accepted, rejected or none. `asked_at`: when it was asked for, its start unless said.
    """

    id: str
    person: str
    workflow: str
    started_at: datetime
    end: End = "open"
    ended_at: datetime | None = None
    reason: str = ""
    input_at: datetime | None = None
    accepted_at: datetime | None = None
    copy: bool = False
    sandbox: bool = False
    asked_at: datetime | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A support ticket about the platform. `category`: access, connector, quality, how-to or policy refusal."""

    id: str
    at: datetime
    category: str
