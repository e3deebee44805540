"""Pages of reviews: what waits, one output with its review, and the forms on it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.current import Current
from colleague.kit.documents.preview import preview_html
from colleague.kit.doors import Db, part
from colleague.kit.page import Page
from colleague.policy.model import DataClass
from colleague.tasks.parts import Parts
from colleague.tasks.reviews.act import decide, lower_class, put_into, second_look
from colleague.tasks.reviews.queue import count_waiting, waiting_for
from colleague.tasks.reviews.sheet import Sheet, sheet_of

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Parts, Depends(part(Parts))]
Note = Annotated[str, Form(max_length=2000)]


@router.get("/reviews")
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show what waits for a look of mine."""
    async with db.transaction() as session:
        waiting = await waiting_for(session, actor)
    return page.show(request, "tasks/reviews.html", waiting=waiting, reviewer=actor.may("org:outputs:review"))


@router.get("/reviews/count")
async def count(db: Db, actor: Current) -> HTMLResponse:
    """Return the number that stands beside «Reviews» in the navigation."""
    async with db.transaction() as session:
        waiting = await count_waiting(session, actor)
    return HTMLResponse(f'<span class="badge cl-count">{waiting}</span>' if waiting else "")


def _shown(request: Request, page: Page, sheet: Sheet, *, opened: bool) -> HTMLResponse:
    html = preview_html(sheet.document, places=sheet.places)
    classes = [c.name.lower() for c in sheet.classes]
    return page.show(request, "tasks/output.html", sheet=sheet, html=html, opened=opened, classes=classes)


@router.get("/outputs/{output_id}")
async def output(
    request: Request, page: Page, parts: TheParts, actor: Current, output_id: str, version: int | None = None
) -> HTMLResponse:  # fmt: skip
    """Preview an output: its text, versions, what it was made from, what changed, its class and its reviews."""
    sheet = await sheet_of(
        actor, output_id, version, opens=False, database=parts.database, ledger=parts.ledger, clock=parts.clock
    )
    return _shown(request, page, sheet, opened=False)


@router.get("/reviews/{output_id}")
async def review_page(
    request: Request, page: Page, parts: TheParts, actor: Current, output_id: str, version: int | None = None
) -> HTMLResponse:  # fmt: skip
    """Show the same with the form to decide; the time of a look begins when it is opened here first."""
    sheet = await sheet_of(
        actor, output_id, version, opens=True, database=parts.database, ledger=parts.ledger, clock=parts.clock
    )
    return _shown(request, page, sheet, opened=True)


def _to(output_id: str, version: int) -> Response:
    return RedirectResponse(f"/outputs/{output_id}?version={version}", 303)


@router.post("/outputs/{output_id}/reviews")
async def review(
    parts: TheParts, actor: Current, output_id: str, version: Annotated[int, Form()],
    accept: Annotated[bool, Form()], note: Note = "", checklist: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Accept or reject a version."""
    await decide(actor, output_id, version, accept=accept, note=note, checklist=checklist or [], parts=parts)
    return _to(output_id, version)


@router.post("/outputs/{output_id}/second-looks")
async def look(
    parts: TheParts, actor: Current, output_id: str, version: Annotated[int, Form()],
    agree: Annotated[bool, Form()], note: Note = "",
) -> Response:  # fmt: skip
    """Agree or disagree with what its owner accepted."""
    await second_look(actor, output_id, version, agree=agree, note=note, parts=parts)
    return _to(output_id, version)


@router.post("/outputs/{output_id}/category")
async def category(
    parts: TheParts, actor: Current, output_id: str, category: Annotated[str, Form(max_length=60)]
) -> Response:  # fmt: skip
    """Put it into another category that is not lighter."""
    await put_into(actor, output_id, category, parts=parts)
    return RedirectResponse(f"/outputs/{output_id}", 303)


@router.post("/outputs/{output_id}/class")
async def lower(
    parts: TheParts, actor: Current, output_id: str, version: Annotated[int, Form()],
    to: Annotated[Literal["public", "internal", "confidential"], Form()], seen: Annotated[str, Form(max_length=64)],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:  # fmt: skip
    """Lower the class of one version."""
    await lower_class(actor, output_id, version, DataClass[to.upper()], reason, seen=seen, parts=parts)
    return _to(output_id, version)
