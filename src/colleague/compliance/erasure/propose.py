"""Propose, confirm and withdraw the erasure of a person: two people, a reason, and a digest of exactly what goes.

From the confirmation on nobody comes back: the record names nobody, the key of its fields is destroyed, and the rest
is carried out by a job that may be killed and goes on.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, text

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.compliance.erasure.obstacles import check_free, obstacles
from colleague.compliance.erasure.tables import ErasureRow
from colleague.compliance.look import Look, look_at
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person, who_may
from colleague.identity.erased.bury import bury, closed_record, is_shared, known_by
from colleague.identity.people import OwnersOnly
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.kit.queue import Job, enqueue
from colleague.kit.secrets import Secrets
from colleague.rollout.second import makers

LIFE: Final = timedelta(days=30)
CARRY_OUT: Final = "compliance.erase"
_PERMISSION: Final = "org:people:erase"


class BadReason(Invalid):
    """Say in 10 to 500 characters why this person is erased, such as «asked for it in writing on 3 May»."""


class NotYourself(Forbidden):
    """Nobody proposes or confirms their own erasure: ask somebody who may erase people."""


class InTheWay(Conflict):
    """This person cannot be erased yet. {why}"""


class NobodyElse(Conflict):
    """Nobody but you could confirm this: first give a second person a role that may erase people (owner or
    administrator)."""


class ProposedAlready(Conflict):
    """The erasure of this person is proposed already: confirm it, or withdraw it first."""


class NoSuchErasure(NotFound):
    """There is no such proposal, or it was confirmed, withdrawn or has expired."""


class NotYourOwn(Forbidden):
    """You proposed this yourself: another person has to confirm it."""


class MadeByProposer(Forbidden):
    """Who proposed this made your account, so you are no second person: an owner confirms it, or somebody else
    proposes it."""


class LookAgain(Conflict):
    """What would go is no longer what was proposed, or not what you were shown: withdraw this and propose it anew."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure as it stands. `certificate`: the signed text, "" until it is done."""

    id: str
    person: str
    state: str
    reason: str
    goes: dict[str, Any]
    digest: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    done_at: datetime | None
    certificate: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, without the certificate."""
        return {
            "id": self.id, "person": self.person, "state": self.state, "reason": self.reason, **self.goes,
            "digest": self.digest, "proposed_by": self.proposed_by, "proposed_at": self.proposed_at.isoformat(),
            "expires_at": self.expires_at.isoformat(), "confirmed_by": self.confirmed_by,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
            "done_at": self.done_at.isoformat() if self.done_at else None,
        }  # fmt: skip


async def propose(
    session: Session, actor: Actor, person_id: str, reason: str, *, ledger: Ledger, clock: Clock
) -> Erasure:
    """Propose to erase a person who is deactivated, and return what waits for somebody else.

    Raises BadReason, NotYourself, NoSuchPerson, PersonErased, StillActive, NobodyOwns, OwnersOnly, KeptByHold,
    InTheWay, NobodyElse, ProposedAlready.
    """
    actor.require(_PERMISSION)
    actor.require_presence()
    reason = " ".join(reason.split())
    if not 10 <= len(reason) <= 500 or not reason.isprintable():
        raise BadReason
    seen = await _check(session, actor, person_id)
    if not await _has_second(session, actor, person_id):
        raise NobodyElse
    now = clock.now()
    open_ = await find_erasure(session, person_id, lock=True)
    if open_ is not None and open_.state == "proposed" and open_.expires_at <= now:
        open_.state = "withdrawn"
        await session.flush()
    elif open_ is not None and open_.state in ("proposed", "confirmed"):
        raise ProposedAlready
    row = ErasureRow(
        id=new_id("erasure"), person_id=person_id, state="proposed", reason=reason, goes=seen.to_json(),
        digest=seen.digest, proposed_by=actor.id, proposed_at=now, expires_at=now + LIFE, counts={},
    )  # fmt: skip
    session.add(row)
    await session.flush()
    facts = {"digest": row.digest, **row.goes}
    event = Event("erasure.proposed", actor.id, subject=row.id, person=person_id, data=facts)
    await ledger.record(session, event)
    return _value(row)


async def confirm(
    session: Session, actor: Actor, person_id: str, seen: str, *, ledger: Ledger, clock: Clock, secrets: Secrets
) -> Erasure:
    """Confirm what somebody else proposed; `seen` is its digest as it was shown. It cannot be undone.

    Raises NoSuchErasure, NotYourOwn, MadeByProposer, NotYourself, LookAgain, and what `propose` raises of the person.
    """
    actor.require(_PERMISSION)
    actor.require_presence()
    row = await _proposed(session, person_id, clock)
    if row.proposed_by == actor.id:
        raise NotYourOwn
    if not actor.may("org:roles:own") and row.proposed_by in await makers(session, actor.id):
        raise MadeByProposer
    now_seen = await _check(session, actor, person_id)
    still = {person.id for person in await who_may(session, _PERMISSION)}
    if seen != row.digest or now_seen.digest != row.digest or row.proposed_by not in still:
        raise LookAgain
    words = await _words(session, person_id)
    row.sealed = secrets.seal(json.dumps(words), context=f"erasure:{row.id}")
    row.state, row.confirmed_by, row.confirmed_at = "confirmed", actor.id, clock.now()
    facts = {"digest": row.digest, "proposed_by": row.proposed_by}
    await ledger.record(session, Event("erasure.confirmed", actor.id, subject=row.id, person=person_id, data=facts))
    await bury(session, actor, person_id, ledger=ledger, clock=clock)
    await enqueue(session, Job(CARRY_OUT, {"erasure": row.id}, key=f"{CARRY_OUT}:{row.id}"))
    return _value(row)


async def withdraw(session: Session, actor: Actor, person_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Take a proposal back: anybody who may erase people. Raises NoSuchErasure."""
    actor.require(_PERMISSION)
    row = await _proposed(session, person_id, clock)
    row.state = "withdrawn"
    await ledger.record(session, Event("erasure.withdrawn", actor.id, subject=row.id, person=person_id))


