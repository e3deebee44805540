"""Who may be the second person of a move: nobody whom the first one made or named, and a sponsor only once an owner
confirmed them. Otherwise one administrator would be both (PH-1, PH-9, MI-1); nor, of two owners, one whom the other or
the same third person made one just now, nor the sealed account, or one owner would be.
"""

from datetime import timedelta
from typing import Final

from colleague.audit.event import Event
from colleague.audit.read import done_to, who_did
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import is_active
from colleague.identity.local_routes import current_mode
from colleague.identity.people import active_owners
from colleague.identity.roles import ids_that_may
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden
from colleague.rollout.model import ENTERING, Programme
from colleague.rollout.tables import MoveRow, ProgrammeRow

OWNER: Final = "org:roles:own"
_CHAIN: Final = 20
_PERSON: Final = "person_"
# For so long an owner is no second person beside who made them one: as long as the shortest pilot.
SETTLED: Final = timedelta(weeks=4)


class AnotherPerson(Forbidden):
    """Another person confirms this: {who}."""


NOT_APART: Final = (
    "somebody else. You and who {what} are not two people for it: in the last four weeks one of you made the other one"
    " an owner, or the same person made you both owners, each directly or through others; or one of you is the sealed"
    " account, which is nobody's second person"
)


class SponsorNotConfirmed(Conflict):
    """The sponsor confirms nothing yet: an owner, who neither named nor invited them, says first that they are the
    sponsor (Programme, «Who answers for it»)."""


class NotTheSponsor(Conflict):
    """Somebody else is named as the sponsor now, or this one was confirmed already: look again."""


async def makers(session: Session, person: str) -> frozenset[str]:
    """Return who made the account of a person, who made that one's, and so on, by id, as the ledger has it."""
    found: list[str] = []
    while len(found) < _CHAIN:
        maker = await who_did(session, "person.added", person)
        if not maker or maker in found:
            break
        found.append(maker)
        person = maker
    return frozenset(found)


async def owned_by(session: Session, person: str, *, clock: Clock) -> frozenset[str]:
    """Return the person with who made them an owner in the last four weeks, who made that one, and so on, by id.

    People only: whom a group of an identity provider makes an owner by its provisioning token, or the installation
    itself, nobody here did. Nor did who gives somebody the role by hand that they hold by a group already.
    """
    since, found = clock.now() - SETTLED, [person]
    while len(found) < _CHAIN:
        given = await done_to(session, "role.assigned", found[-1], since)
        by = [one.actor for one in given if one.data.get("role") == "owner" and not one.data.get("held")]
        maker = next((one for one in reversed(by) if one.startswith(_PERSON) and one not in found), "")
        if not maker:
            break
        found.append(maker)
    return frozenset(found)


async def _apart(session: Session, one: str, other: str, *, clock: Clock) -> bool:
    """Say whether two people are two: neither is the sealed account, and no owner has just made the other one.

    Nor has the same person just made both, directly or through others: who makes two aliases owners would be the first
    person by the one and the second by the other.
    """
    if (await current_mode(session)).break_glass in (one, other):
        return False
    return not (await owned_by(session, one, clock=clock) & await owned_by(session, other, clock=clock))


async def confirm_sponsor(session: Session, actor: Actor, sponsor: str, *, ledger: Ledger, clock: Clock) -> None:
    """Confirm as an owner that this person (by id, as shown) is the sponsor: from then on they confirm moves.

    Not who named them, not who made their account; in a house of one owner alone that one may, whoever made it, as
    long as somebody else named them. Raises NotTheSponsor, AnotherPerson, SignInYourself.
    """
    actor.require(OWNER)
    actor.require_presence()
    row = await session.get(ProgrammeRow, 1, with_for_update=True)
    if row is None or row.sponsor_id != sponsor or row.confirmed_by is not None:
        raise NotTheSponsor
    if why := await against_confirming(session, actor.id, row, clock=clock):
        raise AnotherPerson(who=why)
    row.confirmed_by, row.confirmed_at = actor.id, clock.now()
    await session.flush()
    facts = {"sponsor": sponsor, "named_by": row.sponsor_by}
    await ledger.record(session, Event("programme.sponsor_confirmed", actor.id, subject="programme", data=facts))


