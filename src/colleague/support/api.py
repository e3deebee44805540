"""Support for programs."""

from typing import Any

from fastapi import APIRouter, Request

from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.kit.once import Sending
from colleague.support.answer import answer_ticket, close_ticket, say_more, sort_ticket
from colleague.support.bring_in import bring_in
from colleague.support.form import About, Given, Looked, Model, Said, StateName, TheLedger, TheParts
from colleague.support.model_card import confirm_support_model, list_support_models, write_support_model
from colleague.support.parse import MOST_BYTES, BadImport
from colleague.support.view import list_queue, own_tickets, see_ticket
from colleague.support.write import write_ticket

router = APIRouter(prefix="/api/v1/support", tags=["support"])


@router.get("/tickets")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List your own tickets, newest first."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        return [line.to_json() for line in await own_tickets(session, actor)]


@router.post("/tickets", status_code=201)
async def write(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, sending: Sending, given: Given
) -> dict[str, Any]:  # fmt: skip
    """Write a ticket. An Idempotency-Key keeps one that is sent again from being written twice."""
    once = sending.of("ticket", given.model_dump())
    async with db.transaction() as session:
        if found := await once.found(session):
            return found
        made = await write_ticket(
            session, actor, given.wish(), registry=parts.registry, tell=parts.tell, free_days=parts.free_days,
            ledger=ledger, clock=clock, source="api",
        )  # fmt: skip
        await once.keep(session, made.to_json(), clock=clock)
        return made.to_json()


@router.get("/queue")
async def waiting(db: Db, actor: Current, state: StateName = "") -> list[dict[str, Any]]:
    """List tickets in the order they are answered: champions first, then by what is due. Nobody is named."""
    async with db.transaction() as session:
        return [line.to_json() for line in await list_queue(session, actor, state=state)]


@router.get("/tickets/{ticket}")
async def show(db: Db, actor: Current, parts: TheParts, ticket: str) -> dict[str, Any]:
    """Return one ticket with what was said on it."""
    async with db.transaction() as session:
        return (await see_ticket(session, actor, ticket, registry=parts.registry)).to_json()


@router.post("/tickets/{ticket}/sort")
async def sort(
    db: Db, actor: Current, ledger: TheLedger, parts: TheParts, ticket: str, given: About
) -> dict[str, Any]:  # fmt: skip
    """Say what a ticket is about."""
    async with db.transaction() as session:
        return (await sort_ticket(
            session, actor, ticket, given.category, given.use_case, given.connector, registry=parts.registry,
            ledger=ledger,
        )).to_json()  # fmt: skip


@router.post("/tickets/{ticket}/answers", status_code=201)
async def answer(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, ticket: str, given: Said
) -> dict[str, Any]:  # fmt: skip
    """Answer a ticket; its writer is told."""
    async with db.transaction() as session:
        return (await answer_ticket(
            session, actor, ticket, given.text, close=given.close, tell=parts.tell, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/tickets/{ticket}/more", status_code=201)
async def more(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, ticket: str, given: Said
) -> dict[str, Any]:  # fmt: skip
    """Say more on your own ticket; it waits for an answer again."""
    async with db.transaction() as session:
        return (await say_more(
            session, actor, ticket, given.text, tell=parts.tell, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/tickets/{ticket}/close")
async def close(db: Db, actor: Current, ledger: TheLedger, clock: Time, ticket: str) -> dict[str, Any]:
    """Close a ticket."""
    async with db.transaction() as session:
        return (await close_ticket(session, actor, ticket, ledger=ledger, clock=clock)).to_json()


@router.post("/imports/{source}")
async def take_in(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, source: str
) -> dict[str, Any]:  # fmt: skip
    """Import a list of tickets from another desk: CSV or JSON as the body, each ticket once by its external id."""
    actor.require("org:support:manage")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise BadImport([f"The file is larger than {MOST_BYTES // 1_000_000} MB."])
    async with db.transaction() as session:
        return (await bring_in(
            session, actor, source, bytes(raw), registry=parts.registry, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.get("/model")
async def models(db: Db, actor: Current) -> list[dict[str, Any]]:
    """Return every version of the support model, newest first."""
    async with db.transaction() as session:
        return [one.to_json() for one in await list_support_models(session, actor)]


@router.post("/model", status_code=201)
async def write_model(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Model) -> dict[str, Any]:
    """Write the next version of the support model."""
    async with db.transaction() as session:
        return (await write_support_model(
            session, actor, given.card(), after=given.after, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip


@router.post("/model/confirm")
async def confirm(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Looked) -> dict[str, Any]:
    """Confirm the newest version of the support model, which somebody else wrote."""
    async with db.transaction() as session:
        return (await confirm_support_model(
            session, actor, given.version, ledger=ledger, clock=clock
        )).to_json()  # fmt: skip