async def show(session: Session, actor: Actor, person_id: str) -> Erasure | None:
    """Return the newest erasure of a person that was not withdrawn; None if there is none."""
    actor.require(_PERMISSION)
    row = await find_erasure(session, person_id)
    return _value(row) if row is not None and row.state != "withdrawn" else None


async def stands_in_the_way(session: Session, actor: Actor, person_id: str) -> list[str]:
    """Return why a person cannot be erased at present, in sentences; nothing if they can be. Raises NoSuchPerson."""
    actor.require(_PERMISSION)
    found = []
    for check in (closed_record, check_free):
        try:
            await check(session, person_id)
        except Conflict as why:
            found.append(why.message)
    open_ = await find_erasure(session, person_id)
    if (open_ is None or open_.state != "proposed") and not await _has_second(session, actor, person_id):
        found.append(NobodyElse().message)
    return [*found, *await obstacles(session, person_id)]


async def _has_second(session: Session, actor: Actor, person_id: str) -> bool:
    """Say whether somebody beside `actor` may confirm the erasure of a person."""
    return any(person.id not in (actor.id, person_id) for person in await who_may(session, _PERMISSION))


async def find_erasure(session: Session, person_id: str, *, lock: bool = False) -> ErasureRow | None:
    """Return the row of the newest erasure of a person."""
    query = select(ErasureRow).where(ErasureRow.person_id == person_id).order_by(ErasureRow.id.desc()).limit(1)
    query = query.with_for_update() if lock else query
    return await session.scalar(query.execution_options(populate_existing=True))


async def _proposed(session: Session, person_id: str, clock: Clock) -> ErasureRow:
    row = await find_erasure(session, person_id, lock=True) if is_id(person_id) else None
    if row is None or row.state != "proposed" or row.expires_at <= clock.now():
        raise NoSuchErasure
    return row


async def _check(session: Session, actor: Actor, person_id: str) -> Look:
    """Return what would go, with the person's record held; raises whatever stands in the way."""
    if person_id == actor.id:
        raise NotYourself
    await closed_record(session, person_id, lock=True)
    if "owner" in (await get_person(session, person_id)).roles and not actor.may("org:roles:own"):
        raise OwnersOnly
    await check_free(session, person_id)
    if found := await obstacles(session, person_id):
        raise InTheWay(why=" ".join(found))
    return await look_at(session, person_id)


async def _words(session: Session, person_id: str) -> list[str]:
    """Return the words that name the person and nobody else: addresses, numbers, and their full name."""
    known = await known_by(session, person_id)
    query = text("SELECT address FROM channel_addresses WHERE person_id = :person")
    words = {*known.marks, *(await session.scalars(query, {"person": person_id}))}
    if " " in known.name and not await is_shared(session, known.name, person_id):
        words.add(known.name)
    return sorted(words)


def _value(row: ErasureRow) -> Erasure:
    return Erasure(
        row.id, row.person_id, row.state, row.reason, row.goes, row.digest, row.proposed_by, row.proposed_at,
        row.expires_at, row.confirmed_by or "", row.confirmed_at, row.done_at, row.certificate,
    )  # fmt: skip
