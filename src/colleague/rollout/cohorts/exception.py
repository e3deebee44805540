"""An exception from the three criteria: somebody gets a seat in the running pilot whom nobody chose, because a second
person agrees to a reason that stays on every readout (PP-2)."""

from collections.abc import Collection

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.warn import plain
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid
from colleague.rollout.advance import judge, propose, reason_of
from colleague.rollout.tables import MoveRow

MOST = 40


class NoExceptionAsked(Conflict):
    """No exception is asked for {name}: exceptions are for people whom nobody chose, while the pilot runs."""


class NobodyExcepted(Invalid):
    """Say for whom: one to 40 people who are known here."""


class NamesSomebody(Invalid):
    """Say why without «{word}», which is in the name of one of them or is their address: the reason stays on every
    readout, which many people read. Where it is an ordinary word here, say it with another one."""


async def propose_exception(
    session: Session, actor: Actor, people: Collection[str], *, why: str, ledger: Ledger, clock: Clock
) -> MoveRow:  # fmt: skip
    """Propose that these people (by id) may hold seats in the running pilot although nobody chose them: the sponsor
    confirms it (an owner, where the sponsor proposes), and the reason stays on every readout. Confirmed, it allows a
    seat; the seat itself is given by hand.

    Raises NobodyExcepted, PersonNotFound, NoExceptionAsked, NamesSomebody, ReasonNeeded, MoveOpen.
    """
    actor.require("org:programme:manage")
    named = sorted(set(people))
    if not 1 <= len(named) <= MOST:
        raise NobodyExcepted
    why, missing = reason_of(why), await unchosen(session, named)
    said = f" {plain(why)} "
    for one in named:
        person = await get_person(session, one)
        if one not in missing:
            raise NoExceptionAsked(name=person.name)
        parts = [part for part in plain(person.name).split() if len(part) > 2]
        words = [person.email] if person.email.casefold() in why.casefold() else []
        if words := [*words, *(part for part in parts if f" {part} " in said)]:
            raise NamesSomebody(word=words[0])
    programme, evidence, judged = await judge(session, clock=clock)
    return await propose(
        session, actor, "exception", programme, programme.phase, evidence, judged, why, seats=len(named),
        people=named, ledger=ledger, clock=clock,
    )  # fmt: skip
