"""What is asked of a person, and single cards: the reading side."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, false, func, or_, select

from colleague.approvals.answer import ApprovalNotFound, may_see
from colleague.approvals.model import SECONDS, STAND_INS, Card, State
from colleague.approvals.tables import ApprovalRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.kit.ids import is_id
from colleague.policy.model import Tier


def _card(row: ApprovalRow, names: dict[str, str]) -> Card:
    state: State = row.state  # type: ignore[assignment]
    return Card(
        row.id, row.run_id, row.requester_id, names.get(row.requester_id, "somebody"), row.approver, row.tool,
        row.title, Tier(row.tier).name.lower(), row.digest, row.preview, row.why, state, row.asked_at, row.expires_at,
        row.answered_at, names.get(row.answered_by or "", ""), row.reason, row.also,
    )  # fmt: skip


async def _cards(session: Session, rows: Sequence[ApprovalRow]) -> list[Card]:
    names = await names_of(session, {p for r in rows for p in (r.requester_id, r.answered_by)})
    return [_card(row, names) for row in rows]


async def find_cards(session: Session, ids: Iterable[str]) -> dict[str, Card]:
    """Return cards by id, for a page whose reader may see the task."""
    rows = (await session.scalars(select(ApprovalRow).where(ApprovalRow.id.in_(list(ids))))).all()
    return {card.id: card for card in await _cards(session, rows)}


async def get_card(session: Session, actor: Actor, approval_id: str) -> Card:
    """Return one card for its requester, for who may answer it, and for who sees all tasks; else ApprovalNotFound."""
    row = await session.get(ApprovalRow, approval_id, populate_existing=True) if is_id(approval_id) else None
    if row is None or not may_see(actor, row):
        raise ApprovalNotFound
    return (await _cards(session, [row]))[0]


async def list_inbox(session: Session, actor: Actor, *, open_only: bool = True, limit: int = 100) -> list[Card]:
    """Return the questions that `actor` may answer, oldest first; with `open_only` False also what was answered."""
    query = select(ApprovalRow).where(_for(actor))
    if open_only:
        query = query.where(ApprovalRow.state == "asked").order_by(ApprovalRow.asked_at)
    else:
        query = query.where(ApprovalRow.state != "asked").order_by(ApprovalRow.asked_at.desc())
    return await _cards(session, (await session.scalars(query.limit(limit))).all())


def _for(actor: Actor) -> ColumnElement[bool]:
    """Return what `may_answer` says, as a condition."""
    if not actor.may("own:approvals:answer"):
        return false()
    mine = ApprovalRow.requester_id == actor.id
    part = func.coalesce(ApprovalRow.also[actor.id].astext, "")
    stands_in = (ApprovalRow.approver == "user") & part.in_(STAND_INS)
    kinds = [mine & (ApprovalRow.approver == "user"), stands_in]
    mine = mine | (part == "driver")
    second = ~mine & (ApprovalRow.approver == "other")
    kinds += [second if actor.may("org:policy:manage") else second & part.in_(SECONDS)]
    kinds += [~mine & (ApprovalRow.approver == "reviewer")] if actor.may("org:outputs:review") else []
    kinds += [~mine & (ApprovalRow.approver == "administrator")] if actor.may("org:policy:manage") else []
    return or_(*kinds)


async def count_open(session: Session, actor: Actor) -> int:
    """Return how many questions wait for `actor` to answer: the length of their inbox."""
    query = select(func.count()).select_from(ApprovalRow).where(_for(actor), ApprovalRow.state == "asked")
    return (await session.scalar(query)) or 0
