"""The set-up page: what a new organisation does first, and how its installation stands."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from colleague.audit.read import standing
from colleague.connectors.grants import list_grants
from colleague.files.templates import list_templates
from colleague.governance.document.store import last_number
from colleague.identity.current import Current
from colleague.identity.directory import list_people, list_teams
from colleague.kit.doors import Config, Db, Time
from colleague.kit.page import Page
from colleague.policy.governance import current_governance

router = APIRouter(include_in_schema=False)


@router.get("/set-up")
async def index(request: Request, page: Page, db: Db, actor: Current, settings: Config, clock: Time) -> HTMLResponse:
    """Show the steps, each with whether it is done."""
    actor.require("org:settings:manage")
    async with db.transaction() as session:
        people, teams = await list_people(session), await list_teams(session)
        grants = await list_grants(session, clock=clock)
        governance = await current_governance(session)
        templates = await list_templates(session)
        version = await last_number(session)
        sealed, waiting = await standing(session)
    owners = [p for p in people if "owner" in p.roles and p.active]
    steps = (
        ("Name your mail domains", bool(governance.internal_domains), "/policies",
         "Everybody outside them counts as external: mail to them always asks."),
        ("Add people", len(people) > 1, "/people", f"{len(people)} here."),
        ("Have two owners", len(owners) > 1, "/people", "One can lose a phone, two rarely do."),
        ("Make teams", bool(teams), "/people", "Connectors are opened to teams."),
        ("Open a connector to a team", bool(grants), "/connectors", "Enabled alone it reaches nobody."),
        ("Publish the governance document", version > 0, "/governance",
         "Answer the questionnaire, let four people sign, publish: from then on it is enforced."),
        ("Keep checkpoints elsewhere", bool(settings.checkpoint_sink), "/ledger",
         "Set COLLEAGUE_CHECKPOINT_SINK: without it a full rewrite of the ledger cannot be seen."),
        ("Bring your templates", bool(templates), "/templates",
         "Optional: your Word and PowerPoint masters. Until then documents are written in a plain style."),
        ("Configure a model", settings.model != "extractive", "",
         "Optional: COLLEAGUE_MODEL. Until then the extractive model works from documents alone."),
    )  # fmt: skip
    return page.show(request, "web/set_up.html", steps=steps, sealed=sealed, waiting=waiting, settings=settings)
