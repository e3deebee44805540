"""Pages of policy: the rules in plain words, the settings they rest on, and «what would happen if»."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.engine import Engine
from colleague.policy.explain import explain
from colleague.policy.governance import ENUMS, current_governance
from colleague.policy.model import DataClass, Phase, Tier, Zone
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal, confirm, list_proposals, set_or_propose, withdraw
from colleague.policy.simulate import simulate

router = APIRouter(include_in_schema=False)
TheEngine = Annotated[Engine, Depends(part(Engine))]
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
CLASSES, TIERS = [c.name.lower() for c in DataClass], [t.name.lower() for t in Tier]
MARKS = ("confirm_internal", "dispatch_free_text", "ask_champions_early")
ZONES, PHASES = [z.value for z in Zone], [p.name.lower() for p in Phase]


@router.get("/policies")
async def index(
    request: Request, page: Page, db: Db, actor: Current, engine: TheEngine, clock: Time, tier: str = "",
    recipients: str = "", data_class: str = "internal", channel: str = "desk",
) -> HTMLResponse:  # fmt: skip
    """Show rules and settings; with a tier given, also what would be decided."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        governance = await current_governance(session)
        waiting = await list_proposals(session, clock=clock)
        people = await names_of(session, {p.proposed_by for p in waiting})
    answer = None
    if tier in TIERS and data_class in CLASSES:
        decision = simulate(
            engine, governance, tier=Tier[tier.upper()], recipients=recipients.replace(",", " ").split()[:20],
            data_class=DataClass[data_class.upper()], channel=channel,
        )  # fmt: skip
        answer = (decision.effect.name.lower(), explain(decision))
    return page.show(
        request, "policy/policies.html", rules=engine.rules_in(governance.rules).by_id, governance=governance,
        waiting=waiting, people=people, answer=answer, tiers=TIERS, classes=CLASSES, zones=ZONES,
        asked={"tier": tier, "recipients": recipients, "data_class": data_class, "channel": channel},
    )  # fmt: skip


def changes_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form of settings says: every choice that it carries, and the mark that it carries when set."""
    chosen: dict[str, Any] = {name: str(form[name]) for name in ENUMS if form.get(name)}
    domains = str(form.get("internal_domains", "")).replace(",", " ").split()
    marks = {name: form.get(name) == "true" for name in MARKS}
    if form.get("time_zone"):
        chosen["time_zone"] = str(form["time_zone"]).strip()
    if "second_person_above" in form:
        chosen["second_person_above"] = str(form["second_person_above"]).replace(",", " ").split()
    return {**chosen, "internal_domains": domains, **marks}


@router.post("/policies/settings")
async def change(request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time) -> Response:
    """Change the settings that rules rest on."""
    changes = changes_of(await request.form())
    async with changing(db, actor, "settings", ledger) as session:
        done = await set_or_propose(session, actor, changes, ledger=ledger, clock=clock)
    return RedirectResponse("/policies#waiting" if isinstance(done, Proposal) else "/policies", 303)


@router.post("/policies/proposals/{proposal}")
async def decide_proposal(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, proposal: str, answer: Annotated[str, Form()],
    digest: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Confirm somebody else's proposal, or take one away."""
    async with changing(db, actor, "proposal", ledger) as session:
        if answer == "confirm":
            await confirm(session, actor, proposal, digest, ledger=ledger, clock=clock)
        else:
            await withdraw(session, actor, proposal, ledger=ledger, clock=clock)
    return RedirectResponse("/policies", 303)
