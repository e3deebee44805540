"""The one door to every tool: facts → policy → ledger → (a person) → intent → call → outcome → ledger.

INVARIANT: nothing else in the product calls `Connector.call` for a task. A decision is durable before anything
happens; an error on the way is a refusal; an effect whose outcome is not known is never repeated on a guess.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from colleague.agent.interrupts import Interrupt, NeedsAnswer, NeedsApproval, Superseded
from colleague.agent.messages import Call, Message, Outcome
from colleague.approvals.ask import ask
from colleague.approvals.verdict import Verdict, consume, find_verdict
from colleague.connectors.connector import AccountExpired, Effected, OutcomeUnknown, Preview
from colleague.files.attach import Attached
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Unavailable
from colleague.kit.ids import new_id
from colleague.kit.log import get_log
from colleague.policy.model import Approval, Decision, Effect, Label, Ruling, Tier
from colleague.tasks.calls.conclude import call_event, decision_facts, record_if_possible, save_outcome
from colleague.tasks.calls.weigh import DoesNotFit, Scales, Weighed
from colleague.tasks.delegate import resume_job
from colleague.tasks.model import CallState, Run, State
from colleague.tasks.parts import Parts
from colleague.tasks.store import lock_run, may_go_on, touch, wait
from colleague.tasks.tables import CallRow, RunRow
from colleague.tasks.toolbox import Bound, Toolbox

log = get_log("governed")


class NotOnRecord(Unavailable):
    """This was not done, because it could not be put on record first. An administrator must look at the ledger."""


class Governed:
    """The wrapper round every tool of one run, for one segment."""

    def __init__(self, run: Run, parts: Parts) -> None:
        """Take the run (with the fence of this worker) and the parts."""
        self.run, self._parts = run, parts
        self._scales = Scales(run, parts)

    async def toolbox(self, session: Session) -> Toolbox:
        """Return the tools of this run's person at this moment."""
        return await self._scales.toolbox(session)

    async def perform(
        self, call: Call, turn: int, position: int, messages: Sequence[Message], row: CallRow | None
    ) -> None:  # fmt: skip
        """Bring one call to its outcome and save that as a step, or raise an Interrupt (parked, stopped, lost).

        `row` is what is known of it already: None if it was never decided.
        """
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
        now, started = self._parts.clock.now(), time.monotonic()
        row = CallRow(
            id=new_id("call"), run_id=self.run.id, turn_seq=turn, position=position, model_call_id=call.id,
            tool=call.tool, tool_hash="", tier=0, arguments={}, state=CallState.REFUSED, decision={}, decided_at=now,
            attempt=0, approval_id="",
        )  # fmt: skip
        try:
            if call.fault:
                raise DoesNotFit(fault=call.fault)
            weighed = await self._scales.weigh(call.tool, call.arguments, messages)
            row.tool_hash, row.tier = weighed.bound.tool.hash, int(weighed.bound.tool.tier)
            row.arguments, row.decision = call.arguments, weighed.decision.to_json()
            card = self._scales.card(row, weighed) if weighed.decision.effect is Effect.ASK else None
            await self._put_on_record(row, call, weighed, card)
        except Interrupt:
            raise
        except Failure as failure:
            await self._refuse(row, failure.message)
            return
        except Exception as error:
            log.error("decision not recorded", error=type(error).__name__, run=self.run.id)
            await self._refuse(row, NotOnRecord().message)
            return
        match weighed.decision.effect:
            case Effect.ALLOW:
                await self._execute(row, weighed.bound, call, weighed.attached, messages, started)
            case Effect.ASK:
                raise NeedsApproval(row.approval_id)
            case Effect.DENY:
                pass  # Its refusal was saved together with the decision.

    async def _put_on_record(self, row: CallRow, call: Call, weighed: Weighed, card: Preview | None) -> None:
        """Save the decision, and with it the intent, the approval or the refusal, in one transaction."""
        now, decision = row.decided_at, weighed.decision
        async with self._parts.database.transaction() as session:
            run = await self._hold(session)
            if decision.effect is Effect.ALLOW:
                row.state, row.intended_at, row.attempt = CallState.INTENDED, now, 1
            session.add(row)
            facts = decision_facts(weighed.bound, weighed.question, decision, row.arguments)
            await self._parts.ledger.record(session, call_event("call.decided", row, facts))
            match decision.effect:
                case Effect.ALLOW:
                    pass  # The intent stands beside the decision; the call follows the commit.
                case Effect.ASK:
                    assert card is not None
                    await self._park(session, run, row, weighed, card)
                case Effect.DENY:
                    remedies = " ".join(r.remedy for r in decision.rulings if r.remedy)
                    text = f"Refused: {decision.why} {remedies}".strip()
                    await save_outcome(
                        session, run, row, CallState.REFUSED, Outcome(call.id, call.tool, text, False), now
                    )

    async def _hold(self, session: Session) -> RunRow:
        """Lock the run before something new is begun; Superseded, Stopped or Paused if nothing may be."""
        run = await lock_run(session, self.run.id, self.run.fence)
        may_go_on(run)
        return run

    async def _park(self, session: Session, run: RunRow, row: CallRow, weighed: Weighed, card: Preview) -> None:
        """Ask a person and let the run wait: answering enqueues its next segment, nothing is held until then."""
        run.segment += 1
        bound, question = weighed.bound, weighed.question
        row.state = CallState.ASKED
        row.approval_id = await ask(
            session, run=run.id, call=row.id, requester=self.run.person, tool=bound.name, title=bound.tool.title,
            tier=bound.tool.tier, digest=self._scales.digest(row, weighed), preview=card, decision=weighed.decision,
            doubts=question.doubts, external=question.external, label=question.label, then=resume_job(run),
            ledger=self._parts.ledger, clock=self._parts.clock,
        )  # fmt: skip
        wait(run, State.NEEDS_APPROVAL, row.approval_id)
        await touch(session, run, self._parts.clock.now())

    async def _wait_on(self, state: State, waiting_for: str) -> None:
        """Put a run that was woken too early back to waiting."""
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            wait(run, state, waiting_for)
            await touch(session, run, self._parts.clock.now())

    async def _after_question(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """Go on after a person was asked: nobody answered yet, denied, expired, withdrawn, or approved."""
        if not row.approval_id:
            await self._wait_on(State.WAITING, row.id)
            raise NeedsAnswer
        async with self._parts.database.transaction() as session:
            verdict = await find_verdict(session, row.approval_id)
        if verdict.state == "asked":
            await self._wait_on(State.NEEDS_APPROVAL, row.approval_id)
            raise NeedsApproval(row.approval_id)
        if verdict.state != "approved":
            await self._not_done(row, call, _why_not(verdict, again=row.attempt > 0))
            return
        started = time.monotonic()
        try:
            approval = Approval(by=verdict.by, not_self=verdict.by != self.run.person, level=verdict.level)
            weighed = await self._scales.weigh(call.tool, row.arguments, messages, approval)
            text = await self._use_approval(row, weighed, verdict)
        except Failure as failure:
            text = failure.message
        if text:
            await self._not_done(row, call, f"Refused although it was approved: {text}")
            return
        await self._execute(row, weighed.bound, call, weighed.attached, messages, started)

    async def _use_approval(self, row: CallRow, weighed: Weighed, verdict: Verdict) -> str:
        """Put the second decision on record, and the intent with it; or return why it is not as approved."""
        decision = weighed.decision
        same = verdict.digest == self._scales.digest(row, weighed)
        async with self._parts.database.transaction() as session:
            await self._hold(session)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            facts = decision_facts(weighed.bound, weighed.question, decision, row.arguments)
            facts |= {"approved_by": verdict.by, "as_approved": same}
            await self._parts.ledger.record(session, call_event("call.decided", fresh, facts))
            if not same:
                return "What was approved is not what would happen now."
            if decision.effect is not Effect.ALLOW:
                return decision.why
            # INVARIANT: an approval buys one attempt; it is used up in the transaction that writes the intent.
            await consume(session, fresh.approval_id, ledger=self._parts.ledger, clock=self._parts.clock)
            fresh.state, fresh.intended_at, fresh.attempt = (
                CallState.INTENDED, self._parts.clock.now(), fresh.attempt + 1,
            )  # fmt: skip
        row.state, row.intended_at, row.attempt = fresh.state, fresh.intended_at, fresh.attempt
        return ""

    async def _not_done(self, row: CallRow, call: Call, text: str) -> None:
        """Conclude a call that a person was asked about and that does not happen (again)."""
        state = CallState.UNKNOWN if row.attempt > 0 else CallState.REFUSED
        await self._conclude(row, state, Outcome(call.id, call.tool, text, False))

    async def _after_crash(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """A worker died between intent and outcome: repeat what only reads, ask the connector, else ask the person."""
        started = time.monotonic()
        try:
            async with self._parts.database.transaction() as session:
                bound, attached = await self._scales.find(session, call.tool, row.arguments)
        except Failure as failure:
            text = f"This was interrupted, and it is not known whether it took effect. {failure.message}"
            await self._conclude(row, CallState.UNKNOWN, Outcome(call.id, call.tool, text, False))
            return
        match Effected.NO if _merely_reads(bound) else await self._effected(row, bound, attached):
            case Effected.YES:
                text = "This took effect before the work was interrupted."
                await self._conclude(row, CallState.DONE, Outcome(call.id, call.tool, text))
            case Effected.NO:
                await self._again(row)
                await self._execute(row, bound, call, attached, messages, started)
            case Effected.UNKNOWN:
                await self._unknown(row, call, messages)

    async def _effected(self, row: CallRow, bound: Bound, attached: Attached) -> Effected:
        """Ask the connector whether the call took effect; any trouble in asking is «unknown»."""
        try:
            async with asyncio.timeout(self._parts.call_seconds):
                return await bound.connector.effected(
                    bound.tool.name, row.arguments, self._scales.access(row, bound, attached)
                )
        except Interrupt:
            raise
        except Exception as error:
            log.warning("effect not known", tool=bound.name, error=type(error).__name__, run=self.run.id)
            return Effected.UNKNOWN

    async def _again(self, row: CallRow) -> None:
        """Write a new intent for a call that surely had no effect; the same key, so that it still happens once."""
        async with self._parts.database.transaction() as session:
            await self._hold(session)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            fresh.intended_at = row.intended_at = self._parts.clock.now()
            await self._parts.ledger.record(session, call_event("call.repeated", row, {"attempt": row.attempt}))

    async def _unknown(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """Nobody can say whether it happened: park and let the person check and decide (never guess)."""
        at = row.intended_at.strftime("%H:%M") if row.intended_at else "an unknown time"
        why = f"This may have happened at {at} (UTC): check. Approve to do it once more, deny to leave it."
        await self._ask_again(row, call, messages, Ruling("unknown-outcome", Effect.ASK, why), row.attempt)

    async def _reconnect(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """The person's account does not hold any more, so nothing was done: park until they have connected it again."""
        why = (
            "Your connection has expired or was revoked, so nothing was done yet. Connect the account again under "
            "Connectors, then approve: the task goes on from here. Deny to go on without it."
        )
        await self._ask_again(row, call, messages, Ruling("account-expired", Effect.ASK, why), row.attempt - 1)

    async def _ask_again(
        self, row: CallRow, call: Call, messages: Sequence[Message], ruling: Ruling, attempt: int
    ) -> None:
        """Ask about a call that was tried already; `attempt` counts the tries that may have had an effect."""
        decision = Decision(Effect.ASK, (ruling,))
        lost = ruling.rule == "unknown-outcome"
        try:
            seen = await self._scales.weigh(call.tool, row.arguments, messages)
            weighed = replace(seen, decision=decision)
            card = self._scales.card(row, weighed)
        except Failure as failure:
            text = f"{'It is not known whether this took effect.' if lost else 'This was not done.'} {failure.message}"
            state = CallState.UNKNOWN if lost else CallState.FAILED
            await self._conclude(row, state, Outcome(call.id, call.tool, text, False))
            return
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            row = await session.get_one(CallRow, row.id, with_for_update=True)
            row.attempt = attempt
            verb = "call.unknown" if lost else "call.account_expired"
            await self._parts.ledger.record(session, call_event(verb, row, {"tool": row.tool, "attempt": attempt}))
            await self._park(session, run, row, weighed, card)
        raise NeedsApproval(row.approval_id)

    async def _execute(
        self, row: CallRow, bound: Bound, call: Call, attached: Attached, messages: Sequence[Message], since: float
    ) -> None:
        """Make the call whose intent became durable at `since`, and save what came of it."""
        await self._still_mine(since)
        try:
            async with asyncio.timeout(self._parts.call_seconds):
                result = await bound.connector.call(
                    bound.tool.name, row.arguments, self._scales.access(row, bound, attached)
                )
        except NeedsAnswer:
            await self._wait_for_answer(row)
            raise
        except Interrupt:
            raise
        except Failure as failure:
            if isinstance(failure, OutcomeUnknown) and not _merely_reads(bound):
                await self._in_doubt(row, bound, call, attached, messages, surely=True)
                return
            if isinstance(failure, AccountExpired):
                await self._reconnect(row, call, messages)
                return
            await self._conclude(row, CallState.FAILED, Outcome(call.id, call.tool, failure.message, False))
        except Exception as error:
            log.error("tool failed", tool=bound.name, error=type(error).__name__, run=self.run.id)
            late = isinstance(error, TimeoutError)
            if not _merely_reads(bound):
                await self._in_doubt(row, bound, call, attached, messages, surely=not late)
                return
            text = "The tool did not answer in time." if late else "The tool failed in an unexpected way."
            await self._conclude(row, CallState.FAILED, Outcome(call.id, call.tool, text, False))
        else:
            outcome = Outcome(call.id, call.tool, result.text, True, result.data)
            await self._conclude(row, CallState.DONE, outcome, result.label)

    async def _still_mine(self, since: float) -> None:
        """Look again whether the run is ours if too long went by: a worker that was frozen must not act (fencing)."""
        while time.monotonic() - since > self._parts.stale_after:
            since = time.monotonic()
            async with self._parts.database.transaction() as session:
                await lock_run(session, self.run.id, self.run.fence)

    async def _in_doubt(
        self, row: CallRow, bound: Bound, call: Call, attached: Attached, messages: Sequence[Message], *, surely: bool
    ) -> None:
        """The call broke in the middle. `surely`: it is over, so a connector's «no» can be believed."""
        match await self._effected(row, bound, attached):
            case Effected.YES:
                text = "This took effect, although the connection broke before that was confirmed."
                await self._conclude(row, CallState.DONE, Outcome(call.id, call.tool, text))
            case Effected.NO if surely:
                text = "The tool failed in the middle; nothing was changed."
                await self._conclude(row, CallState.FAILED, Outcome(call.id, call.tool, text, False))
            case _:
                await self._unknown(row, call, messages)

    async def _wait_for_answer(self, row: CallRow) -> None:
        async with self._parts.database.transaction() as session:
            run = await self._hold(session)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            # This segment is over: a job of it that comes twice finds nothing to do.
            run.segment += 1
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

    async def _refuse(self, row: CallRow, why: str) -> None:
        """Save a refusal that came before policy, or because nothing could be put on record. Nothing happened."""
        refused = CallRow(
            id=row.id, run_id=row.run_id, turn_seq=row.turn_seq, position=row.position, tool=row.tool,
            model_call_id=row.model_call_id, tool_hash=row.tool_hash, tier=0, arguments={}, decision={},
            state=CallState.REFUSED, decided_at=row.decided_at, attempt=0, approval_id="",
        )  # fmt: skip
        outcome = Outcome(row.model_call_id, row.tool, why, False)
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            session.add(refused)
            await session.flush()
            await save_outcome(session, run, refused, CallState.REFUSED, outcome, row.decided_at)
            facts = {"tool": row.tool, "known": bool(row.tool_hash)}
            await record_if_possible(session, self._parts.ledger, call_event("call.refused", refused, facts))


def _merely_reads(bound: Bound) -> bool:
    return bound.tool.tier is Tier.READ and not bound.tool.writes and not bound.tool.deletes


def _why_not(verdict: Verdict, *, again: bool) -> str:
    """Say what became of a question that was not approved. An expiry is never called a denial."""
    match verdict.state:
        case "denied" if again:
            return "A person decided not to do this again; it may have taken effect the first time."
        case "denied":
            return f"A person denied this{': ' + verdict.reason if verdict.reason else ''}. Do not try it again."
        case "expired":
            return "Nobody answered in time: this was not done, and it was not denied either."
        case "withdrawn":
            return "The question was withdrawn: this was not done."
        case _:
            return "This was not done."
