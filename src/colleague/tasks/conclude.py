"""How a call's decision and outcome are written down: the step, the effect ledger's row, the facts for the ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from colleague.agent.messages import Outcome
from colleague.audit.event import Event
from colleague.kit.canonical import digest
from colleague.kit.db import Session
from colleague.policy.model import Ask, Decision, Label
from colleague.tasks.model import CallState
from colleague.tasks.store import append
from colleague.tasks.tables import CallRow, RunRow
from colleague.tasks.toolbox import Bound


def call_event(verb: str, row: CallRow, facts: Mapping[str, Any]) -> Event:
    """Return the event that tells of a call; the agent acts, the person is known by the run."""
    return Event(verb, "agent", subject=row.id, run=row.run_id, data=facts)


def decision_facts(bound: Bound, ask: Ask, decision: Decision, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the ledger keeps of a decision: who, which tool, which rules; hashes instead of content."""
    return {
        "person": ask.person, "tool": bound.name, "connector": bound.connector.kind,
        "tier": bound.tool.tier.name.lower(), "effect": decision.effect.name.lower(),
        "rules": [r.rule for r in decision.rulings], "policy_hash": decision.policy_hash,
        "tool_hash": bound.tool.hash, "arguments_sha256": digest(arguments),
        "class": ask.label.data_class.name.lower(), "recipients": len(ask.recipients),
        "external_recipients": len(ask.external), "channel": ask.channel,
    }  # fmt: skip


async def save_outcome(
    session: Session, run: RunRow, row: CallRow, state: CallState, outcome: Outcome, now: datetime,
    label: Label | None = None,
) -> None:  # fmt: skip
    """Save what came of a call: row, step, and what the run has read by now. The run is locked by the caller."""
    row.state, row.ended_at = state, now
    row.outcome = {"text": outcome.text[:2000], "ok": outcome.ok}
    if label is not None:
        row.label = label.to_json()
        run.label = Label.from_json(run.label).join(label).to_json()
    await append(session, run, outcome, now)
