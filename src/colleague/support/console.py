"""Pages of support."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.identity.directory import mails_of
from colleague.kit.db import Session
from colleague.kit.doors import Db, Time, lead_to
from colleague.kit.once import Once
from colleague.kit.page import Page
from colleague.support.answer import answer_ticket, close_ticket, say_more, sort_ticket
from colleague.support.bring_in import Brought, bring_in, sources
from colleague.support.form import Given, Looked, Model, StateName, TheLedger, TheParts, bytes_of
from colleague.support.model import ABOUT, CATEGORIES, CHANNELS
from colleague.support.model_card import (
    MANAGE,
    confirm_support_model,
    list_support_models,
    promised,
    write_support_model,
)
from colleague.support.parse import LONGEST, NEEDED, BadImport
from colleague.support.view import list_queue, own_tickets, see_ticket
from colleague.support.write import CHAMPION, connectors_of, write_ticket
from colleague.tasks.parts import Parts
from colleague.usecases.names import use_case_names

router = APIRouter(include_in_schema=False)
LIST = "/support"
Words = Annotated[str, Form(max_length=20_000)]
Filled = Annotated[str, Query(max_length=120)]


async def _choices(session: Session, parts: Parts) -> dict[str, Any]:
    """Return what a ticket may be about."""
    return {
        "categories": ABOUT, "cases": await use_case_names(session),
        "kinds": await connectors_of(session, parts.registry),
    }  # fmt: skip


@router.get(LIST)
async def index(
    request: Request, page: Page, db: Db, actor: Current, parts: TheParts, clock: Time, state: StateName = ""
) -> HTMLResponse:  # fmt: skip
    """Show one's own tickets, and the queue to those who answer it."""
    manages = actor.may(MANAGE)
    async with db.transaction() as session:
        lines = await list_queue(session, actor, state=state) if manages else []
        own, model = await own_tickets(session, actor), await promised(session)
        choices = await _choices(session, parts)
    return page.show(
        request, "support/list.html", manages=manages, queue=lines, own=own, model=model, now=clock.now(),
        state=state, champion=CHAMPION in actor.roles, **choices,
    )  # fmt: skip


@router.get(f"{LIST}/new")
async def new(
    request: Request, page: Page, db: Db, actor: Current, parts: TheParts, task: Filled = "", rule: Filled = "",
    category: Filled = "", use_case: Filled = "", connector: Filled = "",
) -> HTMLResponse:  # fmt: skip
    """Show the form for a ticket, filled in with where something happened."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        model, choices = await promised(session), await _choices(session, parts)
    guess = "policy refusal" if rule else ""
    filled = {
        "task": task, "rule": rule, "category": category if category in CATEGORIES else guess,
        "use_case": use_case, "connector": connector,
    }  # fmt: skip
    return page.show(
        request, "support/new.html", filled=filled, model=model, once=str(uuid.uuid4()),
        champion=CHAMPION in actor.roles, **choices,
    )  # fmt: skip


@router.post(LIST)
async def write(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts,
    given: Annotated[Given, Form()], once: Annotated[str, Query(max_length=80)] = "",
) -> Response:  # fmt: skip
    """Write a ticket: a form that is sent twice is one."""
    sent = Once(actor.id, once).of("ticket", given.model_dump())
    async with db.transaction() as session:
        found = await sent.found(session)
        if found is None:
            made = await write_ticket(
                session, actor, given.wish(), registry=parts.registry, tell=parts.tell, free_days=parts.free_days,
                ledger=ledger, clock=clock,
            )  # fmt: skip
            found = {"id": made.id}
            await sent.keep(session, found, clock=clock)
    return lead_to(request, f"{LIST}/{found['id']}")


@router.get(f"{LIST}/import")
async def import_form(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show how a list is imported."""
    async with db.transaction() as session:
        return _import_page(request, page, await sources(session, actor))


