"""The one door to every tool: facts → policy → ledger → (a person) → intent → call → outcome → ledger.

INVARIANT: nothing else in the product calls `Connector.call` for a task. A decision is durable before anything
happens; an error on the way is a refusal; an effect whose outcome is not known is never repeated on a guess.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from colleague.agent.interrupts import Interrupt, NeedsAnswer, NeedsApproval, NeedsSubagents, Paused, Superseded
from colleague.agent.loop import UseTool
from colleague.agent.messages import Call, Message, Outcome
from colleague.approvals.ask import HANDED_OVER
from colleague.approvals.verdict import find_verdict
from colleague.connectors.connector import AccountExpired, Effected, OutcomeUnknown, Result
from colleague.files.attach import Attached
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Unavailable
from colleague.kit.log import get_log
from colleague.kit.telemetry import operation
from colleague.policy.model import Approval, Decision, Effect, Ruling
from colleague.tasks.calls.beside import Flight, may_join, side_by_side
from colleague.tasks.calls.conclude import call_event, why_not
from colleague.tasks.calls.pen import Pen
from colleague.tasks.calls.read_class import judge_read
from colleague.tasks.calls.weigh import DoesNotFit, Scales, Weighed
from colleague.tasks.model import START_SUBAGENT, CallState, Run, State
from colleague.tasks.parts import Parts
from colleague.tasks.store import find_call, lock_run
from colleague.tasks.subagents.begin import AT_ONCE
from colleague.tasks.subagents.family import at_work
from colleague.tasks.tables import CallRow
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
        self._pen = Pen(run, parts, self._scales)

    async def toolbox(self, session: Session) -> Toolbox:
        """Return the tools of this run's person at this moment."""
        return await self._scales.toolbox(session)

    async def perform(self, move: UseTool, turn: int, messages: Sequence[Message], row: CallRow | None) -> None:
        """Bring a call to its outcome and save that as a step, or raise an Interrupt (parked, stopped, lost).

        If it merely reads, the reads that follow it in its turn are performed beside it. `turn` is the step of the
        turn, `row` what is known of the call already: None if it was never decided.
        """
        call = move.call
        match row.state if row else None:
            case None:
                await self._decide_new(move, turn, messages)
            case CallState.ASKED:
                assert row is not None
                await self._after_question(row, call, messages)
            case CallState.INTENDED if row is not None and row.tool == START_SUBAGENT:
                await self._ask_subagent(row, move, turn, messages)
            case CallState.INTENDED:
                assert row is not None
                await self._after_crash(row, call, messages)
            case _:
                # Concluded by another segment whose step was saved in the same transaction: nothing is left to do.
                raise Superseded

    async def _decide_new(self, move: UseTool, turn: int, messages: Sequence[Message]) -> None:
        started, call = time.monotonic(), move.call
        row = self._pen.new_row(call, turn, move.position)
        try:
            weighed = await self._weigh_new(row, call, messages)
            card = self._scales.card(row, weighed) if weighed.decision.effect is Effect.ASK else None
            effect = await self._pen.decided(row, call, weighed, card)
        except Interrupt:
            raise
        except Failure as failure:
            await self._pen.refuse(row, failure.message)
            return
        except Exception as error:
            log.error("decision not recorded", error=type(error).__name__, run=self.run.id)
            await self._pen.refuse(row, NotOnRecord().message)
            return
        match effect:
            case Effect.ALLOW if move.following and may_join(weighed, ()):
                await self._beside(self._fly(row, call, weighed, started), move, turn, messages)
            case Effect.ALLOW if call.tool == START_SUBAGENT:
                await self._ask_subagent(row, move, turn, messages)
            case Effect.ALLOW:
                await self._execute(row, weighed.bound, call, weighed.attached, messages, started)
            case Effect.ASK:
                raise NeedsApproval(row.approval_id)
            case Effect.DENY:
                pass  # Its refusal was saved together with the decision.

    async def _weigh_new(self, row: CallRow, call: Call, messages: Sequence[Message]) -> Weighed:
        if call.fault:
            raise DoesNotFit(fault=call.fault)
        weighed = await self._scales.weigh(call.tool, call.arguments, messages)
        row.tool_hash, row.tier = weighed.bound.tool.hash, int(weighed.bound.tool.tier)
        row.arguments, row.decision = call.arguments, weighed.decision.to_json()
        return weighed

    def _fly(self, row: CallRow, call: Call, weighed: Weighed, since: float) -> Flight:
        work = asyncio.ensure_future(self._attempt(row, weighed.bound, weighed.attached, since))
        return Flight(row, call, weighed, work)

    async def _beside(self, first: Flight, move: UseTool, turn: int, messages: Sequence[Message]) -> None:
        """Perform the reads that follow `first` in its turn beside it, up to the first call that may not join."""
        rest = iter(enumerate(move.following, move.position + 1))

        async def begin(flying: list[Weighed]) -> Flight | None:
            position, call = next(rest, (0, None))
            if call is None:
                return None
            since, row = time.monotonic(), self._pen.new_row(call, turn, position)
            try:
                weighed = await self._weigh_new(row, call, messages)
                if not may_join(weighed, flying):
                    return None
                await self._pen.decided(row, call, weighed, None)
            except Paused:
                # What is under way ends first.
                return None
            except Interrupt:
                raise
            except Exception:
                # Nothing of this is kept: the call is decided again, and refused in words, when its turn has come.
                return None
            return self._fly(row, call, weighed, since)

        async def conclude(flight: Flight, came: Result | Exception) -> None:
            weighed = flight.weighed
            await self._settle(flight.row, weighed.bound, flight.call, weighed.attached, messages, came)

        async def look() -> None:
            async with self._parts.database.transaction() as session:
                with suppress(Paused):
                    await self._pen.hold(session)

        await side_by_side(first, begin, conclude, look)

    async def _ask_subagent(self, row: CallRow, move: UseTool, turn: int, messages: Sequence[Message]) -> None:
        """Start the sub-agent of a decided call, or take its report. While it works those of the calls that follow
        work beside it, and the run parks until the last one has ended. Done twice, it is done once."""
        since = time.monotonic()
        try:
            async with self._parts.database.transaction() as session:
                bound, attached = await self._scales.find(session, row.tool, row.arguments)
        except Failure as failure:
            await self._pen.conclude(row, CallState.FAILED, Outcome(move.call.id, row.tool, failure.message, False))
            return
        came = await self._attempt(row, bound, attached, since)
        if not isinstance(came, NeedsSubagents):
            await self._settle(row, bound, move.call, attached, messages, came)
            return
        for position, call in enumerate(move.following, move.position + 1):
            if call.tool != START_SUBAGENT or not await self._start_beside(call, turn, position, messages):
                break
        if await self._pen.wait_for_subagents():
            raise came

    async def _start_beside(self, call: Call, turn: int, position: int, messages: Sequence[Message]) -> bool:
        """Start one more sub-agent, if it is allowed without asking and not too many work; say whether to go on."""
        async with self._parts.database.transaction() as session:
            if await find_call(session, self.run.id, turn, position) is not None:
                return True
            if await at_work(session, self.run.id) >= AT_ONCE:
                return False
        since, row = time.monotonic(), self._pen.new_row(call, turn, position)
        try:
            weighed = await self._weigh_new(row, call, messages)
            if weighed.decision.effect is not Effect.ALLOW:
                return False
            await self._pen.decided(row, call, weighed, None)
        except Interrupt:
            raise
        except Exception:
            # Nothing of this is kept: the call is decided again, and refused in words, when its turn has come.
            return False
        came = await self._attempt(row, weighed.bound, weighed.attached, since)
        if not isinstance(came, NeedsSubagents):
            await self._settle(row, weighed.bound, call, weighed.attached, messages, came)
        return True

    async def _after_question(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """Go on after a person was asked: nobody answered yet, denied, expired, withdrawn, or approved."""
        if not row.approval_id:
            await self._pen.wait_on(State.WAITING, row.id)
            raise NeedsAnswer
        async with self._parts.database.transaction() as session:
            verdict = await find_verdict(session, row.approval_id)
        if verdict.state == "asked":
            await self._pen.wait_on(State.NEEDS_APPROVAL, row.approval_id)
            raise NeedsApproval(row.approval_id)
        if verdict.state == "withdrawn" and verdict.reason == HANDED_OVER:
            await self._unknown(row, call, messages)  # It was tried before: whoever has the task now must decide.
            return
        if verdict.state != "approved":
            await self._not_done(row, call, why_not(verdict, again=row.attempt > 0))
            return
        started = time.monotonic()
        try:
            approval = Approval(by=verdict.by, not_self=verdict.by != self.run.person, level=verdict.level)
            weighed = await self._scales.weigh(call.tool, row.arguments, messages, approval)
            text = await self._pen.use_approval(row, weighed, verdict)
        except Failure as failure:
            text = failure.message
        if text:
            await self._not_done(row, call, f"Refused although it was approved: {text}")
            return
        await self._execute(row, weighed.bound, call, weighed.attached, messages, started)

    async def _not_done(self, row: CallRow, call: Call, text: str) -> None:
        """Conclude a call that a person was asked about and that does not happen (again)."""
        state = CallState.UNKNOWN if row.attempt > 0 else CallState.REFUSED
        await self._pen.conclude(row, state, Outcome(call.id, call.tool, text, False))

    async def _after_crash(self, row: CallRow, call: Call, messages: Sequence[Message]) -> None:
        """A worker died between intent and outcome: repeat what only reads, ask the connector, else ask the person."""
        started = time.monotonic()
        try:
            async with self._parts.database.transaction() as session:
                bound, attached = await self._scales.find(session, call.tool, row.arguments)
        except Failure as failure:
            text = f"This was interrupted, and it is not known whether it took effect. {failure.message}"
            await self._pen.conclude(row, CallState.UNKNOWN, Outcome(call.id, call.tool, text, False))
            return
        match Effected.NO if bound.merely_reads else await self._effected(row, bound, attached):
            case Effected.YES:
                text = "This took effect before the work was interrupted."
                await self._pen.conclude(row, CallState.DONE, Outcome(call.id, call.tool, text))
            case Effected.NO:
                await self._pen.again(row)
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
            await self._pen.conclude(row, state, Outcome(call.id, call.tool, text, False))
            return
        async with self._parts.database.transaction() as session:
            run = await lock_run(session, self.run.id, self.run.fence)
            row = await session.get_one(CallRow, row.id, with_for_update=True)
            row.attempt = attempt
            verb = "call.unknown" if lost else "call.account_expired"
            await self._parts.ledger.record(session, call_event(verb, row, {"tool": row.tool, "attempt": attempt}))
            await self._pen.park(session, run, row, weighed, card)
        raise NeedsApproval(row.approval_id)

    async def _execute(
        self, row: CallRow, bound: Bound, call: Call, attached: Attached, messages: Sequence[Message], since: float
    ) -> None:
        """Make the call whose intent became durable at `since`, and save what came of it."""
        came = await self._attempt(row, bound, attached, since)
        await self._settle(row, bound, call, attached, messages, came)

    async def _attempt(self, row: CallRow, bound: Bound, attached: Attached, since: float) -> Result | Exception:
        """Make the call and return what came of it, saving nothing. Superseded if the run is not ours any more."""
        await self._still_mine(since)
        try:
            with operation("execute_tool", bound.name, _facts(row, bound), expected=(Interrupt,)):
                async with asyncio.timeout(self._parts.call_seconds):
                    return await bound.connector.call(
                        bound.tool.name, row.arguments, self._scales.access(row, bound, attached)
                    )
        except Exception as error:
            return error

    async def _settle(
        self, row: CallRow, bound: Bound, call: Call, attached: Attached, messages: Sequence[Message],
        came: Result | Exception,
    ) -> None:  # fmt: skip
        """Save what came of a call, or park where only a person can say how it goes on."""
        match came:
            case Result():
                await self._take(row, bound, call, messages, came)
            case NeedsAnswer():
                await self._pen.wait_for_answer(row)
                raise came
            case NeedsSubagents():  # One that a person was asked about.
                if await self._pen.wait_for_subagents():
                    raise came
            case Interrupt():
                raise came
            case OutcomeUnknown() if not bound.merely_reads:
                await self._in_doubt(row, bound, call, attached, messages, surely=True)
            case AccountExpired():
                await self._reconnect(row, call, messages)
            case Failure():
                said, rule = Outcome(call.id, call.tool, came.message, False), str(getattr(came, "rule", ""))
                await self._pen.conclude(row, CallState.FAILED, said, rule=rule)
            case _:
                log.error("tool failed", tool=bound.name, error=type(came).__name__, run=self.run.id)
                late = isinstance(came, TimeoutError)
                if not bound.merely_reads:
                    await self._in_doubt(row, bound, call, attached, messages, surely=not late)
                    return
                text = "The tool did not answer in time." if late else "The tool failed in an unexpected way."
                await self._pen.conclude(row, CallState.FAILED, Outcome(call.id, call.tool, text, False))

    async def _take(
        self, row: CallRow, bound: Bound, call: Call, messages: Sequence[Message], came: Result
    ) -> None:  # fmt: skip
        """Save what a call gave, unless what it read is above the class that may reach the model: then only why."""
        read = await judge_read(self.run, bound, row.arguments, messages, came, self._parts)
        if read.refused is None:
            outcome = Outcome(call.id, call.tool, came.text, True, came.data)
            await self._pen.conclude(row, CallState.DONE, outcome, read.label)
        else:
            await self._pen.withhold(row, Outcome(call.id, call.tool, read.words, False), read)

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
                await self._pen.conclude(row, CallState.DONE, Outcome(call.id, call.tool, text))
            case Effected.NO if surely:
                text = "The tool failed in the middle; nothing was changed."
                await self._pen.conclude(row, CallState.FAILED, Outcome(call.id, call.tool, text, False))
            case _:
                await self._unknown(row, call, messages)


def _facts(row: CallRow, bound: Bound) -> dict[str, str]:
    """Return what is traced of a call: names and ids."""
    tier = bound.tool.tier.name.lower()
    return {"gen_ai.tool.name": bound.name, "gen_ai.tool.call.id": row.id, "colleague.tier": tier}
