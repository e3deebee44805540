"""Which entries of the ledger are what: a person's own doing, a seat, a step of a run. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from colleague.adoption.model import REASONS
from colleague.audit.read import Fact

# What a person did themselves (B-2). Signing in, reading, and what runs by itself is nothing of it.
KINDS: Final[Mapping[str, str]] = {
    "task.delegated": "start", "task.retried": "start", "task.resumed": "start", "task.tried_again": "start",
    "task.steered": "say", "task.answered": "say", "task.mentioned": "say", "plan.edited": "say",
    "dispatch.begun": "say", "dispatch.confirm": "say", "dispatch.answered": "say", "dispatch.refused": "say",
    "voice.sent": "say",
    "approval.approved": "decide", "approval.denied": "decide", "approval.asked_back": "decide",
    "approval.edited": "decide", "proposal.accepted": "decide", "proposal.rejected": "decide",
    "telemetry.prompted": "start", "telemetry.decided": "decide",
    "output.reviewed": "use", "output.taken": "use", "output.declassified": "use", "change.undo_begun": "use",
}  # fmt: skip
# A test user or a service account is left out from then on: their seat is none that counts (B-0).
EXCLUDED, INCLUDED = "person.excluded", "person.included"
REMOVED: Final = frozenset({"seat.taken_back", "person.deactivated", "person.deprovisioned", EXCLUDED})
# Entries that tell since when the input of a task's run was there, and under which name.
INPUTS: Final[Mapping[str, str]] = {"dispatch.started": "trigger_timestamp", "schedule.started": "at"}
# A person's stop ends a run that waits; one that works says itself, a moment later, how it ended.
ENDS: Final[Mapping[str, str]] = {
    "run.completed": "delivered", "run.failed": "failed", "run.stopped": "cancelled", "task.stopped": "cancelled",
}  # fmt: skip
# What a run came to for good: words to a finished task go on in the same run, and what it delivered stays delivered.
SETTLED: Final = frozenset({"delivered", "aside", "abandoned"})
AGAIN: Final = "task.tried_again"
# What holds a run up, and what says that it goes on (B-6).
HOLDS: Final[Mapping[str, str]] = {
    "run.blocked": "system", "run.model_unavailable": "system", "run.stumbled": "system",
    "call.account_expired": "connector", "call.unknown": "connector", "approval.asked": "approval wait",
}  # fmt: skip
ASKED: Final = "approval.asked"
ANSWERED: Final = frozenset(f"approval.{how}" for how in ("approved", "denied", "asked_back", "expired", "withdrawn"))
# An edited question ends, and another stands in its place: it waits no longer, and its run waits as before.
ENDED: Final = ANSWERED | {"approval.edited"}
GOES_ON: Final = ANSWERED | {"call.decided", "task.answered", "task.retried", "task.resumed", "task.steered"}
SUBAGENT: Final = "subagent.started"
BY_ITSELF: Final = frozenset({"schedule", "headless"})
# What a source of telemetry says of a person: the end of a run elsewhere by its verb, "" for what is no end.
ELSEWHERE: Final[Mapping[str, str]] = {
    "telemetry.prompted": "", "telemetry.decided": "", "telemetry.skill_used": "", "telemetry.answered": "delivered",
    "telemetry.failed": "failed",
}  # fmt: skip
CHANNEL: Final = "telemetry:"


def kind_of(verb: str, actor: str, data: Mapping[str, Any]) -> str:
    """Return the kind of intentional action an entry tells of, "" for none.

    What a schedule starts is nobody's doing; what the product does itself neither.
    """
    kind = KINDS.get(verb, "")
    by_itself = data.get("channel") in BY_ITSELF or data.get("via") in BY_ITSELF
    return kind if kind and not by_itself and actor not in ("system", "agent", "unknown") else ""


def assigns(fact: Fact) -> bool:
    """Say whether somebody has a seat that counts from an entry on; who is excluded has none for all that."""
    return fact.verb == "seat.given" or (fact.verb == INCLUDED and fact.data.get("seat") is True)


def aside(fact: Fact) -> bool:
    """Say whether a run was put aside because the person tries again from an earlier step: another goes on for it."""
    return fact.verb == "run.stopped" and fact.data.get("aside") is True


def end_of(fact: Fact) -> str:
    """Return how a run ended by an entry of ENDS; what was stopped early with nothing written delivered nothing."""
    if aside(fact):
        return "aside"
    return "failed" if fact.verb == "run.completed" and fact.data.get("empty") is True else ENDS[fact.verb]


def published(fact: Fact) -> bool:
    """Say whether a skill that was used stood published, and was no draft of somebody who tries it out, nor one of
    another agent that nobody here published (B-6).
    """
    return fact.data.get("approved") is not False


def held_by(fact: Fact, before: str) -> str:
    """Return which class of reasons holds a run up after an entry, "" for none; `before`: which did until then."""
    if fact.verb in ENDS:
        told = str(fact.data.get("reason", ""))
        return told if told in REASONS else ""
    if fact.verb == ASKED and before == "connector":
        return before  # The question is how a person is told that their account has to be connected again.
    return HOLDS.get(fact.verb, "" if fact.verb in GOES_ON else before)


def of_root(fact: Fact, roots: Mapping[str, str]) -> Fact:
    """Return what is asked and answered for a sub-agent as of the run that waits for it (B-6, B-8); others stay.

    `roots`: the run that started each sub-agent's; a sub-agent starts none.
    """
    mine = fact.verb.startswith("approval.") and fact.run in roots
    return replace(fact, run=roots[fact.run]) if mine else fact


def as_happened(fact: Fact) -> Fact:
    """Return an entry of telemetry as what it tells: the person did it, when it happened. Others stay as they are."""
    at = moment(fact.data.get("at")) if fact.verb in ELSEWHERE else None
    if at is None:
        return fact
    return replace(fact, actor=fact.subject, at=at, data={**fact.data, "channel": f"{CHANNEL}{fact.actor}"})


def version_of(fact: Fact) -> int:
    """Return which version of an output an entry is about, 0 where it does not say."""
    version = fact.data.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else 0


def moment(value: object) -> datetime | None:
    """Return the instant that an entry names, None if it names none."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
