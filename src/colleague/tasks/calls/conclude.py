"""How a call's decision and outcome are written down: the step, the effect ledger's row, the facts for the ledger."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from colleague.agent.messages import Outcome
from colleague.approvals.verdict import Verdict
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.readings import keep_reading
from colleague.kit.canonical import digest, storable
from colleague.kit.db import Session
from colleague.kit.log import get_log
from colleague.policy.addresses import bare
from colleague.policy.model import Ask, Decision, Label, Tier
from colleague.tasks.model import CallState
from colleague.tasks.store import append, open_calls
from colleague.tasks.tables import CallRow, RunRow
from colleague.tasks.toolbox import Bound

MAX_TEXT = 400_000

log = get_log("conclude")


def call_event(verb: str, row: CallRow, facts: Mapping[str, Any]) -> Event:
    """Return the event that tells of a call; the agent acts, the person is known by the run."""
    return Event(verb, "agent", subject=row.id, run=row.run_id, data=facts)


async def record_if_possible(session: Session, ledger: Ledger, event: Event) -> None:
    """Record what only says that nothing happened. A ledger that cannot be written must not hide it from the person."""
    try:
        async with session.begin_nested():
            await ledger.record(session, event)
    except Exception as error:
        log.error("not on record", verb=event.verb, run=event.run, error=type(error).__name__)


def decision_facts(bound: Bound, ask: Ask, decision: Decision, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the ledger keeps of a decision: who, which tool, which rules; hashes instead of content."""
    return {
        "person": ask.person, "tool": bound.name, "connector": bound.connector.kind,
        "tier": bound.tool.tier.name.lower(), "effect": decision.effect.name.lower(),
        "rules": [r.rule for r in decision.rulings], "policy_hash": decision.policy_hash,
        "tool_hash": bound.tool.hash, "arguments_sha256": digest(arguments),
        "class": ask.label.data_class.name.lower(), "recipients": len(ask.recipients),
        "external_recipients": len(ask.external), "channel": ask.channel,
        "destinations": destinations(bound, ask), "grants": list(ask.rests_on),
    }  # fmt: skip


def destinations(bound: Bound, ask: Ask) -> list[str]:
    """Return where a call goes outside: hosts, mail domains without names, the connector where it is not known."""
    domains = {bare(address).rpartition("@")[2] for address in ask.external}
    host = {ask.resource or bound.connector.kind} if bound.tool.egress else set()
    return sorted(d[:253] for d in {d or bound.connector.kind for d in domains} | host)


async def save_outcome(
    session: Session, run: RunRow, row: CallRow, state: CallState, outcome: Outcome, now: datetime,
    label: Label | None = None,
) -> None:  # fmt: skip
    """Save what came of a call: row, step, and what the run has read by now. The run is locked by the caller.

    Whatever a tool gave is made storable first: an effect must never be lost because its answer cannot be kept.
    """
    outcome = _kept(outcome)
    row.state, row.ended_at = state, now
    row.outcome = {"text": outcome.text[:2000], "ok": outcome.ok}
    if label is not None:
        row.label = label.to_json()
        run.label = Label.from_json(run.label).join(label).to_json()
        if state is CallState.DONE:
            await keep_reading(
                session, run.task_id, row.id, row.tool, row.arguments, outcome.data, label, now
            )  # fmt: skip
    await append(session, run, outcome, now)


def _kept(outcome: Outcome) -> Outcome:
    text = str(storable(outcome.text))
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n[… {len(text) - MAX_TEXT:,} more characters were cut]"
    try:
        data = storable(outcome.data)
    except (TypeError, ValueError, RecursionError):
        data = {}
    return replace(outcome, text=text, data=data)


async def close_calls(session: Session, run: RunRow, now: datetime) -> None:
    """Close every call of a stopped run that has no outcome: nothing of it happens later. The run is locked."""
    for id_, tool, row in await open_calls(session, run.id):
        unknown = row is not None and (row.state == CallState.INTENDED or row.attempt > 0) and row.tier != Tier.READ
        text = "The task was stopped before this was done: it was not done."
        if unknown:
            text = "The task was stopped in the middle of this: it may have taken effect. Check."
        outcome = Outcome(id_, tool, text, False)
        if row is None:
            await append(session, run, outcome, now)
        else:
            await save_outcome(session, run, row, CallState.UNKNOWN if unknown else CallState.REFUSED, outcome, now)


def why_not(verdict: Verdict, *, again: bool) -> str:
    """Say what became of a question that was not approved. An expiry is never called a denial."""
    match verdict.state:
        case "denied" if again:
            return "A person decided not to do this again; it may have taken effect the first time."
        case "denied":
            return f"A person denied this{': ' + verdict.reason if verdict.reason else ''}. Do not try it again."
        case "expired":
            return "Nobody answered in time: this was not done, and it was not denied either."
        case "returned":
            return (
                f"A person wants to know more before they decide: «{verdict.reason}». This was not done, and not "
                "denied. Answer them in the task, and propose it again if it still makes sense."
            )
        case "withdrawn":
            return "The question was withdrawn: this was not done."
        case _:
            return "This was not done."
