"""The page of adoption."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from colleague.adoption.frozen.corrections import versions
from colleague.adoption.frozen.kept import frozen_weeks
from colleague.adoption.frozen.running import is_large
from colleague.adoption.groups import KINDS, Groups
from colleague.adoption.targets import standings, targets_in
from colleague.adoption.weekly import DEFINITIONS, lines, numbers
from colleague.adoption.weeks import Week
from colleague.identity.current import Current
from colleague.identity.directory import count_excluded
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.governance import current_governance

router = APIRouter(include_in_schema=False)
TheGroups = Annotated[Groups, Depends(part(Groups))]
Name = Annotated[str, Query(max_length=200)]


@router.get("/adoption/weeks/{week}")
async def show_versions(
    request: Request, page: Page, db: Db, actor: Current, week: str, by: Name = "", name: Name = ""
) -> HTMLResponse:  # fmt: skip
    """Show a week in its versions: what it says now, what was corrected of it, and why."""
    async with db.transaction() as session:
        found = await versions(session, actor, week, kind=by, name=name)
        now = await frozen_weeks(
            session, Week.read(found.week), Week.read(found.week), kind=found.kind, name=found.name
        )
    return page.show(
        request, "adoption/versions.html", found=found, by=by, name=name,
        now=next((one.told() for one in now.values()), None),
    )  # fmt: skip


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
            weeks, found = await numbers(session, actor, groups, clock=clock), []
        excluded, large = await count_excluded(session), await is_large(session)
    return page.show(
        request, "adoption/weeks.html", weeks=weeks, lines=[] if name else found, definitions=DEFINITIONS,
        by=by, name=name, kinds=KINDS, excluded=excluded, targets={one.name: one for one in targets_in(phase)},
        standings={one.name: one for one in standings(weeks[:0:-1], phase)}, large=large,
    )  # fmt: skip
