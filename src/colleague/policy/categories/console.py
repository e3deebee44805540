"""The page of output categories: what each asks for, and a form to change it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.roles import known_roles
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.categories.change import describe_category, withdraw_category
from colleague.policy.governance import current_governance
from colleague.policy.second_person.on_record import changing
from colleague.policy.second_person.propose import Proposal
from colleague.policy.standards.category import SHIPPED, Category, categories

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/categories")
async def index(request: Request, page: Page, db: Db, actor: Current, edit: str = "") -> HTMLResponse:
    """Show every category; with `edit`, its form."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        governance = await current_governance(session)
        roles = sorted(await known_roles(session)) if actor.may("org:policy:manage") else []
    known = categories(governance)
    own = {Category.read(text).id for text in governance.output_categories}
    return page.show(
        request, "policy/categories.html", kinds=known.values(), own=own, shipped=SHIPPED, roles=roles,
        edited=known.get(edit), adds=edit == "new", manage=actor.may("org:policy:manage"),
        also=governance.reviewed_categories,
    )  # fmt: skip


@router.post("/categories")
async def describe(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, id_: Annotated[str, Form(alias="id", max_length=60)],
    title: Annotated[str, Form(max_length=200)] = "", stakes: Annotated[str, Form(max_length=10)] = "high",
    standard: Annotated[str, Form(max_length=2000)] = "", checklist: Annotated[str, Form(max_length=8000)] = "",
    reviewers: Annotated[list[str] | None, Form()] = None, sample: Annotated[int, Form()] = 5,
) -> Response:  # fmt: skip
    """Describe a category: one point of the checklist a line."""
    raw = {
        "id": id_.strip(), "title": title, "high_stakes": stakes != "light", "standard": standard,
        "checklist": checklist.splitlines(), "reviewers": reviewers or [], "sample": sample,
    }  # fmt: skip
    async with changing(db, actor, "settings", ledger) as session:
        done = await describe_category(session, actor, raw, ledger=ledger, clock=clock)
    return RedirectResponse("/policies#waiting" if isinstance(done, Proposal) else f"/categories#{raw['id']}", 303)


@router.post("/categories/{name}/withdraw")
async def withdraw(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str) -> Response:
    """Take back what the organisation said of a category."""
    async with changing(db, actor, "settings", ledger) as session:
        done = await withdraw_category(session, actor, name, ledger=ledger, clock=clock)
    return RedirectResponse("/policies#waiting" if isinstance(done, Proposal) else "/categories", 303)