@router.post(f"{LIST}/import")
async def take_in(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts,
    file: Annotated[UploadFile, File()], source: Annotated[str, Form(max_length=80)] = "",
) -> HTMLResponse:  # fmt: skip
    """Import a list, or say which of its lines are wrong."""
    actor.require(MANAGE)
    raw = await bytes_of(file)
    done, problems = None, list[str]()
    try:
        async with db.transaction() as session:
            done = await bring_in(session, actor, source, raw, registry=parts.registry, ledger=ledger, clock=clock)
    except BadImport as fault:
        problems = fault.problems
    async with db.transaction() as session:
        return _import_page(request, page, await sources(session, actor), source, done, problems)


def _import_page(
    request: Request, page: Any, desks: list[tuple[str, int]], source: str = "", done: Brought | None = None,
    problems: list[str] | None = None,
) -> HTMLResponse:  # fmt: skip
    shown: HTMLResponse = page.show(
        request, "support/import.html", status=422 if problems else 200, desks=desks, source=source, done=done,
        problems=problems or [], columns=list(LONGEST), needed=NEEDED, categories=CATEGORIES,
    )  # fmt: skip
    return shown


@router.get(f"{LIST}/model")
async def model_page(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show the support model with its versions."""
    async with db.transaction() as session:
        versions = await list_support_models(session, actor)
        owner = await _mail(session, versions[0].card.owner) if versions else actor.email
    return page.show(
        request, "support/model.html", versions=versions, owner=owner, manages=actor.may(MANAGE),
        known=[c for c in CHANNELS if c != "import"],
    )  # fmt: skip


async def _mail(session: Session, person: str) -> str:
    return (await mails_of(session, [person])).get(person, "")


@router.post(f"{LIST}/model")
async def write_model(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Annotated[Model, Form()]
) -> Response:
    """Write the next version of the support model."""
    async with db.transaction() as session:
        await write_support_model(session, actor, given.card(), after=given.after, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/model")


@router.post(f"{LIST}/model/confirm")
async def confirm(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Annotated[Looked, Form()]
) -> Response:
    """Confirm the version that was shown."""
    async with db.transaction() as session:
        await confirm_support_model(session, actor, given.version, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/model")


@router.get(f"{LIST}/{{ticket}}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, parts: TheParts, clock: Time, ticket: str
) -> HTMLResponse:  # fmt: skip
    """Show one ticket."""
    async with db.transaction() as session:
        sight = await see_ticket(session, actor, ticket, registry=parts.registry)
        choices = await _choices(session, parts)
    return page.show(request, "support/show.html", sight=sight, line=sight.line, now=clock.now(), **choices)


@router.post(f"{LIST}/{{ticket}}/sort")
async def sort(
    request: Request, db: Db, actor: Current, ledger: TheLedger, parts: TheParts, ticket: str, category: Words = "",
    use_case: Words = "", connector: Words = "",
) -> Response:  # fmt: skip
    """Say what a ticket is about."""
    async with db.transaction() as session:
        await sort_ticket(
            session, actor, ticket, category, use_case, connector, registry=parts.registry, ledger=ledger
        )  # fmt: skip
    return lead_to(request, f"{LIST}/{ticket}")


@router.post(f"{LIST}/{{ticket}}/say")
async def say(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, parts: TheParts, ticket: str,
    text: Words = "", close: Words = "",
) -> Response:  # fmt: skip
    """Answer somebody's ticket, or say more on one's own."""
    async with db.transaction() as session:
        if await _own(session, actor, ticket, parts):
            await say_more(session, actor, ticket, text, tell=parts.tell, ledger=ledger, clock=clock)
        else:
            await answer_ticket(
                session, actor, ticket, text, close=close == "on", tell=parts.tell, ledger=ledger, clock=clock
            )  # fmt: skip
    return lead_to(request, f"{LIST}/{ticket}")


async def _own(session: Session, actor: Actor, ticket: str, parts: Parts) -> bool:
    return (await see_ticket(session, actor, ticket, registry=parts.registry)).own


@router.post(f"{LIST}/{{ticket}}/close")
async def close(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, ticket: str
) -> Response:  # fmt: skip
    """Close a ticket."""
    async with db.transaction() as session:
        await close_ticket(session, actor, ticket, ledger=ledger, clock=clock)
    return lead_to(request, f"{LIST}/{ticket}")
