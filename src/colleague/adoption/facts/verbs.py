"""Which entries of the ledger are what: a person's own doing, a seat, a step of a run. Pure."""

from collections.abc import Mapping
from typing import Any, Final

# What a person did themselves (B-2). Signing in, reading, and what runs by itself is nothing of it.
KINDS: Final[Mapping[str, str]] = {
    "task.delegated": "start", "task.retried": "start", "task.resumed": "start",
    "task.steered": "say", "task.answered": "say", "task.mentioned": "say", "plan.edited": "say",
    "dispatch.begun": "say", "dispatch.confirm": "say", "dispatch.answered": "say", "dispatch.refused": "say",
    "voice.sent": "say",
    "approval.approved": "decide", "approval.denied": "decide", "approval.asked_back": "decide",
    "approval.edited": "decide", "proposal.accepted": "decide", "proposal.rejected": "decide",
    "output.reviewed": "use", "output.taken": "use", "output.declassified": "use", "change.undo_begun": "use",
}  # fmt: skip
ASSIGNED: Final = frozenset({"seat.given"})
REMOVED: Final = frozenset({"seat.taken_back", "person.deactivated", "person.deprovisioned"})
# Entries that tell since when the input of a task's run was there, and under which name.
INPUTS: Final[Mapping[str, str]] = {"dispatch.started": "trigger_timestamp", "schedule.started": "at"}
ENDS: Final[Mapping[str, str]] = {"run.completed": "delivered", "run.failed": "failed", "run.stopped": "cancelled"}
BY_ITSELF: Final = frozenset({"schedule"})


def kind_of(verb: str, actor: str, data: Mapping[str, Any]) -> str:
    """Return the kind of intentional action an entry tells of, "" for none.

    What a schedule starts is nobody's doing; what the product does itself neither.
    """
    kind = KINDS.get(verb, "")
    by_itself = data.get("channel") in BY_ITSELF or data.get("via") in BY_ITSELF
    return kind if kind and not by_itself and actor not in ("system", "agent", "unknown") else ""
