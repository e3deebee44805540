"""The facts that metrics rest on: seats, intentional actions, runs of use cases, tickets. Values, no names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

# What counts as a person's own doing (B-2). Signing in, opening a page or reading a notice does not.
INTENTIONAL: Final = frozenset({"start", "say", "decide", "use"})
End = Literal["delivered", "rejected", "failed", "abandoned", "cancelled", "open", "untold"]
AD_HOC: Final = "ad hoc"
# Why a run was not completed (B-6), and what is said where nothing else is known.
REASONS: Final = ("system", "connector", "approval wait", "quality", "user left")
UNTOLD: Final[Mapping[End, str]] = {"failed": "system", "rejected": "quality"}
# So long without anything happening, a run counts as abandoned.
SILENT: Final = timedelta(days=7)


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
    """A run of a workflow. `workflow`: catalogue id without version, AD_HOC for none. `end` as B-6 has it; "untold" is
    a run elsewhere of whose end its fleet says nothing: it is not known to be open, nor that it was left.

    `input_at`: when its input was there; `accepted_at`: when a person first took what came out, None while nobody did;
    `reviewed`: how many outputs, in their newest reviewed version, of which `passed` were accepted. `asked_at`: when it
    was asked for, its start unless said.
    `reason`: what held it up, as far as the ledger tells. `elsewhere`: a source of telemetry told of it.
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
    reviewed: int = 0
    passed: int = 0
    elsewhere: bool = False

    @property
    def asked(self) -> datetime:
        """Return when it was asked for."""
        return self.asked_at or self.started_at

    @property
    def kind(self) -> str:
        """Return the kind of work it is (B-7): the skill's own name, by whichever plugin or agent it was used."""
        return kind_of(self.workflow)

    @property
    def why(self) -> str:
        """Return why it was not completed: one of REASONS."""
        return "quality" if self.end == "rejected" else self.reason or UNTOLD.get(self.end, "user left")


def kind_of(workflow: str) -> str:
    """Return a workflow's name in short, without the plugin it is from: agents elsewhere tell of it so."""
    return workflow.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A support ticket about the platform. `category`: access, connector, quality, how-to or policy refusal."""

    id: str
    at: datetime
    category: str
