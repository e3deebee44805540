"""The words of tasks: the fixed states (ui.md), and values that leave the slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from colleague.agent.budget import Budget, Spent
from colleague.agent.plan import Plan
from colleague.connectors.choose import Choice
from colleague.policy.model import Label, Tier


class State(StrEnum):
    """What a run is doing, in the words people see everywhere."""

    QUEUED = "queued"
    RUNNING = "running"
    NEEDS_APPROVAL = "needs approval"
    WAITING = "waiting for you"
    BLOCKED = "blocked"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"


PARKED = (State.NEEDS_APPROVAL, State.WAITING, State.BLOCKED, State.PAUSED)
ENDED = (State.COMPLETED, State.FAILED, State.STOPPED)

# The tool that starts a sub-agent, and what the run that called it waits for meanwhile; it counts as running.
START_SUBAGENT, SUBAGENTS = "start_subagent", "sub-agents"


class CallState(StrEnum):
    """Where a call is between the model's wish and the world."""

    ASKED = "asked"
    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a task, as a worker holds it. `fence` is its licence: a higher one elsewhere ends it here.

    `parent` is the run it is a sub-agent of, "" for a task's own run. `cap` is the highest tier it may ever reach.
    """

    id: str
    task: str
    person: str
    person_name: str
    goal: str
    state: State
    segment: int
    fence: int
    model: str
    channel: str
    plan: Plan
    label: Label
    budget: Budget
    spent: Spent
    tools: dict[str, str]
    project: str = ""
    library_set: str = ""
    places: tuple[Choice, ...] = ()
    parent: str = ""
    cap: Tier = Tier.MODIFY

    @property
    def root(self) -> str:
        """Return the task's own run: of itself, or of the one it is a sub-agent of."""
        return self.parent or self.id


@dataclass(frozen=True, slots=True)
class Summary:
    """A task in a list: its newest run's state and when something last happened."""

    id: str
    title: str
    person: str
    state: State
    plan: Plan
    created_at: datetime
    last_event_at: datetime
    run: str
    pinned: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a run's history: `kind` is said, turn, outcome or note; `body` its JSON."""

    seq: int
    kind: str
    body: dict[str, Any]
    at: datetime
