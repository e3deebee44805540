"""What is written down of a run's calls: each decision, intent, question, outcome, in one transaction each, fenced."""

from dataclasses import replace

from colleague.agent.messages import Call, Outcome
from colleague.approvals.ask import ask
from colleague.approvals.verdict import Verdict, consume
from colleague.connectors.connector import Preview
from colleague.connectors.grants import mark_used
from colleague.kit import telemetry
from colleague.kit.db import Session
from colleague.kit.errors import Conflict
from colleague.kit.ids import new_id
from colleague.policy.asked import to_json
from colleague.policy.governance import current_governance
from colleague.policy.model import Approval, Effect, Label
from colleague.tasks.calls.conclude import call_event, decision_facts, record_if_possible, save_outcome
from colleague.tasks.calls.read_class import Read
from colleague.tasks.calls.stand import may_be_stood_for
from colleague.tasks.calls.weigh import Scales, Weighed
from colleague.tasks.model import CallState, Run, State
from colleague.tasks.parts import Parts
from colleague.tasks.store import lock_run, may_go_on, resume_job, touch, wait
from colleague.tasks.subagents.family import wait_for_all
from colleague.tasks.tables import CallRow, RunRow


class NoLongerStands(Conflict):
    """What was agreed to beforehand does not hold for this any more. Try once more, and it is asked."""


