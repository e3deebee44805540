"""The sponsor's reason: who is a poor choice for a pilot gets a seat in it only with one, which stays on record (PP-3).

It is asked from the day on which the programme names its sponsor until gate 1 is passed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of, titles_of
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.warn import warnings
from colleague.identity.tables import PersonRow, SeatLimitRow, SeatReasonRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id
from colleague.kit.queue import Job, enqueue
from colleague.kit.seen import says

SHORTEST: Final = 10
LONGEST: Final = 600
TELL_LEAD: Final = "seats.reason_asked"
TELL_SPONSOR: Final = "seats.reason_written"


class SponsorReasonNeeded(Conflict):
    """{name} would be in the pilot, which is warned of them. {warnings} Ask the sponsor of the programme, and write
    their reason with it, or before it on the page of the person (People)."""


class BadReason(Invalid):
    """The sponsor's reason is one line of ten to 600 printable characters."""


class NoReasonAsked(Conflict):
    """No reason is asked: the programme names no sponsor yet, its pilot is over, or the person is the sponsor."""


class NobodyThere(NotFound):
    """There is no such person."""


def may_give(actor: Actor) -> bool:
    """Say whether an actor may give seats: who looks after people, or leads the programme."""
    return actor.may("org:people:manage") or actor.may("org:programme:manage")


async def pilots_sponsor(session: Session) -> str:
    """Return whose reason is asked (a person's id); "" where none is: no sponsor is named, or gate 1 is passed."""
    row = await session.get(SeatLimitRow, 1, populate_existing=True)
    return (row.sponsor_id or "") if row else ""


async def reasons_missing(
    session: Session, people: list[PersonRow], *, sponsor: str = ""
) -> dict[str, tuple[str, ...]]:  # fmt: skip
    """Return what the pilot is warned of in each of `people` for whom the sponsor gave no reason, by id.

    `sponsor`: whose reason counts; "" means the sponsor whom the seats know.
    """
    sponsor = sponsor or await pilots_sponsor(session)
    if not sponsor:
        return {}
    ids = [row.id for row in people]
    titles = await titles_of(session, ids)
    given = select(SeatReasonRow.person_id).where(
        SeatReasonRow.person_id.in_(ids), SeatReasonRow.sponsor_id == sponsor
    )  # fmt: skip
    fine = {sponsor, *await session.scalars(given)}
    found = {row.id: warnings(row.department, titles.get(row.id, "")) for row in people if row.id not in fine}
    return {person: why for person, why in found.items() if why}


async def check_reason(session: Session, row: PersonRow) -> None:
    """Raise SponsorReasonNeeded where a person is warned of and the sponsor gave no reason for them."""
    if found := await reasons_missing(session, [row]):
        raise SponsorReasonNeeded(name=row.name, warnings=" ".join(found[row.id]))


@dataclass(frozen=True, slots=True)
class Warned:
    """Somebody with a seat in the pilot, which is warned of them, for whom the sponsor gave no reason yet."""

    person: str
    name: str
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


async def seated_without_reason(session: Session, sponsor: str = "") -> list[Warned]:
    """Return the people with a seat whom a pilot is warned of, and for whom `sponsor` gave no reason, by name.

    `sponsor`: "" means the sponsor whom the seats know; nobody is returned once gate 1 is passed.
    """
    sponsor = sponsor or await pilots_sponsor(session)
    if not sponsor:
        return []
    rows = list(await session.scalars(select(PersonRow).where(PersonRow.active)))
    missing = await reasons_missing(session, rows, sponsor=sponsor)
    found = [Warned(row.id, row.name, missing[row.id]) for row in rows if row.id in missing]
    return sorted(found, key=lambda one: (one.name.casefold(), one.person))


async def ask_if_moved(
    session: Session, actor: Actor, row: PersonRow, before: Mapping[str, Sequence[str]], *, ledger: Ledger
) -> None:
    """Ask for the sponsor's reason where an identity provider moved somebody with a seat to work that the pilot is
    warned of: put that on record, and let the lead be told. The seat stays, and the question is open until answered.

    `before`: what `reasons_missing` said of them before they were moved.
    """
    if not row.active or row.id in before or row.id not in await reasons_missing(session, [row]):
        return
    await ledger.record(session, Event("seat.reason_asked", actor.id, subject=row.id, person=row.id))
    await enqueue(session, Job(TELL_LEAD, {"person": row.id}, key=f"{TELL_LEAD}:{row.id}"))


