"""Champions for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.adoption.groups import Groups
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part
from colleague.rollout.champions.appoint import appoint, retire
from colleague.rollout.champions.contact import record_contact
from colleague.rollout.champions.nominate import nominate
from colleague.rollout.champions.view import own_page, whole
from colleague.tasks.parts import Parts

router = APIRouter(prefix="/api/v1/champions", tags=["programme"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheParts = Annotated[Parts, Depends(part(Parts))]
TheGroups = Annotated[Groups, Depends(part(Groups))]
Text = Annotated[str, Field(max_length=2000)]


class Named(BaseModel):
    """A colleague, by mail address, and why."""

    email: Annotated[str, Field(max_length=254)]
    why: Text


class Why(BaseModel):
    """A reason."""

    why: Text


class Outcome(BaseModel):
    """What came of it: helped, on leave, not for them, no answer."""

    outcome: Annotated[str, Field(max_length=40)]


@router.get("")
async def show(db: Db, actor: Current, clock: Time) -> dict[str, Any]:
    """Return the network, the champions and when lists were handed out; candidates to who may appoint."""
    async with db.transaction() as session:
        return (await whole(session, actor, clock=clock)).to_json()


@router.get("/me")
async def me(db: Db, actor: Current, clock: Time, groups: TheGroups) -> dict[str, Any]:
    """Return your department's champions, your own list if you are one, and what is known of you."""
    async with db.transaction() as session:
        return (await own_page(session, actor, groups, clock=clock)).to_json()


@router.post("/nominations", status_code=204)
async def name(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Named) -> None:
    """Name a colleague who could be a champion."""
    async with db.transaction() as session:
        await nominate(session, actor, given.email, given.why, ledger=ledger, clock=clock)


@router.post("/contacts/{contact}", status_code=204)
async def say(db: Db, actor: Current, ledger: TheLedger, clock: Time, contact: str, given: Outcome) -> None:
    """Say what came of asking somebody on your list."""
    async with db.transaction() as session:
        await record_contact(session, actor, contact, given.outcome, ledger=ledger, clock=clock)


@router.post("/{person}", status_code=204)
async def make(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, person: str, given: Why
) -> None:  # fmt: skip
    """Make a person the champion of their department."""
    async with db.transaction() as session:
        await appoint(session, actor, person, given.why, tell=parts.tell, ledger=ledger, clock=clock)


@router.post("/{person}/retire", status_code=204)
async def end(db: Db, actor: Current, ledger: TheLedger, clock: Time, person: str, given: Why) -> None:
    """End somebody's time as a champion."""
    async with db.transaction() as session:
        await retire(session, actor, person, given.why, ledger=ledger, clock=clock)
