"""Pages of triggers, and the drill."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.triggers.define import activate_trigger, change_trigger, define_trigger, switch_off_trigger
from colleague.dispatch.triggers.drill import drilled, questions_of, take_drill, triggers_for
from colleague.dispatch.triggers.form import PHASES, TIERS, Given
from colleague.dispatch.triggers.model import DELIVERIES, Trigger
from colleague.dispatch.triggers.pattern import TYPES
from colleague.dispatch.triggers.standard import activate_reading, add_standard, standard_wordings
from colleague.dispatch.triggers.store import get_trigger, list_triggers, wordings_of
from colleague.identity.current import Current
from colleague.identity.directory import list_teams, names_of
from colleague.identity.roles import known_roles
from colleague.kit.db import Session
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.governance import current_governance
from colleague.policy.model import Tier

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheParts = Annotated[DispatchParts, Depends(part(DispatchParts))]
LIST = "/dispatch/triggers"


@router.get(LIST)
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """List every trigger."""
    actor.require("org:dispatch:read")
    async with db.transaction() as session:
        triggers, governance = await list_triggers(session), await current_governance(session)
    names = {t.wording.name for t in triggers}
    return page.show(
        request, "dispatch/triggers.html", triggers=triggers, may=actor.may("org:dispatch:manage"),
        away=governance.away.name.lower(), phase=governance.phase.name.lower(),
        active=sum(t.state == "active" for t in triggers),
        fresh=sum(w.name not in names for w in standard_wordings()),
        drafts=any(t.state == "draft" and t.wording.tier is Tier.READ for t in triggers),
    )  # fmt: skip


@router.get(f"{LIST}/new")
async def new(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show the form for a new trigger."""
    actor.require("org:dispatch:manage")
    async with db.transaction() as session:
        return await _form(session, request, page, actor, None)


@router.post(LIST)
async def define(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, given: Annotated[Given, Form()]
) -> RedirectResponse:
    """Write a trigger."""
    actor.require("org:dispatch:manage")
    async with db.transaction() as session:
        made = await define_trigger(session, actor, given.wording(), ledger=ledger, clock=clock)
    return RedirectResponse(f"{LIST}/{made.id}", 303)


@router.post(f"{LIST}/standard")
async def standard(db: Db, actor: Current, ledger: TheLedger, clock: Time) -> RedirectResponse:
    """Add the standard triggers."""
    async with db.transaction() as session:
        await add_standard(session, actor, ledger=ledger, clock=clock)
    return RedirectResponse(LIST, 303)


@router.post(f"{LIST}/reading")
async def reading(db: Db, actor: Current, ledger: TheLedger, clock: Time) -> RedirectResponse:
    """Switch on the drafts that only read."""
    async with db.transaction() as session:
        await activate_reading(session, actor, ledger=ledger, clock=clock)
    return RedirectResponse(LIST, 303)


@router.get(f"{LIST}/{{trigger}}")
async def show(request: Request, page: Page, db: Db, actor: Current, trigger: str) -> HTMLResponse:
    """Show one trigger with its wordings."""
    actor.require("org:dispatch:read")
    async with db.transaction() as session:
        return await _form(session, request, page, actor, await get_trigger(session, trigger))


@router.post(f"{LIST}/{{trigger}}")
async def change(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, trigger: str, given: Annotated[Given, Form()]
) -> RedirectResponse:
    """Give a trigger another wording."""
    actor.require("org:dispatch:manage")
    async with db.transaction() as session:
        await change_trigger(session, actor, trigger, given.wording(), ledger=ledger, clock=clock)
    return RedirectResponse(f"{LIST}/{trigger}", 303)


@router.post(f"{LIST}/{{trigger}}/activate")
async def activate(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, trigger: str, version: Annotated[int | None, Form()] = None
) -> RedirectResponse:
    """Switch on the wording that the page showed."""
    async with db.transaction() as session:
        await activate_trigger(session, actor, trigger, version=version, ledger=ledger, clock=clock)
    return RedirectResponse(f"{LIST}/{trigger}", 303)


@router.post(f"{LIST}/{{trigger}}/off")
async def off(db: Db, actor: Current, ledger: TheLedger, trigger: str) -> RedirectResponse:
    """Switch a trigger off."""
    async with db.transaction() as session:
        await switch_off_trigger(session, actor, trigger, ledger=ledger)
    return RedirectResponse(f"{LIST}/{trigger}", 303)


async def _form(session: Session, request: Request, page: Any, actor: Any, trigger: Trigger | None) -> HTMLResponse:
    wordings = await wordings_of(session, trigger.id) if trigger else []
    holders = [(team.id, team.name) for team in await list_teams(session)]
    holders += [(f"role:{role}", role.replace("_", " ")) for role in sorted(await known_roles(session))]
    shown: HTMLResponse = page.show(
        request, "dispatch/trigger.html", trigger=trigger, wording=trigger.wording if trigger else None,
        may=actor.may("org:dispatch:manage"), wordings=wordings,
        names=await names_of(session, {w.by for w in wordings}),
        types=", ".join(TYPES), tiers=list(TIERS.items()), phases=list(PHASES.items()),
        deliveries=list(DELIVERIES.items()), holders=holders,
    )  # fmt: skip
    return shown


@router.get("/dispatch/drill")
async def drill(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show the drill."""
    actor.require("own:dispatch:use")
    async with db.transaction() as session:
        triggers, passed = await triggers_for(session, actor), await drilled(session, actor.id)
    return page.show(
        request, "dispatch/drill.html", questions=questions_of(triggers), triggers=triggers, passed=passed,
        result=None, answers={},
    )  # fmt: skip


@router.post("/dispatch/drill")
async def take(request: Request, page: Page, parts: TheParts, actor: Current) -> HTMLResponse:
    """Judge the answers, and show what to look at again."""
    form = await request.form()
    answers = {name: str(value)[:400] for name, value in form.items() if isinstance(value, str)}
    async with parts.tasks.database.transaction() as session:
        triggers = await triggers_for(session, actor)
        today = parts.today(await current_governance(session))
        result = await take_drill(
            session, actor, answers, today=today, ledger=parts.tasks.ledger, clock=parts.tasks.clock
        )
        passed = await drilled(session, actor.id)
    return page.show(
        request, "dispatch/drill.html", questions=questions_of(triggers), triggers=triggers, passed=passed,
        result=result, answers=answers,
    )  # fmt: skip