async def against_confirming(session: Session, owner: str, row: ProgrammeRow, *, clock: Clock) -> str:
    """Return who confirms the sponsor instead of this owner (by id); "" if this owner may."""
    if owner == row.sponsor_id:
        return "an owner who is not the sponsor"
    if owner == row.sponsor_by:
        return "an owner who did not name this sponsor. Is there none, somebody else names them anew"
    if not await _apart(session, owner, row.sponsor_by or "", clock=clock):
        return NOT_APART.format(what="named this sponsor")
    others = await active_owners(session) - {owner, (await current_mode(session)).break_glass}
    if others and owner in await makers(session, row.sponsor_id):
        return "an owner who did not invite this sponsor"
    return ""


async def confirmers(session: Session, *, clock: Clock) -> frozenset[str]:
    """Return the owners who may confirm the sponsor, by id; nobody where none waits for it."""
    row = await session.get(ProgrammeRow, 1, populate_existing=True)
    if row is None or row.confirmed_by is not None:
        return frozenset()
    owners = await ids_that_may(session, OWNER)
    return frozenset([one for one in owners if not await against_confirming(session, one, row, clock=clock)])


async def stands(session: Session, programme: Programme) -> bool:
    """Say whether the sponsor may confirm moves: an owner confirmed them, or they are one."""
    return bool(programme.confirmed_by) or programme.sponsor in await ids_that_may(session, OWNER)


async def may_confirm(
    session: Session, actor: Actor, row: MoveRow, programme: Programme, *, clock: Clock
) -> None:  # fmt: skip
    """Raise AnotherPerson, SponsorNotConfirmed or SignInYourself unless this actor may be the second person."""
    actor.require_presence()
    if actor.id == row.proposed_by:
        raise AnotherPerson(who="not who proposed it")
    if not await _apart(session, actor.id, row.proposed_by, clock=clock):
        raise AnotherPerson(who=NOT_APART.format(what="proposed it"))
    if row.kind == "skip":
        if not confirms(actor, row) and not accepts(actor, row, programme):
            raise AnotherPerson(who=row.waits_for)
        if accepts(actor, row, programme):
            await _independent(session, actor, row, programme)
        return
    if row.kind not in ENTERING and row.proposed_by != programme.sponsor:
        # Beyond the phase it is the sponsor who answers for it (PH-1), not whoever may everything.
        if actor.id != programme.sponsor:
            raise AnotherPerson(who="the sponsor")
        await _independent(session, actor, row, programme)
        return
    other = programme.lead if row.proposed_by == programme.sponsor and row.kind == "gate" else programme.sponsor
    if actor.id != other and not actor.may(OWNER):
        raise AnotherPerson(who="the sponsor or an owner" if other == programme.sponsor else "the lead or an owner")
    await _independent(session, actor, row, programme)


async def _independent(session: Session, actor: Actor, row: MoveRow, programme: Programme) -> None:
    """Raise unless who confirms as sponsor or lead is somebody else than who proposed in more than the name.

    An owner is: only owners make owners.
    """
    if actor.may(OWNER):
        return
    if row.proposed_by in await makers(session, actor.id):
        raise AnotherPerson(who="who proposed it made this account. Somebody else proposes it, or an owner confirms it")
    if actor.id == programme.sponsor:
        if not await stands(session, programme):
            raise SponsorNotConfirmed
    elif row.proposed_by == programme.lead_by:
        raise AnotherPerson(who="an owner, as who proposed it named the lead")


async def still_there(session: Session, row: MoveRow, programme: Programme) -> bool:
    """Say whether everybody who stands behind a move already is active and may still do what they did of it."""
    owners = await ids_that_may(session, OWNER)
    proposers = owners if row.kind == "skip" else await ids_that_may(session, "org:programme:manage")
    if row.proposed_by not in proposers or (row.confirmed_by and row.confirmed_by not in owners):
        return False
    return not row.accepted_by or (await is_active(session, row.accepted_by) and await stands(session, programme))


def confirms(actor: Actor, row: MoveRow) -> bool:
    """Say whether this actor may be the second owner of a skipped gate."""
    return actor.may(OWNER) and row.confirmed_by is None


def accepts(actor: Actor, row: MoveRow, programme: Programme) -> bool:
    """Say whether this actor may accept the risk of a skipped gate."""
    return actor.id == programme.sponsor and row.accepted_by is None
