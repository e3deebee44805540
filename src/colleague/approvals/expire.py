"""Questions that nobody answers: told, reminded of, put to a deputy, escalated, and ended as expired.

Never denied in silence, never approved by time.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from colleague.approvals.answer import NEEDS, WHO, go_on
from colleague.approvals.model import SECONDS
from colleague.approvals.seconds import DEPUTY, deputies_of
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.directory import get_person, is_active, manager_of, who_may
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session

REMIND_AFTER, REMIND_EVERY = timedelta(hours=1), timedelta(hours=24)
DELEGATE_AFTER, ESCALATE_AFTER = timedelta(hours=4), timedelta(hours=24)

Remind = Callable[[Session, str, str, str, str], Awaitable[object]]


async def expire(database: Database, *, tell: Remind, ledger: Ledger, clock: Clock) -> int:
    """End every open question whose time is over; its run goes on and is told so, and so is its requester. How many."""
    count = 0
    async with database.transaction() as session:
        query = select(ApprovalRow).where(ApprovalRow.state == "asked", ApprovalRow.expires_at <= clock.now())
        for row in (await session.scalars(query.limit(200).with_for_update(skip_locked=True))).all():
            row.state, row.answered_at = "expired", clock.now()
            event = Event("approval.expired", "system", subject=row.id, run=row.run_id, data={"tool": row.tool})
            await ledger.record(session, event)
            if (await get_person(session, row.requester_id)).active:
                text = f"Nobody answered «{row.title}» in time. It was not done and not denied: the task can ask again."
                await tell(session, row.requester_id, "A question has expired", text, f"/approvals/{row.id}")
            await go_on(session, row)
            count += 1
    return count


async def remind(database: Database, *, tell: Remind, ledger: Ledger, clock: Clock) -> int:
    """Tell those who may answer an open question that it waits, and remind them: after an hour, then once a day.

    After four hours the requester's deputies are asked too. After a day it is escalated once: the requester's manager,
    and a requester who waits for others, are told. `tell(session, person, title, text, link)` delivers durably, in the
    same transaction. Returns how many questions were spoken of.
    """
    count, now = 0, clock.now()
    hour = ApprovalRow.asked_at + REMIND_AFTER
    async with database.transaction() as session:
        query = select(ApprovalRow).where(
            ApprovalRow.state == "asked",
            ApprovalRow.expires_at > now,
            (ApprovalRow.reminded_at.is_(None) & (func.coalesce(ApprovalRow.tell_at, ApprovalRow.asked_at) <= now))
            | ((hour <= now) & (ApprovalRow.reminded_at < hour))
            | (ApprovalRow.reminded_at <= now - REMIND_EVERY)
            | (~ApprovalRow.delegated & (ApprovalRow.asked_at <= now - DELEGATE_AFTER)),
        )
        for row in (await session.scalars(query.limit(200).with_for_update(skip_locked=True))).all():
            verb = await _speak(session, row, now, tell)
            await ledger.record(session, Event(verb, "system", subject=row.id, run=row.run_id))
            count += 1
    return count


async def _speak(session: Session, row: ApprovalRow, now: datetime, tell: Remind) -> str:
    """Tell whom it concerns at this stage; return what that is called in the ledger."""
    before = row.reminded_at
    late = now >= row.asked_at + ESCALATE_AFTER > (before or row.asked_at)
    told: dict[str, tuple[str, str]] = {}
    if not row.delegated and now >= row.asked_at + DELEGATE_AFTER:
        row.delegated = True
        told = await _deputies(session, row, now)
    spoken = before is None or now >= before + REMIND_EVERY or before < row.asked_at + REMIND_AFTER <= now
    if spoken or late:
        row.reminded_at = now
        told = {person: (title, text) for person, title, text in await _whom(session, row, escalate=late)} | told
    for person, (title, text) in told.items():
        await tell(session, person, title, text, f"/approvals/{row.id}")
    if late:
        return "approval.escalated"
    if before is None:
        return "approval.told"
    return "approval.reminded" if spoken else "approval.delegated"


async def _deputies(session: Session, row: ApprovalRow, now: datetime) -> dict[str, tuple[str, str]]:
    """Ask the requester's deputies too, where the requester or a second person is asked; return whom to tell what."""
    if row.approver not in ("user", "other"):
        return {}
    deputies = [one.deputy_id for one in await deputies_of(session, row.requester_id, now=now)]
    row.also = dict.fromkeys(deputies, DEPUTY) | row.also
    name = (await get_person(session, row.requester_id)).name
    text = f"{name} has not answered for some hours, and you are their deputy: «{row.title}»."
    return dict.fromkeys(deputies, ("You are asked as a deputy", text))


async def _whom(session: Session, row: ApprovalRow, *, escalate: bool) -> list[tuple[str, str, str]]:
    """Return (person, title, text) of each notice: who may answer, and at an escalation who should know."""
    requester = await get_person(session, row.requester_id)
    told: dict[str, tuple[str, str]] = {}
    match row.approver:
        case "reviewer" | "administrator":
            for holder in await who_may(session, NEEDS[row.approver], "own:approvals:answer"):
                told[holder.id] = ("A task waits for your answer", f"«{row.title}» needs your approval.")
            told.pop(requester.id, None)
        case "other":
            seconds = [person for person, part in row.also.items() if part in SECONDS]
            if not seconds:
                seconds = [one.id for one in await who_may(session, NEEDS["administrator"], "own:approvals:answer")]
            for second in seconds:
                if await is_active(session, second):
                    told[second] = ("A second person is asked for", f"«{row.title}» of {requester.name} needs you too.")
            text = f"«{row.title}» needs a second person; they are told. You may send one of them this page."
            told[requester.id] = ("A task waits for a second person", text)
        case _:
            told[requester.id] = ("A task waits for your answer", f"«{row.title}» needs your approval.")
    if escalate:
        text = f"«{row.title}» has waited for {WHO.get(row.approver, row.approver)} since yesterday."
        told.setdefault(requester.id, ("A task still waits", text))
        manager = await manager_of(session, requester.id)
        if manager:
            words = f"A task of {requester.name} has waited for an answer since yesterday: «{row.title}»."
            told.setdefault(manager, ("A task in your team still waits", words))
    if not requester.active:
        told.pop(requester.id, None)
    return [(person, *words) for person, words in told.items()]
