"""Pages of use cases."""

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.identity.directory import find_by_email, get_person, holding
from colleague.kit.db import Session
from colleague.kit.doors import Db, Time, lead_to, part
from colleague.kit.lines import changes
from colleague.kit.once import Once
from colleague.kit.page import Page
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import categories
from colleague.usecases.advance import approve_use_case, launch_use_case, retire_use_case
from colleague.usecases.around import Reach
from colleague.usecases.baseline import BadObservation, measure, withdraw
from colleague.usecases.define import change_use_case, define_use_case
from colleague.usecases.form import CLASSES, Changed, Given, Minutes, read_times
from colleague.usecases.framework import write_framework
from colleague.usecases.friction import note_friction, resolve_friction
from colleague.usecases.model import FORMATS, HOWS, PROFILES, WEEKDAYS, Card, UseCase
from colleague.usecases.ready import ready
from colleague.usecases.shipped import shipped_card, shipped_cards
from colleague.usecases.store import get_use_case
from colleague.usecases.view import check, list_lines, see_use_case

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheReach = Annotated[Reach, Depends(part(Reach))]
LIST = "/use-cases"
Words = Annotated[str, Form(max_length=4000)]


def _to(request: Request, use_case: str, more: str = "") -> Response:
    return lead_to(request, f"{LIST}/{use_case}{more}")


@router.get(LIST)
async def index(request: Request, page: Page, db: Db, actor: Current, reach: TheReach) -> HTMLResponse:
    """List every use case, and say whether a pilot may start."""
    async with db.transaction() as session:
        lines, stands = await list_lines(session, actor, reach=reach), await ready(session, reach=reach)
    names = {one.case.card.name.casefold() for one in lines}
    return page.show(
        request, "usecases/list.html", lines=[one for one in lines if one.case.state != "retired"], ready=stands,
        retired=[one for one in lines if one.case.state == "retired"], may=actor.may("org:usecases:manage"),
        shipped={key: card for key, card in shipped_cards().items() if card.name.casefold() not in names},
    )  # fmt: skip


@router.get(f"{LIST}/new")
async def new(
    request: Request, page: Page, db: Db, actor: Current, reach: TheReach,
    shipped: Annotated[str, Query(alias="from", max_length=80)] = "",
) -> HTMLResponse:  # fmt: skip
    """Show the form for a new use case, empty or from a card that ships."""
    actor.require("org:usecases:manage")
    card = shipped_card(shipped) if shipped else Card("")
    async with db.transaction() as session:
        return await _form(session, request, page, actor, reach, None, card)


@router.post(LIST)
async def define(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Annotated[Given, Form()]
) -> Response:
    """Write a use case."""
    async with db.transaction() as session:
        made = await define_use_case(session, actor, given.card(), ledger=ledger, clock=clock)
    return _to(request, made.id)


@router.get(f"{LIST}/{{use_case}}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, reach: TheReach, clock: Time, use_case: str
) -> HTMLResponse:  # fmt: skip
    """Show one use case."""
    async with db.transaction() as session:
        sight = await see_use_case(session, actor, use_case, reach=reach)
        governance, champions = await current_governance(session), await holding(session, "champion")
    manage = actor.may("org:usecases:manage")
    case = sight.case
    return page.show(
        request, "usecases/show.html", sight=sight, case=case, card=case.card, manage=manage, formats=FORMATS,
        champions=champions,
        hows=HOWS, use=actor.may("own:tasks:use"), today=clock.now().date().isoformat(), once=str(uuid.uuid4()),
        category=categories(governance).get(case.card.category),
        writes=case.state != "retired" and (manage or actor.id == case.card.owner),
    )  # fmt: skip


@router.get(f"{LIST}/{{use_case}}/edit")
async def edit(
    request: Request, page: Page, db: Db, actor: Current, reach: TheReach, use_case: str
) -> HTMLResponse:  # fmt: skip
    """Show the form of a use case."""
    actor.require("org:usecases:manage")
    async with db.transaction() as session:
        found = await get_use_case(session, use_case)
        return await _form(session, request, page, actor, reach, found, found.card)


@router.post(f"{LIST}/{{use_case}}")
async def change(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str,
    given: Annotated[Changed, Form()],
) -> Response:  # fmt: skip
    """Give a use case another card."""
    async with db.transaction() as session:
        await change_use_case(
            session, actor, use_case, given.card(), version=given.version, ledger=ledger, clock=clock
        )  # fmt: skip
    return _to(request, use_case)


@router.post(f"{LIST}/{{use_case}}/approve")
async def approve(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, reach: TheReach, use_case: str,
    version: Annotated[int, Form(ge=0, le=1_000_000)],
) -> Response:  # fmt: skip
    """Approve the version that was shown."""
    async with db.transaction() as session:
        await approve_use_case(session, actor, use_case, version=version, reach=reach, ledger=ledger, clock=clock)
    return _to(request, use_case)


@router.post(f"{LIST}/{{use_case}}/launch")
async def launch(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, new_capability: Words = ""
) -> Response:
    """Let it go live."""
    async with db.transaction() as session:
        await launch_use_case(session, actor, use_case, new_capability=new_capability, ledger=ledger, clock=clock)
    return _to(request, use_case)


@router.post(f"{LIST}/{{use_case}}/retire")
async def retire(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, why: Words = ""
) -> Response:
    """End it."""
    async with db.transaction() as session:
        await retire_use_case(session, actor, use_case, why, ledger=ledger, clock=clock)
    return _to(request, use_case)


