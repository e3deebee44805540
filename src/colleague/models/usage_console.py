"""Pages of usage: what was spent by whom, ceilings, and requests for more."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.current import Current
from colleague.identity.directory import list_people, list_teams, names_of
from colleague.kit.doors import Db, Time
from colleague.kit.page import Page
from colleague.models.ceilings import EACH, list_ceilings, remove_ceiling, set_ceiling, standings
from colleague.models.console import Text, TheLedger, TheModels
from colleague.models.increases import answer_increase, ask_increase, list_increases
from colleague.models.prices import micros_of
from colleague.models.usage import BY, as_csv, bounds, month_of, sums

router = APIRouter(include_in_schema=False)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


@router.get("/usage")
async def index(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, month: str = "", by: str = "person"
) -> HTMLResponse:
    """Show a month's sums: everybody's for those who may see them, else one's own."""
    everyone = actor.may("org:models:read")
    if not everyone:
        actor.require("own:tasks:use")
    now = month_of(clock.now())
    month = month or now
    by = by if by in BY and everyone else "model"
    start, after = bounds(month)
    async with db.transaction() as session:
        lines = await sums(session, actor, month, by)
        held = await standings(session, actor.id, actor.teams, clock=clock)
        asked = await list_increases(session, actor)
        ceilings = await list_ceilings(session) if everyone else ()
        teams = await list_teams(session) if everyone else []
        people = await list_people(session) if actor.may("org:models:manage") else []
        names = await names_of(session, [*(i.asked_by for i in asked), *(c.subject for c in ceilings)])
    names |= {t.id: t.name for t in teams} | {EACH: "each", "": "the organisation"}
    before = month_of(start.replace(day=1) - (after - start) / 40)
    return page.show(
        request, "models/usage.html", lines=lines, by=by, kinds=BY if everyone else ("model",), month=month,
        before=before, after=month_of(after) if month < now else "", held=held, asked=asked, ceilings=ceilings,
        teams=teams, people=people, names=names, everyone=everyone, total=sum(x.micros for x in lines),
        unpriced=sum(x.unpriced for x in lines), now=now,
    )  # fmt: skip


@router.get("/usage.csv")
async def download(db: Db, actor: Current, clock: Time, month: str = "", by: str = "person") -> Response:
    """Download a month's sums."""
    if not actor.may("org:models:read"):
        actor.require("own:tasks:use")
    month = month or month_of(clock.now())
    async with db.transaction() as session:
        text = as_csv(await sums(session, actor, month, by), by)
    name = f'attachment; filename="usage-{month}-{by}.csv"'
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


@router.post("/usage/ceilings")
async def ceiling(db: Db, actor: Current, ledger: TheLedger, clock: Time, scope: Text, usd: Text) -> RedirectResponse:
    """Set a ceiling. `scope` carries its subject: «person:*», «team:team_…», «organisation:»."""
    kind, _, subject = scope.partition(":")
    async with db.transaction() as session:
        await set_ceiling(session, actor, kind, subject, micros_of(usd), ledger=ledger, clock=clock)
    return _to("/usage#ceilings")


@router.post("/usage/ceilings/remove")
async def unlimit(db: Db, actor: Current, ledger: TheLedger, scope: Text) -> RedirectResponse:
    """Remove a ceiling."""
    kind, _, subject = scope.partition(":")
    async with db.transaction() as session:
        await remove_ceiling(session, actor, kind, subject, ledger=ledger)
    return _to("/usage#ceilings")


@router.post("/usage/increases")
async def ask(
    db: Db, actor: Current, models: TheModels, ledger: TheLedger, clock: Time, scope: Text, usd: Text, reason: Text
) -> RedirectResponse:
    """Ask for more this month."""
    kind, _, subject = scope.partition(":")
    async with db.transaction() as session:
        await ask_increase(
            session, actor, kind, subject, micros_of(usd), reason, tell=models.tell, ledger=ledger, clock=clock
        )
    return _to("/usage#increases")


@router.post("/usage/increases/{increase}")
async def answer(
    db: Db, actor: Current, models: TheModels, ledger: TheLedger, clock: Time, increase: str,
    grant: Annotated[bool, Form()], note: Text = "",
) -> RedirectResponse:  # fmt: skip
    """Grant or deny a request."""
    async with db.transaction() as session:
        await answer_increase(
            session, actor, increase, grant=grant, note=note, tell=models.tell, ledger=ledger, clock=clock
        )
    return _to("/usage#increases")
