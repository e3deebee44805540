"""Notices on the page itself: the bell. Always on, needs nothing to be set up."""

from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select, update

from colleague.channels.channel import Notice
from colleague.channels.tables import NoticeRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import new_id


class BadNotice(Invalid):
    """A notice has a title of at most 200 characters, a text of at most 2,000, and a link that is a path from here."""


class NoSuchNotice(NotFound):
    """There is no such notice."""


async def post(session: Session, person_id: str, title: str, text: str, link: str, *, clock: Clock) -> Notice:
    """Put a notice under a person's bell; BadNotice if it is too long or its link leads elsewhere."""
    leads_away = link != "" and (not link.startswith("/") or link.startswith("//") or "\\" in link)
    if not title.strip() or len(title) > 200 or len(text) > 2000 or len(link) > 500 or leads_away:
        raise BadNotice
    row = NoticeRow(
        id=new_id("notice"), person_id=person_id, title=" ".join(title.split()), text=text, link=link,
        created_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await notify(session, f"person:{person_id}")
    return _notice(row)


async def list_notices(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[Notice]:
    """Return the actor's newest notices."""
    query = select(NoticeRow).where(NoticeRow.person_id == actor.id).order_by(NoticeRow.id.desc()).limit(limit)
    return [_notice(row) for row in await session.scalars(query)]


async def count_unseen(session: Session, actor: Actor) -> int:
    """Return how many notices the actor has not seen: the number at the bell."""
    query = select(func.count()).where(NoticeRow.person_id == actor.id, NoticeRow.seen_at.is_(None))
    return await session.scalar(query) or 0


async def see_notice(session: Session, actor: Actor, notice_id: str, *, clock: Clock) -> Notice:
    """Mark one of the actor's notices as seen and return it; NoSuchNotice for somebody else's."""
    row = await session.get(NoticeRow, notice_id)
    if row is None or row.person_id != actor.id:
        raise NoSuchNotice
    row.seen_at = row.seen_at or clock.now()
    await notify(session, f"person:{actor.id}")
    return _notice(row)


async def see_all(session: Session, actor: Actor, *, clock: Clock) -> None:
    """Mark every notice of the actor as seen."""
    unseen = (NoticeRow.person_id == actor.id, NoticeRow.seen_at.is_(None))
    await session.execute(update(NoticeRow).where(*unseen).values(seen_at=clock.now()))
    await notify(session, f"person:{actor.id}")


async def forget_notices(session: Session, links: Sequence[str]) -> None:
    """Delete every notice that leads to one of these pages or below, whosever it is; its deliveries go with it."""
    there = or_(*(or_(NoticeRow.link == at, NoticeRow.link.startswith(f"{at}/", autoescape=True)) for at in links))
    people = set(await session.scalars(delete(NoticeRow).where(there).returning(NoticeRow.person_id)))
    for person in sorted(people):
        await notify(session, f"person:{person}")


def _notice(row: NoticeRow) -> Notice:
    return Notice(row.id, row.person_id, row.title, row.text, row.link, row.created_at, row.seen_at is not None)
