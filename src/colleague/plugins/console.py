"""Pages of skills: what there is, one skill with its text, handing in, deciding, switching off."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import list_teams, names_of
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page
from colleague.plugins.allowed import unknown_names
from colleague.plugins.early import open_to_everybody
from colleague.plugins.model import tokens_of
from colleague.plugins.overlap.measure import overlaps, thing_of
from colleague.plugins.packages import (
    MANAGE,
    add_package,
    decide_package,
    remove_package,
    submit_package,
    switch_skill,
)
from colleague.plugins.receive import read_skill_files
from colleague.plugins.store import get_package, published_skills, usable_of
from colleague.plugins.view import list_skills, see_skill
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import categories

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


def address_of(package: str, name: str) -> str:
    """Return where a skill's page is."""
    return f"/skills/{package}/{quote(name)}"


@router.get("/skills")
async def index(request: Request, page: Page, db: Db, actor: Current, search: str = "") -> HTMLResponse:
    """List the skills that one may see."""
    words = search.casefold().split()[:10]
    async with db.transaction() as session:
        lines = await list_skills(session, actor)
        people = await names_of(session, {line.owner for line in lines})
    shown = [
        line for line in lines if all(w in f"{line.one.name} {line.one.skill.description}".casefold() for w in words)
    ]
    return page.show(
        request, "plugins/list.html", lines=shown, search=search[:100], people=people, tokens_of=tokens_of,
        address_of=address_of, manage=actor.may(MANAGE),
    )  # fmt: skip


@router.post("/skills")
async def add(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> RedirectResponse:  # fmt: skip
    """Add skills for oneself and show the first one."""
    found, folder, notices = await read_skill_files(files or [], limit=settings.upload_limit)
    async with db.transaction() as session:
        package = await add_package(session, actor, found, folder=folder, notices=notices, ledger=ledger, clock=clock)
        first = usable_of(await get_package(session, package))[0]
    return _to(address_of(package, first.name))


@router.get("/skills/{package}/{name}")
async def show(request: Request, page: Page, db: Db, actor: Current, package: str, name: str) -> HTMLResponse:
    """Show one skill: its text as the agent reads it, what a reviewer must look at, its pin."""
    async with db.transaction() as session:
        sight = await see_skill(session, actor, package, name)
        teams = await list_teams(session)
        row = sight.row
        people = await names_of(session, {row.owner_id, row.decided_by} if row else set())
        kinds = categories(await current_governance(session))
        doubles = overlaps(thing_of(sight.line.one), [thing_of(one) for one in await published_skills(session)])
    return page.show(
        request, "plugins/show.html", sight=sight, row=row, teams=teams, people=people, tokens_of=tokens_of,
        unknown_names=unknown_names, kinds=kinds, doubles=doubles,
        manage=actor.may(MANAGE),
    )  # fmt: skip


@router.post("/skills/{package}/{name}/submit")
async def submit(db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, name: str) -> RedirectResponse:
    """Hand one's skills in for everybody."""
    async with db.transaction() as session:
        await submit_package(session, actor, package, ledger=ledger, clock=clock)
    return _to(address_of(package, name))


@router.post("/skills/{package}/{name}/decide")
async def decide(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, name: str,
    approve: Annotated[bool, Form()], sha256: Annotated[str, Form()], reason: Annotated[str, Form()] = "",
    teams: Annotated[list[str] | None, Form()] = None, category: Annotated[str, Form(max_length=40)] = "",
) -> RedirectResponse:  # fmt: skip
    """Approve or deny what was handed in."""
    async with db.transaction() as session:
        await decide_package(
            session, actor, package, approve=approve, sha256=sha256, reason=reason, teams=teams or [],
            category=category, ledger=ledger, clock=clock,
        )  # fmt: skip
    return _to(address_of(package, name))


@router.post("/skills/{package}/{name}/open")
async def open_early(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, name: str,
    sha256: Annotated[str, Form(max_length=64)],
) -> RedirectResponse:  # fmt: skip
    """Give everybody what champions have had early."""
    async with db.transaction() as session:
        await open_to_everybody(session, actor, package, sha256=sha256, ledger=ledger, clock=clock)
    return _to(address_of(package, name))


@router.post("/skills/{package}/{name}/switch")
async def switch(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, package: str, name: str, on: Annotated[bool, Form()],
    reason: Annotated[str, Form()] = "",
) -> RedirectResponse:  # fmt: skip
    """Switch a skill off for everybody, or on again."""
    async with db.transaction() as session:
        sight = await see_skill(session, actor, package, name)
        await switch_skill(session, actor, sight.line.one.name, on=on, reason=reason, ledger=ledger, clock=clock)
    return _to(address_of(package, name))


@router.post("/skills/{package}/{name}/remove")
async def remove(db: Db, actor: Current, ledger: TheLedger, package: str, name: str) -> RedirectResponse:
    """Take skills away."""
    async with db.transaction() as session:
        await remove_package(session, actor, package, ledger=ledger)
    return _to("/skills")
