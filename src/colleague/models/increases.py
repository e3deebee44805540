"""When a ceiling is reached: a person asks for more this month, an administrator grants or denies it, on record."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import who_may
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.kit.seen import says
from colleague.models.ceilings import LIMIT, standings
from colleague.models.tables import IncreaseRow
from colleague.models.usage import month_of

Tell = Callable[..., Awaitable[str]]


class BadIncrease(Invalid):
    """Say how much more is needed this month (an amount above 0), and why (at most 1,000 characters)."""


class NothingToIncrease(Invalid):
    """No such ceiling applies to you."""


class AskedAlready(Conflict):
    """You have asked for this already: an administrator will answer."""


class NoSuchIncrease(NotFound):
    """There is no such request."""


class AnsweredAlready(Conflict):
    """This request has been answered already."""


async def ask_increase(
    session: Session, actor: Actor, scope: str, subject: str, micros: int, reason: str, *, tell: Tell, ledger: Ledger,
    clock: Clock,
) -> str:  # fmt: skip
    """Ask for more under a ceiling that applies to oneself, for this month; administrators are told. Returns its id.

    Raises BadIncrease, NothingToIncrease, AskedAlready.
    """
    actor.require("own:tasks:use")
    reason = " ".join(reason.replace("\x00", "").split())
    if not 0 < micros <= LIMIT or not says(reason) or len(reason) > 1000:
        raise BadIncrease
    mine = await standings(session, actor.id, actor.teams, clock=clock)
    if not any(s.scope == scope and s.subject == subject for s in mine):
        raise NothingToIncrease
    month = month_of(clock.now())
    open_ = select(IncreaseRow.id).where(
        IncreaseRow.asked_by == actor.id, IncreaseRow.scope == scope, IncreaseRow.subject == subject,
        IncreaseRow.state == "asked", IncreaseRow.month == month,
    )  # fmt: skip
    if await session.scalar(open_):
        raise AskedAlready
    row = IncreaseRow(
        id=new_id("increase"), scope=scope, subject=subject, month=month, micros=micros, reason=reason, state="asked",
        asked_by=actor.id, asked_at=clock.now(), answered_by=None, answered_at=None, note="",
    )  # fmt: skip
    session.add(row)
    await session.flush()
    facts = {"scope": scope, "micros": micros, "month": month}
    await ledger.record(session, Event("model_increase.asked", actor.id, subject=row.id, data=facts))
    for administrator in await who_may(session, "org:models:manage"):
        title = f"{actor.name} asks for {micros / 1_000_000:.2f} US dollars more this month"
        await tell(session, administrator.id, title[:200], reason, "/usage#increases")
    return row.id


async def answer_increase(
    session: Session, actor: Actor, increase_id: str, *, grant: bool, note: str = "", tell: Tell, ledger: Ledger,
    clock: Clock,
) -> None:  # fmt: skip
    """Grant or deny a request, once; the person is told. Raises NoSuchIncrease, AnsweredAlready."""
    actor.require("org:models:manage")
    row = await session.get(IncreaseRow, increase_id, with_for_update=True)
    if row is None:
        raise NoSuchIncrease
    if row.state != "asked":
        raise AnsweredAlready
    row.state = "granted" if grant else "denied"
    row.answered_by, row.answered_at = actor.id, clock.now()
    row.note = " ".join(note.replace("\x00", "").split())[:1000]
    facts = {"scope": row.scope, "micros": row.micros, "month": row.month}
    verb = "model_increase.granted" if grant else "model_increase.denied"
    await ledger.record(session, Event(verb, actor.id, subject=row.id, person=row.asked_by, data=facts))
    title = f"{'Granted' if grant else 'Denied'}: {row.micros / 1_000_000:.2f} US dollars more in {row.month}"
    await tell(session, row.asked_by, title, row.note or f"Answered by {actor.name}.", "/usage")


async def list_increases(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[IncreaseRow]:
    """Return requests, newest first: all for those who answer them, else one's own."""
    query = select(IncreaseRow).order_by(IncreaseRow.id.desc()).limit(limit)
    if not actor.may("org:models:read"):
        query = query.where(IncreaseRow.asked_by == actor.id)
    return (await session.scalars(query)).all()
