"""Pages of retention and of legal holds."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.compliance.doors import TheLedger, certificate_response
from colleague.compliance.holds import Covers, list_holds, place_hold, release_hold, see_hold
from colleague.compliance.jobs import ask_for_run
from colleague.compliance.view import certificate_of, dry_look, list_runs
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time
from colleague.kit.page import Page
from colleague.policy.governance import current_governance
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal, set_or_propose
from colleague.policy.standards.retention import SURFACES, days_of

router = APIRouter(include_in_schema=False)
HOLDS = "/retention/holds"
Words = Annotated[str, Form(max_length=20_000)]


@router.get("/retention")
async def overview(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, asked: Literal["", "yes"] = ""
) -> HTMLResponse:  # fmt: skip
    """Show how long what is kept, what goes soon, what is kept longer and why, and the nights' certificates."""
    async with db.transaction() as session:
        found = await dry_look(session, actor, clock=clock)
        runs = await list_runs(session, actor)
        governance = await current_governance(session)
        names = await names_of(session, {one.person for one in found})
    return page.show(
        request, "compliance/retention.html", found=found, runs=runs[:30], names=names, surfaces=SURFACES,
        days=days_of(governance.retention), laws=governance.kept_by_law, asked=asked,
    )  # fmt: skip


@router.post("/retention/settings")
async def change(
    request: Request, db: Db, actor: Current, ledger: TheLedger, clock: Time, kept_by_law: Words = ""
) -> Response:  # fmt: skip
    """Change how long what is kept: two people stand behind it."""
    form = await request.form()
    retention = [f"{surface}={form[surface]}" for surface in SURFACES if form.get(surface)]
    changes = {"retention": retention, "kept_by_law": [one for one in kept_by_law.splitlines() if one.strip()]}
    async with changing(db, actor, "settings", ledger) as session:
        done = await set_or_propose(session, actor, changes, ledger=ledger, clock=clock)
    return RedirectResponse("/policies#waiting" if isinstance(done, Proposal) else "/retention", 303)


@router.post("/retention/runs")
async def run(db: Db, actor: Current, ledger: TheLedger) -> Response:
    """Have what is due deleted now."""
    async with db.transaction() as session:
        await ask_for_run(session, actor, ledger=ledger)
    return RedirectResponse("/retention?asked=yes", 303)


@router.get("/retention/runs/{run_id}/certificate.{form}")
async def certificate(db: Db, actor: Current, run_id: str, form: str) -> Response:
    """Give a certificate to be saved."""
    async with db.transaction() as session:
        return certificate_response(await certificate_of(session, actor, run_id), run_id, form)


@router.get(HOLDS)
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show the holds, and the form for a new one."""
    async with db.transaction() as session:
        found = await list_holds(session, actor)
    return page.show(request, "compliance/holds.html", holds=found)


@router.post(HOLDS)
async def place(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Words = "", reason: Words = "", people: Words = "",
    projects: Words = "", tasks: Words = "", departments: Words = "",
) -> Response:  # fmt: skip
    """Place a hold."""
    covers = Covers(*(_lines(text) for text in (people, projects, tasks, departments)))
    async with db.transaction() as session:
        hold = await place_hold(session, actor, name, reason, covers, ledger=ledger, clock=clock)
    return RedirectResponse(f"{HOLDS}/{hold}", 303)


@router.get(HOLDS + "/{hold}")
async def show(request: Request, page: Page, db: Db, actor: Current, hold: str) -> HTMLResponse:
    """Show one hold."""
    async with db.transaction() as session:
        found = await see_hold(session, actor, hold)
    return page.show(request, "compliance/hold.html", hold=found)


@router.post(HOLDS + "/{hold}/release")
async def release(db: Db, actor: Current, ledger: TheLedger, clock: Time, hold: str, why: Words = "") -> Response:
    """Release a hold."""
    async with db.transaction() as session:
        await release_hold(session, actor, hold, why, ledger=ledger, clock=clock)
    return RedirectResponse(f"{HOLDS}/{hold}", 303)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]