@router.post(f"{LIST}/{{use_case}}/observations")
async def observe(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str,
    minutes: Annotated[float, Form()], on: Annotated[date, Form()], how: Words = "", person: Words = "",
    note: Words = "", once: Annotated[str, Form(max_length=80)] = "",
) -> Response:  # fmt: skip
    """Keep a measured time: a form that is sent twice counts once."""
    sent = Once(actor.id, once).of("observe", use_case, minutes, on, how, person, note)
    async with db.transaction() as session:
        if await sent.found(session) is None:
            made = await measure(
                session, actor, use_case, minutes, on, how, person=await _whose(session, person), note=note,
                ledger=ledger, clock=clock,
            )  # fmt: skip
            await sent.keep(session, made.to_json(), clock=clock)
    return _to(request, use_case, "#baseline")


@router.post(f"{LIST}/{{use_case}}/observations/several")
async def observe_several(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, times: Words = "",
    how: Words = "", person: Words = "", once: Annotated[str, Form(max_length=80)] = "",
) -> Response:  # fmt: skip
    """Keep several measured times, all of them or none: a form that is sent twice counts once."""
    sent = Once(actor.id, once).of("observe several", use_case, times, how, person)
    read = read_times(times, clock.now().date())
    async with db.transaction() as session:
        if await sent.found(session) is None:
            whose = await _whose(session, person)
            for minutes, on in read:
                await measure(
                    session, actor, use_case, minutes, on, how, person=whose, ledger=ledger, clock=clock
                )  # fmt: skip
            await sent.keep(session, {"kept": len(read)}, clock=clock)
    return _to(request, use_case, "#baseline")


@router.post(f"{LIST}/{{use_case}}/observations/{{observation}}/withdraw")
async def take_out(
    request: Request, db: Db, actor: Current, ledger: TheLedger, use_case: str, observation: str, why: Words = ""
) -> Response:
    """Take a measurement out."""
    async with db.transaction() as session:
        await withdraw(session, actor, use_case, observation, why, ledger=ledger)
    return _to(request, use_case, "#baseline")


@router.post(f"{LIST}/{{use_case}}/friction")
async def note_down(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str, step: Words = "",
    text: Words = "", minutes: Annotated[Minutes, Form()] = 0,
) -> Response:  # fmt: skip
    """Write down what got in the way."""
    async with db.transaction() as session:
        await note_friction(session, actor, use_case, step, text, minutes=minutes, ledger=ledger, clock=clock)
    return _to(request, use_case, "#friction")


@router.post(f"{LIST}/{{use_case}}/friction/{{friction}}/resolve")
async def resolve(
    request: Request, db: Db, actor: Current, ledger: TheLedger, use_case: str, friction: str, resolution: Words = ""
) -> Response:
    """Say what was done about it."""
    async with db.transaction() as session:
        await resolve_friction(session, actor, use_case, friction, resolution, ledger=ledger)
    return _to(request, use_case, "#friction")


@router.get(f"{LIST}/{{use_case}}/framework")
async def framework(
    request: Request, page: Page, db: Db, actor: Current, reach: TheReach, use_case: str
) -> HTMLResponse:  # fmt: skip
    """Show the prompt framework with what each version changed."""
    async with db.transaction() as session:
        sight = await see_use_case(session, actor, use_case, reach=reach)
    found = sight.frameworks
    before = [*(one.text for one in found[1:]), ""]
    manage = actor.may("org:usecases:manage")
    return page.show(
        request, "usecases/framework.html", sight=sight, case=sight.case, card=sight.case.card,
        versions=[(one, changes(old, one.text)) for one, old in zip(found, before, strict=False)],
        writes=sight.case.state != "retired" and (manage or actor.id == sight.case.card.owner),
    )  # fmt: skip


@router.post(f"{LIST}/{{use_case}}/framework")
async def write(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, use_case: str,
    text: Annotated[str, Form(max_length=50_000)] = "", why: Words = "", passed: Words = "",
    after: Annotated[int, Form(ge=0, le=1_000_000)] = 0,
) -> Response:  # fmt: skip
    """Write the next version of the prompt framework."""
    async with db.transaction() as session:
        await write_framework(
            session, actor, use_case, text, why, passed=passed, after=after, ledger=ledger, clock=clock
        )
    return _to(request, use_case, "/framework")


async def _whose(session: Session, person: str) -> str:
    """Return the id of who has a mail address, "" for none; BadObservation if nobody here has it."""
    whose = await find_by_email(session, person) if person.strip() else None
    if person.strip() and whose is None:
        raise BadObservation(why="nobody here has this mail address")
    return whose.id if whose else ""


async def _form(
    session: Session, request: Request, page: Any, actor: Actor, reach: Reach, case: UseCase | None, card: Card
) -> HTMLResponse:  # fmt: skip
    owner = (await get_person(session, card.owner)).email if card.owner else ""
    kinds = categories(await current_governance(session))
    shown: HTMLResponse = page.show(
        request, "usecases/form.html", case=case, card=card, owner=owner, formats=FORMATS, profiles=PROFILES,
        weekdays=WEEKDAYS, classes=list(CLASSES), categories=[(one.id, one.title) for one in kinds.values()],
        findings=await check(session, actor, card, reach=reach) if case else (),
    )  # fmt: skip
    return shown
