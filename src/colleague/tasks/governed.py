"""The one door to every tool: facts → policy → ledger → (a person) → intent → call → outcome → ledger.

INVARIANT: nothing else in the product calls `Connector.call` for a task. A decision is durable before anything
happens; an error on the way is a refusal; an effect whose outcome is not known is never repeated on a guess.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from colleague.agent.interrupts import Interrupt, NeedsAnswer, NeedsApproval, Superseded
from colleague.agent.messages import Call, Message, Outcome
from colleague.approvals.ask import ask
from colleague.approvals.verdict import Verdict, consume, find_verdict
from colleague.audit.record import Ledger
from colleague.connectors.connector import Access, Effected, OutcomeUnknown
from colleague.connectors.registry import Registry
from colleague.files.attach import Attached, attach
from colleague.identity.directory import list_active, teams_of
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Failure, Unavailable
from colleague.kit.ids import new_id
from colleague.kit.log import get_log
from colleague.kit.secrets import Secrets
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance
from colleague.policy.model import Approval, Ask, Decision, Effect, Governance, Label, Ruling, Tier
from colleague.tasks.arguments import fault_in
from colleague.tasks.conclude import call_event, decision_facts, save_outcome
from colleague.tasks.delegate import resume_job
from colleague.tasks.facts import ask_of, seen
from colleague.tasks.model import CallState, Run, State
from colleague.tasks.store import find_call, labels_of, lock_run, touch
from colleague.tasks.tables import CallRow, RunRow
from colleague.tasks.toolbox import Bound, Toolbox, open_toolbox
from colleague.tasks.workspace import Workspace

log = get_log("governed")


class NotOnRecord(Unavailable):
    """This was not done, because it could not be put on record first. An administrator must look at the ledger."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the wrapper stands on."""

    database: Database
    ledger: Ledger
    clock: Clock
    engine: Engine
    registry: Registry
    secrets: Secrets
    stale_after: float = 15.0