@dataclass(frozen=True, slots=True)
class OfThePilot:
    """What the pilot says of a person. `asked`: its sponsor's name, "" where no reason is asked; `warnings`: why they
    are a poor choice; `reason`: what a sponsor (`by`) said for them, as `writer` wrote it down, "" for the sponsor
    themselves; `unchosen`: it runs, and nobody chose them."""

    asked: str = ""
    warnings: tuple[str, ...] = ()
    reason: str = ""
    by: str = ""
    writer: str = ""
    unchosen: bool = False


async def of_the_pilot(session: Session, person: str) -> OfThePilot:
    """Return what the pilot says of a person: read by who gives seats."""
    row = await session.get(PersonRow, person, populate_existing=True) if is_id(person) else None
    if row is None:
        return OfThePilot()
    sponsor = await pilots_sponsor(session)
    kept = await session.get(SeatReasonRow, row.id, populate_existing=True)
    giver, writer = (kept.sponsor_id, kept.by) if kept else ("", "")
    names = await names_of(session, [one for one in (sponsor, giver, writer) if one])
    found = warnings(row.department, (await titles_of(session, [row.id])).get(row.id, ""))
    asked = names.get(sponsor, "") if sponsor != row.id else ""
    return OfThePilot(
        asked, found, kept.reason if kept else "", names.get(giver, ""), _other(writer, giver, names),
        bool(await unchosen(session, [row.id])),
    )  # fmt: skip


async def writers_of(session: Session, people: Sequence[str]) -> dict[str, str]:
    """Return by a person's id who wrote down the sponsor's reason for them (a name), where it was not the sponsor."""
    rows = list(await session.scalars(select(SeatReasonRow).where(SeatReasonRow.person_id.in_(people))))
    names = await names_of(session, {row.by for row in rows})
    return {row.person_id: _other(row.by, row.sponsor_id, names) for row in rows}


def _other(writer: str, giver: str, names: Mapping[str, str]) -> str:
    return "" if writer == giver else names.get(writer, "somebody")


async def written_since(session: Session, person: str, since: datetime) -> SeatReasonRow | None:
    """Return the reason for a person that somebody else than the sponsor wrote down since then; None without one."""
    query = select(SeatReasonRow).where(
        SeatReasonRow.person_id == person, SeatReasonRow.at > since, SeatReasonRow.by != SeatReasonRow.sponsor_id
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def keep_reason(
    session: Session, actor: Actor, person: str, reason: str, *, sponsor: str = "", ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Write down why somebody has a seat in the pilot although it is warned of them: the sponsor's words. Who wrote
    them stays with them, and the sponsor is told where it was somebody else.

    `sponsor`: who gave it; "" means the sponsor of the programme. Raises BadReason, NoReasonAsked, NobodyThere,
    PermissionMissing.
    """
    if not may_give(actor):
        actor.require("org:people:manage")
    row = await session.get(PersonRow, person) if is_id(person) else None
    if row is None:
        raise NobodyThere
    reason, given_by = " ".join(reason.split()), sponsor or await pilots_sponsor(session)
    if not (says(reason, SHORTEST) and len(reason) <= LONGEST and reason.isprintable()):
        raise BadReason
    if not given_by or given_by == row.id:
        raise NoReasonAsked
    values = {"sponsor_id": given_by, "reason": reason, "by": actor.id, "at": clock.now()}
    kept = insert(SeatReasonRow).values(person_id=row.id, **values)
    await session.execute(kept.on_conflict_do_update(index_elements=["person_id"], set_=values))
    event = Event(
        "seat.reason_given", actor.id, subject=row.id, person=row.id, data={"sponsor": given_by},
        personal={"reason": reason},
    )  # fmt: skip
    await ledger.record(session, event)
    if actor.id != given_by:
        await enqueue(session, Job(TELL_SPONSOR, {"person": row.id}, key=f"{TELL_SPONSOR}:{row.id}:{clock.now()}"))
