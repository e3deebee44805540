"""The page of the templates: the plan to try out, and everything to take away."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page
from colleague.rollout.templates.fill import Asked, Taken, fill, planned
from colleague.rollout.templates.form import Planned
from colleague.rollout.templates.plan import BadPlan, Plan
from colleague.rollout.templates.shape import SHAPES
from colleague.rollout.templates.shelf import SHELF
from colleague.usecases.around import Reach
from colleague.usecases.view import list_lines

router = APIRouter(include_in_schema=False)
TheReach = Annotated[Reach, Depends(part(Reach))]
PAGE = "/programme/templates"


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan on the page, or why it is refused, and the query that makes its files."""

    plan: Plan | None
    refused: str
    query: str


@router.get(PAGE)
async def index(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, reach: TheReach,
    given: Annotated[Planned, Query()],
) -> HTMLResponse:  # fmt: skip
    """Show the plan that the form or the live data give, and what there is to take away."""
    async with db.transaction() as session:
        shown = await _shown(session, actor, given, reach=reach, now=clock.now())
        lines = await list_lines(session, actor, reach=reach) if actor.may("org:usecases:read") else []
    return page.show(
        request, "rollout/templates/show.html", status=422 if shown.refused else 200, shown=shown, given=given,
        shelf=SHELF, shapes=SHAPES, cases=[one.case for one in lines if one.case.state != "retired"],
    )  # fmt: skip


async def _shown(session: Any, actor: Current, given: Planned, **more: Any) -> Shown:
    query = urlencode({key: str(value) for key, value in given if value is not None})
    try:
        plan, _ = await planned(session, actor, given, **more)
    except BadPlan as refused:
        return Shown(None, refused.message, query)
    return Shown(plan, "", query)


@router.get(f"{PAGE}/{{name}}.{{ending}}")
async def take(
    db: Db, actor: Current, clock: Time, settings: Config, reach: TheReach, name: str, ending: str,
    given: Annotated[Planned, Query()], case: Annotated[str, Query(max_length=80)] = "", empty: bool = False,
) -> Response:  # fmt: skip
    """Give a template as a file."""
    asked = Asked(name, ending, empty, case, given)
    return sent(await fill(actor, asked, database=db, reach=reach, origin=settings.url, now=clock.now()))


def sent(taken: Taken) -> Response:
    """Return a file as a browser or a program takes it."""
    headers = {"Content-Disposition": f'attachment; filename="{taken.name}"', "Cache-Control": "no-store"}
    return Response(taken.content, media_type=taken.media_type, headers=headers)