class Governed:
    """The wrapper round every tool of one run, for one segment."""

    def __init__(self, run: Run, parts: Parts) -> None:
        """Take the run (with the fence of this worker) and the parts."""
        self.run, self._parts = run, parts
        self._workspace = Workspace(run, database=parts.database, ledger=parts.ledger, clock=parts.clock)

    async def toolbox(self, session: Session) -> Toolbox:
        """Return the tools of this run's person at this moment."""
        teams = await teams_of(session, self.run.person)
        return await open_toolbox(
            session, self.run.person, teams, self._workspace, registry=self._parts.registry,
            secrets=self._parts.secrets, clock=self._parts.clock,
        )  # fmt: skip

    async def perform(self, call: Call, turn: int, position: int, messages: Sequence[Message]) -> None:
        """Bring one call to its outcome and save that as a step, or raise an Interrupt (parked, superseded)."""
        async with self._parts.database.transaction() as session:
            row = await find_call(session, self.run.id, turn, position)
        match row.state if row else None:
            case None:
                await self._decide_new(call, turn, position, messages)
            case CallState.ASKED:
                assert row is not None
                await self._after_question(row, call, messages)
            case CallState.INTENDED:
                assert row is not None
                await self._after_crash(row, call, messages)
            case _:
                # Concluded by another segment whose step was saved in the same transaction: nothing is left to do.
                raise Superseded

    async def _decide_new(self, call: Call, turn: int, position: int, messages: Sequence[Message]) -> None:
        async with self._parts.database.transaction() as session:
            bound = (await self.toolbox(session)).tools.get(call.tool)
        if bound is None:
            await self._refuse(call, turn, position, f"There is no tool «{call.tool}» for you in this task.")
            return
        if fault := fault_in(bound.tool.parameters, call.arguments):
            await self._refuse(call, turn, position, f"The arguments do not fit: {fault}", bound)
            return
        try:
            attached = await self._attach(bound, call.arguments)
            question, governance = await self._question(bound, call.arguments, messages, attached, None)
            decision = self._parts.engine.decide(question, governance)
        except Failure as failure:
            await self._refuse(call, turn, position, failure.message, bound)
            return
        try:
            row = await self._put_on_record(call, turn, position, bound, question, decision, attached)
        except (Interrupt, Failure):
            raise
        except Exception as error:
            log.error("decision not recorded", error=type(error).__name__, run=self.run.id)
            await self._refuse(call, turn, position, NotOnRecord().message, bound, recorded=False)
            return
        match decision.effect:
            case Effect.ALLOW:
                await self._execute(row, bound, call, attached)
            case Effect.ASK:
                raise NeedsApproval(row.approval_id)
            case Effect.DENY:
                pass  # Its refusal was saved together with the decision.

    async def _attach(self, bound: Bound, arguments: Mapping[str, Any]) -> Attached:
        async with self._parts.database.transaction() as session:
            return await attach(session, self.run.task, bound.tool, arguments)

    async def _question(
        self, bound: Bound, arguments: Mapping[str, Any], messages: Sequence[Message], attached: Attached,
        approval: Approval | None,
    ) -> tuple[Ask, Governance]:  # fmt: skip
        async with self._parts.database.transaction() as session:
            governance = await current_governance(session)
            teams = await teams_of(session, self.run.person)
            people = await list_active(session)
            labels = await labels_of(session, self.run.id)
            run = await lock_run(session, self.run.id, self.run.fence)
            label = Label.from_json(run.label).join(attached.label)
        known = seen(messages, labels)
        question = ask_of(
            bound, arguments, replace(self.run, label=label), teams, governance, known, people,
            review_missing=attached.review_missing, approval=approval,
        )  # fmt: skip
        return question, governance

    async def _put_on_record(
        self, call: Call, turn: int, position: int, bound: Bound, question: Ask, decision: Decision, attached: Attached
    ) -> CallRow:
        """Save the decision, and with it the intent, the approval or the refusal, in one transaction."""
        now = self._parts.clock.now()
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            row = CallRow(
                id=new_id("call"), run_id=run.id, turn_seq=turn, position=position, model_call_id=call.id,
                tool=bound.name, tool_hash=bound.tool.hash, tier=int(bound.tool.tier), arguments=call.arguments,
                state=CallState.REFUSED, decision=decision.to_json(), decided_at=now, attempt=0, approval_id="",
            )  # fmt: skip
            session.add(row)
            await session.flush()
            facts = decision_facts(bound, question, decision, call.arguments)
            await self._parts.ledger.record(session, call_event("call.decided", row, facts))
            match decision.effect:
                case Effect.ALLOW:
                    row.state, row.intended_at, row.attempt = CallState.INTENDED, now, 1
                case Effect.ASK:
                    await self._park(session, run, row, bound, question, decision, attached)
                case Effect.DENY:
                    remedies = " ".join(r.remedy for r in decision.rulings if r.remedy)
                    text = f"Refused: {decision.why} {remedies}".strip()
                    await save_outcome(
                        session, run, row, CallState.REFUSED, Outcome(call.id, call.tool, text, False), now
                    )
        return row

    async def _park(
        self, session: Session, run: RunRow, row: CallRow, bound: Bound, question: Ask, decision: Decision,
        attached: Attached,
    ) -> None:  # fmt: skip
        """Ask a person and let the run wait: answering enqueues its next segment, nothing is held until then."""
        run.segment += 1
        card = bound.connector.preview(bound.tool.name, row.arguments, self._access(row, bound, attached))
        row.state = CallState.ASKED
        row.approval_id = await ask(
            session, run=run.id, call=row.id, requester=self.run.person, tool=bound.name, title=bound.tool.title,
            tier=bound.tool.tier, digest=self._digest(row, bound, question.resource, attached), preview=card,
            decision=decision, doubts=question.doubts, external=question.external, label=question.label,
            then=resume_job(run), ledger=self._parts.ledger, clock=self._parts.clock,
        )  # fmt: skip
        run.state, run.waiting_for = State.NEEDS_APPROVAL, row.approval_id
        await touch(session, run, self._parts.clock.now())

    async def _after_question(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """Go on after a person was asked: nobody answered yet, denied, expired, withdrawn, or approved."""
        if not row.approval_id:
            raise NeedsAnswer
        async with self._parts.database.transaction() as session:
            verdict = await find_verdict(session, row.approval_id)
            bound = (await self.toolbox(session)).tools.get(call.tool)
        if verdict.state == "asked":
            raise NeedsApproval(row.approval_id)
        if verdict.state != "approved" or bound is None:
            await self._not_approved(row, call, verdict, gone=bound is None)
            return
        attached = await self._attach(bound, row.arguments)
        approval = Approval(by=verdict.by, not_self=verdict.by != self.run.person)
        question, governance = await self._question(bound, row.arguments, messages, attached, approval)
        decision = self._parts.engine.decide(question, governance)
        same = verdict.digest == self._digest(row, bound, question.resource, attached)
        now = self._parts.clock.now()
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            row = await session.get_one(CallRow, row.id, with_for_update=True)
            facts = decision_facts(bound, question, decision, row.arguments) | {"approved_by": verdict.by}
            await self._parts.ledger.record(session, call_event("call.decided", row, facts))
            if decision.effect is not Effect.ALLOW or not same:
                why = decision.why if same else "What was approved is not what would happen now."
                text = f"Refused although it was approved: {why}"
                await save_outcome(session, run, row, CallState.REFUSED, Outcome(call.id, call.tool, text, False), now)
                return
            # INVARIANT: an approval buys one attempt; it is used up in the transaction that writes the intent.
            await consume(session, row.approval_id, ledger=self._parts.ledger, clock=self._parts.clock)
            row.state, row.intended_at, row.attempt = CallState.INTENDED, now, row.attempt + 1
        await self._execute(row, bound, call, attached)

    async def _not_approved(self, row: CallRow, call: Call, verdict: Verdict, *, gone: bool) -> None:
        unknown = row.attempt > 0
        match verdict.state:
            case "denied" if unknown:
                text = "A person decided not to do this again; it may have taken effect the first time."
            case "denied":
                text = f"A person denied this{': ' + verdict.reason if verdict.reason else ''}. Do not try it again."
            case "expired":
                text = "Nobody answered in time: this was not done, and it was not denied either."
            case "withdrawn":
                text = "The question was withdrawn: this was not done."
            case _ if gone:
                text = "It was approved, but this tool is no longer open to you."
            case _:
                text = "This was not done."
        state = CallState.UNKNOWN if unknown else CallState.REFUSED
        await self._conclude(row, state, Outcome(call.id, call.tool, text, False))

    async def _after_crash(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """A worker died between intent and outcome: repeat what only reads, ask the connector, else ask the person."""
        async with self._parts.database.transaction() as session:
            bound = (await self.toolbox(session)).tools.get(call.tool)
        if bound is None:
            text = "It is not known whether this took effect, and this tool is no longer open to you."
            await self._conclude(row, CallState.UNKNOWN, Outcome(call.id, call.tool, text, False))
            return
        attached = await self._attach(bound, row.arguments)
        effected = Effected.NO
        if bound.tool.tier is not Tier.READ or bound.tool.writes:
            try:
                effected = await bound.connector.effected(
                    bound.tool.name, row.arguments, self._access(row, bound, attached)
                )
            except Failure:
                effected = Effected.UNKNOWN
        match effected:
            case Effected.YES:
                text = "This took effect before the work was interrupted."
                await self._conclude(row, CallState.DONE, Outcome(call.id, call.tool, text))
            case Effected.NO:
                await self._again(row)
                await self._execute(row, bound, call, attached)
            case Effected.UNKNOWN:
                await self._unknown(row, bound, attached, messages)

    async def _again(self, row: CallRow) -> None:
        """Write a new intent for a call that surely had no effect; the same key, so that it still happens once."""
        async with self._parts.database.transaction() as session:
            await lock_run(session, self.run.id, self.run.fence)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            fresh.intended_at = row.intended_at = self._parts.clock.now()
            await self._parts.ledger.record(session, call_event("call.repeated", row, {"attempt": row.attempt}))

    async def _unknown(self, row: CallRow, bound: Bound, attached: Attached, messages: Sequence[Message]) -> None:
        """Nobody can say whether it happened: park and let the person check and decide (never guess)."""
        at = row.intended_at.strftime("%H:%M") if row.intended_at else "an unknown time"
        why = f"This may have happened at {at} (UTC): check. Approve to do it once more, deny to leave it."
        decision = Decision(Effect.ASK, (Ruling("unknown-outcome", Effect.ASK, why),))
        question, _ = await self._question(bound, row.arguments, messages, attached, None)
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            row = await session.get_one(CallRow, row.id, with_for_update=True)
            facts = {"tool": row.tool, "attempt": row.attempt}
            await self._parts.ledger.record(session, call_event("call.unknown", row, facts))
            await self._park(session, run, row, bound, question, decision, attached)
        raise NeedsApproval(row.approval_id)

    async def _execute(self, row: CallRow, bound: Bound, call: Call, attached: Attached) -> None:
        """Make the call whose intent is durable, and save what came of it."""
        started = time.monotonic()
        async with self._parts.database.transaction() as session:
            # A worker that was frozen must not act after another has taken over (fencing).
            await lock_run(session, self.run.id, self.run.fence)
        if time.monotonic() - started > self._parts.stale_after:
            raise Superseded
        try:
            result = await bound.connector.call(bound.tool.name, row.arguments, self._access(row, bound, attached))
        except NeedsAnswer:
            await self._wait_for_answer(row)
            raise
        except Interrupt:
            raise
        except OutcomeUnknown:
            await self._unknown(row, bound, attached, ())
        except Failure as failure:
            await self._conclude(row, CallState.FAILED, Outcome(call.id, call.tool, failure.message, False))
        except Exception as error:
            log.error("tool failed", tool=bound.name, error=type(error).__name__, run=self.run.id)
            if bound.tool.tier is not Tier.READ:
                await self._unknown(row, bound, attached, ())
            text = "The tool failed in an unexpected way; nothing was changed."
            await self._conclude(row, CallState.FAILED, Outcome(call.id, call.tool, text, False))
        else:
            outcome = Outcome(call.id, call.tool, result.text, True, result.data)
            await self._conclude(row, CallState.DONE, outcome, result.label)

    async def _wait_for_answer(self, row: CallRow) -> None:
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            fresh.state, run.state, run.waiting_for = CallState.ASKED, State.WAITING, row.id
            await touch(session, run, self._parts.clock.now())
            await self._parts.ledger.record(session, call_event("question.asked", row, {}))

    async def _conclude(self, row: CallRow, state: CallState, outcome: Outcome, label: Label | None = None) -> None:
        """Save outcome, step, label of what was read, and the ledger entry, in one transaction."""
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            await save_outcome(session, run, fresh, state, outcome, self._parts.clock.now(), label)
            facts = {"tool": row.tool, "state": state.value, "attempt": row.attempt}
            if label is not None:
                facts["read"] = label.data_class.name.lower()
            verb = "call.completed" if state is CallState.DONE else "call.failed"
            await self._parts.ledger.record(session, call_event(verb, fresh, facts))

    async def _refuse(
        self, call: Call, turn: int, position: int, why: str, bound: Bound | None = None, *, recorded: bool = True
    ) -> None:
        """Save a refusal that came before policy: unknown tool, arguments that do not fit, or no record possible."""
        now = self._parts.clock.now()
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            row = CallRow(
                id=new_id("call"), run_id=run.id, turn_seq=turn, position=position, model_call_id=call.id,
                tool=call.tool[:200], tool_hash=bound.tool.hash if bound else "", tier=0, arguments={},
                state=CallState.REFUSED, decision={}, decided_at=now, attempt=0, approval_id="",
            )  # fmt: skip
            session.add(row)
            await session.flush()
            await save_outcome(session, run, row, CallState.REFUSED, Outcome(call.id, call.tool, why, False), now)
            if recorded:
                facts = {"tool": call.tool[:200], "known": bound is not None}
                await self._parts.ledger.record(session, call_event("call.refused", row, facts))

    def _digest(self, row: CallRow, bound: Bound, resource: str, attached: Attached) -> str:
        return digest(
            {"tool": bound.name, "tool_hash": bound.tool.hash, "arguments": row.arguments, "resource": resource,
             "run": self.run.id, "policy_hash": row.decision.get("policy_hash", ""), "attempt": row.attempt,
             "attachments": attached.hashes}
        )  # fmt: skip

    def _access(self, row: CallRow, bound: Bound, attached: Attached) -> Access:
        key = f"{row.id}:{max(row.attempt, 1)}"
        return Access(bound.account, bound.grants, key, self.run.person_name, attached.files)
