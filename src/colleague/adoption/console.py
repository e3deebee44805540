"""The page of adoption."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from colleague.adoption.groups import KINDS, Groups
from colleague.adoption.targets import standings, targets_in
from colleague.adoption.weekly import DEFINITIONS, lines, numbers
from colleague.identity.current import Current
from colleague.identity.directory import count_excluded
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.governance import current_governance

router = APIRouter(include_in_schema=False)
TheGroups = Annotated[Groups, Depends(part(Groups))]
Name = Annotated[str, Query(max_length=200)]


@router.get("/adoption")
async def show(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, groups: TheGroups, by: Name = "", name: Name = ""
) -> HTMLResponse:
    """Show the last twelve weeks of the organisation, of every group of a kind (the last week), or of one group."""
    async with db.transaction() as session:
        phase = (await current_governance(session)).phase
        if by:
            found = await lines(session, actor, groups, kind=by, name=name, clock=clock)
            weeks = found[0].weeks if name else []
        else:
            weeks, found = await numbers(session, actor, clock=clock), []
        excluded = await count_excluded(session)
    return page.show(
        request, "adoption/weeks.html", weeks=weeks, lines=[] if name else found, definitions=DEFINITIONS,
        by=by, name=name, kinds=KINDS, excluded=excluded, targets={one.name: one for one in targets_in(phase)},
        standings={one.name: one for one in standings(weeks[:0:-1], phase)},
    )  # fmt: skip
