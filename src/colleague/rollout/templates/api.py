"""Templates for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, Time
from colleague.rollout.templates.console import TheReach, sent
from colleague.rollout.templates.fill import Asked, fill, planned
from colleague.rollout.templates.form import Planned
from colleague.rollout.templates.shelf import SHELF

router = APIRouter(prefix="/api/v1/programme", tags=["programme"])


@router.get("/templates")
async def index(actor: Current) -> list[dict[str, Any]]:
    """Return every template with its formats, its version, who keeps it and when it has done its work."""
    actor.require("org:programme:read")
    return [one.to_json() for one in SHELF.values()]


@router.get("/templates/{name}", response_class=Response)
async def take(
    db: Db, actor: Current, clock: Time, settings: Config, reach: TheReach, name: str,
    format: Annotated[str, Query(max_length=10)], given: Annotated[Planned, Query()],
    case: Annotated[str, Query(max_length=80)] = "", empty: bool = False,
) -> Response:  # fmt: skip
    """Return a template as a file, filled or `empty`. `case`: the use case of a sheet, by id."""
    asked = Asked(name, format, empty, case, given)
    return sent(await fill(actor, asked, database=db, reach=reach, origin=settings.url, now=clock.now()))


@router.get("/plan")
async def plan(
    db: Db, actor: Current, clock: Time, reach: TheReach, given: Annotated[Planned, Query()]
) -> dict[str, Any]:  # fmt: skip
    """Return the dated plan: phases, gates, what is due. A plan that breaks the phases is refused with the reason."""
    async with db.transaction() as session:
        found, _ = await planned(session, actor, given, reach=reach, now=clock.now())
    return found.to_json()
