"""Adoption for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from colleague.adoption.frozen.corrections import versions
from colleague.adoption.groups import Groups
from colleague.adoption.targets import standings, targets_in
from colleague.adoption.weekly import DEFINITIONS, lines, numbers
from colleague.identity.current import Current
from colleague.identity.directory import count_excluded
from colleague.kit.doors import Db, Time, part
from colleague.policy.governance import current_governance

router = APIRouter(prefix="/api/v1/adoption", tags=["adoption"])
TheGroups = Annotated[Groups, Depends(part(Groups))]
Count = Annotated[int, Query(ge=1, le=53)]


@router.get("/weeks")
async def weeks(db: Db, actor: Current, clock: Time, groups: TheGroups, count: Count = 12) -> dict[str, Any]:
    """Return the numbers of the last weeks, newest first, with what each means. Nobody is named."""
    async with db.transaction() as session:
        found = await numbers(session, actor, groups, clock=clock, count=count)
        phase, excluded = (await current_governance(session)).phase, await count_excluded(session)
    # The running week has only begun: it is told, and held against nothing.
    ended = standings(found[:0:-1], phase)
    return {
        "definitions": DEFINITIONS, "excluded": excluded, "weeks": [week.to_json() for week in found],
        "targets": [one.to_json() | {"words": t.words} for one, t in zip(ended, targets_in(phase), strict=True)],
    }  # fmt: skip


@router.get("/weeks/{week}/versions")
async def week_versions(
    db: Db, actor: Current, week: str, by: Annotated[str, Query(max_length=200)] = "",
    name: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:  # fmt: skip
    """Return what was corrected of a frozen week, of the organisation or of one group: what changed, when and why."""
    async with db.transaction() as session:
        return (await versions(session, actor, week, kind=by, name=name)).to_json()


@router.get("/groups/{kind}")
async def groups_of(
    db: Db, actor: Current, clock: Time, groups: TheGroups, kind: str,
    name: Annotated[str, Query(max_length=200)] = "", count: Count = 12,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the weeks of every group of a kind (department, team, cohort, onboarded, source), or of one."""
    async with db.transaction() as session:
        found = await lines(session, actor, groups, kind=kind, name=name, clock=clock, count=count)
    return [one.to_json() for one in found]