class Pen:
    """Writes for one run, for one segment."""

    def __init__(self, run: Run, parts: Parts, scales: Scales) -> None:
        """Take the run (with the fence of this worker), the parts, and what weighs its calls."""
        self.run, self._parts, self._scales = run, parts, scales

    def new_row(self, call: Call, turn: int, position: int) -> CallRow:
        """Return the row of a call that was never decided, not yet saved."""
        return CallRow(
            id=new_id("call"), run_id=self.run.id, turn_seq=turn, position=position, model_call_id=call.id,
            tool=call.tool, tool_hash="", tier=0, arguments={}, state=CallState.REFUSED, decision={},
            decided_at=self._parts.clock.now(), attempt=0, approval_id="",
        )  # fmt: skip

    async def hold(self, session: Session) -> RunRow:
        """Lock the run before something new is begun; Superseded, Stopped or Paused if nothing may be."""
        run = await lock_run(session, self.run.id, self.run.fence)
        may_go_on(run)
        return run

    async def decided(self, row: CallRow, call: Call, weighed: Weighed, card: Preview | None) -> Effect:
        """Save the decision, and with it the intent, the approval or the refusal, in one transaction.

        Returns what holds: an approval that was given beforehand turns a question into an intent.
        """
        now, decision = row.decided_at, weighed.decision
        async with self._parts.database.transaction() as session:
            run = await self.hold(session)
            if decision.effect is Effect.ALLOW:
                row.state, row.intended_at, row.attempt = CallState.INTENDED, now, 1
            row.question = to_json(weighed.question)
            session.add(row)
            facts = decision_facts(weighed.bound, weighed.question, decision, row.arguments)
            await self._parts.ledger.record(session, call_event("call.decided", row, facts))
            telemetry.decided(facts["effect"], facts["tier"], facts["connector"])
            if decision.effect is not Effect.DENY:
                await mark_used(session, weighed.question.rests_on, clock=self._parts.clock)
            match decision.effect:
                case Effect.ALLOW:
                    pass  # The intent stands beside the decision; the call follows the commit.
                case Effect.ASK:
                    assert card is not None
                    if await self._stood_for(session, row, weighed):
                        return Effect.ALLOW
                    await self.park(session, run, row, weighed, card)
                case Effect.DENY:
                    remedies = " ".join(r.remedy for r in decision.rulings if r.remedy)
                    text = f"Refused: {decision.why} {remedies}".strip()
                    await save_outcome(
                        session, run, row, CallState.REFUSED, Outcome(call.id, call.tool, text, False), now
                    )
            return decision.effect

    async def _stood_for(self, session: Session, row: CallRow, weighed: Weighed) -> bool:
        """Let an approval that was given beforehand stand in, if there is one: the same question is decided again with
        it, on record, and counted in the transaction that writes the intent."""
        if not may_be_stood_for(weighed, self.run.goal):
            return False
        stood = await self._parts.stand_in(session, self.run.task, row.id, weighed.question)
        if stood is None:
            return False
        approval = Approval(by=stood.by, not_self=False)
        question = replace(weighed.question, approval=approval)
        decision = self._parts.engine.decide(question, await current_governance(session))
        if decision.effect is not Effect.ALLOW:
            raise NoLongerStands
        row.decision, row.standing_id = decision.to_json(), stood.id
        row.state, row.intended_at, row.attempt = CallState.INTENDED, row.decided_at, 1
        facts = decision_facts(weighed.bound, question, decision, row.arguments)
        facts |= {"approved_by": stood.by, "standing": stood.id}
        await self._parts.ledger.record(session, call_event("call.decided", row, facts))
        await session.flush()
        return True

    async def park(self, session: Session, run: RunRow, row: CallRow, weighed: Weighed, card: Preview) -> None:
        """Ask a person and let the run wait: answering enqueues its next segment, nothing is held until then."""
        run.segment += 1
        bound, question = weighed.bound, weighed.question
        row.state = CallState.ASKED
        row.approval_id = await ask(
            session, run=self.run.root, call=row.id, requester=self.run.person, tool=bound.name, title=bound.tool.title,
            tier=bound.tool.tier, digest=self._scales.digest(row, weighed), preview=card, decision=weighed.decision,
            doubts=question.doubts, external=question.external, label=question.label, then=resume_job(run),
            ledger=self._parts.ledger, clock=self._parts.clock, away=question.channel != "desk",
        )  # fmt: skip
        wait(run, State.NEEDS_APPROVAL, row.approval_id)
        await touch(session, run, self._parts.clock.now())

    async def wait_on(self, state: State, waiting_for: str) -> None:
        """Put a run that was woken too early back to waiting."""
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            wait(run, state, waiting_for)
            await touch(session, run, self._parts.clock.now())

    async def use_approval(self, row: CallRow, weighed: Weighed, verdict: Verdict) -> str:
        """Put the second decision on record, and the intent with it; or return why it is not as approved."""
        decision = weighed.decision
        same = verdict.digest == self._scales.digest(row, weighed)
        async with self._parts.database.transaction() as session:
            await self.hold(session)
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

    async def again(self, row: CallRow) -> None:
        """Write a new intent for a call that surely had no effect; the same key, so that it still happens once."""
        async with self._parts.database.transaction() as session:
            await self.hold(session)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            fresh.intended_at = row.intended_at = self._parts.clock.now()
            await self._parts.ledger.record(session, call_event("call.repeated", row, {"attempt": row.attempt}))

    async def wait_for_subagents(self) -> bool:
        """Let the run wait until its sub-agents have ended; False if they have: then it simply goes on."""
        async with self._parts.database.transaction() as session:
            run = await self.hold(session)
            waits = await wait_for_all(session, run)
            await touch(session, run, self._parts.clock.now())
            return waits

    async def wait_for_answer(self, row: CallRow) -> None:
        """Let the run wait until the person has answered the agent's question."""
        async with self._parts.database.transaction() as session:
            run = await self.hold(session)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            # This segment is over: a job of it that comes twice finds nothing to do.
            run.segment += 1
            fresh.state, run.state, run.waiting_for = CallState.ASKED, State.WAITING, row.id
            await touch(session, run, self._parts.clock.now())
            await self._parts.ledger.record(session, call_event("question.asked", row, {}))

    async def conclude(
        self, row: CallRow, state: CallState, outcome: Outcome, label: Label | None = None, *, rule: str = ""
    ) -> None:
        """Save outcome, step, label of what was read, and the ledger entry, in one transaction.

        `rule`: by which rule the connector refused what it found (blocked-type).
        """
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            await save_outcome(session, run, fresh, state, outcome, self._parts.clock.now(), label)
            facts = {"tool": row.tool, "state": state.value, "attempt": row.attempt}
            facts |= {"rule": rule} if rule else {}
            if label is not None:
                facts["read"] = label.data_class.name.lower()
            verb = "call.completed" if state is CallState.DONE else "call.failed"
            await self._parts.ledger.record(session, call_event(verb, fresh, facts))

    async def withhold(self, row: CallRow, outcome: Outcome, read: Read) -> None:
        """Save that what a call read is kept from the model, and by which rule: nothing of it is stored (SC-2)."""
        assert read.refused is not None
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            fresh = await session.get_one(CallRow, row.id, with_for_update=True)
            await save_outcome(session, run, fresh, CallState.FAILED, outcome, self._parts.clock.now())
            facts = {"tool": row.tool, "found": read.label.data_class.name.lower(), "rule": read.refused.rule}
            await self._parts.ledger.record(session, call_event("input.refused", row, {**facts, "what": "read"}))

    async def refuse(self, row: CallRow, why: str) -> None:
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
