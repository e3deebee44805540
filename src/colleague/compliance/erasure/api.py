"""Access and erasure for programs. A token may look; to export, propose and confirm people come themselves."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.compliance.download import zipped
from colleague.compliance.erasure.carry_out import Erasing
from colleague.compliance.erasure.propose import NoSuchErasure, confirm, propose, show, stands_in_the_way, withdraw
from colleague.compliance.look import look_at
from colleague.identity.current import Current
from colleague.identity.directory import get_person
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/people/{person_id}", tags=["compliance"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Parts = Annotated[Erasing, Depends(part(Erasing))]


class Reason(BaseModel):
    """Why a person is erased."""

    reason: str = Field(max_length=2000)


class Seen(BaseModel):
    """What was shown of a proposal."""

    digest: str = Field(max_length=64)


@router.get("/erasure")
async def index(db: Db, actor: Current, person_id: str) -> dict[str, Any]:
    """Return what an erasure would do, what stands in the way, and the erasure as it stands."""
    actor.require("org:people:erase")
    async with db.transaction() as session:
        person = await get_person(session, person_id)
        seen = await look_at(session, person_id)
        why = [] if person.erased_at else await stands_in_the_way(session, actor, person_id)
        found = await show(session, actor, person_id)
    return seen.to_json() | {"in_the_way": why, "erasure": found.to_json() if found else None}


@router.post("/erasure", status_code=201)
async def begin(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str, given: Reason
) -> dict[str, Any]:  # fmt: skip
    """Propose the erasure of a person."""
    async with db.transaction() as session:
        return (await propose(session, actor, person_id, given.reason, ledger=ledger, clock=clock)).to_json()


@router.post("/erasure/confirm")
async def agree(db: Db, actor: Current, clock: Time, parts: Parts, person_id: str, given: Seen) -> dict[str, Any]:
    """Confirm what somebody else proposed; it is carried out at once."""
    async with db.transaction() as session:
        found = await confirm(
            session, actor, person_id, given.digest, ledger=parts.ledger, clock=clock, secrets=parts.secrets
        )
    return found.to_json()


@router.delete("/erasure", status_code=204)
async def take_back(db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str) -> None:
    """Take a proposal back."""
    async with db.transaction() as session:
        await withdraw(session, actor, person_id, ledger=ledger, clock=clock)


@router.get("/erasure/certificate")
async def proof(db: Db, actor: Current, person_id: str) -> Response:
    """Return the signed certificate of an erasure that is done."""
    async with db.transaction() as session:
        found = await show(session, actor, person_id)
    if found is None or not found.certificate:
        raise NoSuchErasure
    return Response(found.certificate, media_type="application/json")


@router.post("/data")
async def data(db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str) -> Response:
    """Return what is held about a person as a zip file."""
    return await zipped(db, actor, person_id, ledger=ledger, clock=clock)
