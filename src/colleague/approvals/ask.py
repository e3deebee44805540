"""Ask a person about one call, bound by a digest to exactly what will happen. What waits holds nothing but a row."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import and_, delete, or_, select

from colleague.approvals.seconds import others_for
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Preview
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.ids import new_id
from colleague.kit.queue import Job, enqueue
from colleague.policy.model import Decision, Doubt, Label, Tier

LIFE, AT_DESK = timedelta(days=7), timedelta(minutes=5)
LOOK = "approvals.look_now"
HANDED_OVER = "the task was handed over to somebody else"


async def ask(
    session: Session, *, run: str, call: str, requester: str, tool: str, title: str, tier: Tier, digest: str,
    preview: Preview, decision: Decision, doubts: Sequence[Doubt], external: Sequence[str], label: Label, then: Job,
    ledger: Ledger, clock: Clock, away: bool = False,
) -> str:  # fmt: skip
    """Put a question, in the caller's transaction, and return its id.

    `digest` binds tool, arguments, place, run and policy; `then` is enqueued when the question is answered or expires.
    Whoever may answer is told after five minutes, which is when somebody at their desk would have seen it; at once if
    the requester is `away` from it.
    """
    now = clock.now()
    why = {
        **decision.to_json(),
        "doubts": [
            {"argument": d.argument, "value": d.value, "role": d.role.value, "found_in": d.found_in, "odd": d.odd}
            for d in doubts
        ],
        "external": list(external),
        "label": label.to_json(),
    }
    row = ApprovalRow(
        id=new_id("ask"), run_id=run, call_id=call, requester_id=requester, approver=decision.approver, tool=tool,
        title=title, tier=int(tier), digest=digest, preview=asdict(preview), why=why, state="asked",
        then={"task": then.task, "args": then.args, "queue": then.queue, "key": then.key, "lock": then.lock},
        asked_at=now, expires_at=now + LIFE, reason="", tell_at=now if away else now + AT_DESK,
        also=await others_for(session, run, requester, decision.approver, now=now),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    facts = {
        "call": call, "tool": tool, "tier": tier.name.lower(), "digest": digest, "approver": decision.approver,
        "rules": [r.rule for r in decision.rulings], "doubts": len(doubts), "external_recipients": len(external),
    }  # fmt: skip
    await ledger.record(session, Event("approval.asked", "agent", subject=row.id, run=run, data=facts))
    await notify(session, "approvals")
    if away:
        await enqueue(session, Job(LOOK, {}, key=LOOK))
    return row.id


async def withdraw(
    session: Session, actor: Actor, run: str, *, reason: str = "", ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Withdraw every open question of a run (it was stopped), and every approval not used yet; say how many.

    `reason` is what whoever still has the page open is told; without one, that the task was stopped.
    """
    unused = and_(ApprovalRow.state == "approved", ApprovalRow.used_at.is_(None))
    query = select(ApprovalRow).where(ApprovalRow.run_id == run, or_(ApprovalRow.state == "asked", unused))
    query = query.with_for_update().execution_options(populate_existing=True)
    rows = (await session.scalars(query)).all()
    for row in rows:
        row.state, row.answered_at, row.reason = "withdrawn", clock.now(), reason or row.reason
        await ledger.record(session, Event("approval.withdrawn", actor.id, subject=row.id, run=run))
    await notify(session, "approvals")
    return len(rows)


async def forget_questions(session: Session, runs: Sequence[str]) -> int:
    """Delete every question of these runs, with what was shown; who answered what stays in the ledger. How many."""
    gone = await session.scalars(delete(ApprovalRow).where(ApprovalRow.run_id.in_(runs)).returning(ApprovalRow.id))
    count = len(gone.all())
    await notify(session, "approvals")
    return count
