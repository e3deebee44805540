"""Groups, their rules, and roles of the organisation's own, for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.groups.custom_roles import change_role, define_role, list_roles, retire_role
from colleague.identity.groups.rules import list_groups, preview, set_rule, show_group
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1", tags=["groups"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Rule(BaseModel):
    """What a group gives, or gives no more. `seal`: that of the preview that was looked at."""

    kind: Literal["team", "role"]
    target: str = Field(max_length=80)
    gives: bool = True
    seal: str = Field("", max_length=64)


class RoleText(BaseModel):
    """What a role of the organisation's own is for, and gives."""

    meaning: str = Field(max_length=300)
    permissions: list[str] = Field(max_length=50)


class NewRole(RoleText):
    """A role to make."""

    name: str = Field(max_length=40)


@router.get("/groups")
async def groups(db: Db, actor: Current, search: str = "") -> list[dict[str, Any]]:
    """List the groups that identity providers sent; those that give nothing come first."""
    async with db.transaction() as session:
        return [group.to_json() for group in await list_groups(session, actor, search=search[:100])]


@router.get("/groups/{group_id}")
async def group(db: Db, actor: Current, group_id: str) -> dict[str, Any]:
    """Show one group."""
    async with db.transaction() as session:
        return (await show_group(session, actor, group_id)).to_json()


@router.post("/groups/{group_id}/preview")
async def look(db: Db, actor: Current, group_id: str, rule: Rule) -> dict[str, Any]:
    """Say who would gain or lose what; nothing is changed."""
    async with db.transaction() as session:
        effect = await preview(session, actor, group_id, rule.kind, rule.target, gives=rule.gives)
    people = [{"id": person, "name": name} for person, name in effect.people]
    return {"gives": effect.gives, "what": effect.rule.words, "people": people, "count": effect.count,
            "unchanged": effect.unchanged, "seal": effect.seal}  # fmt: skip


@router.put("/groups/{group_id}/rules", status_code=204)
async def rule(db: Db, actor: Current, ledger: TheLedger, clock: Time, group_id: str, given: Rule) -> None:
    """Let a group give a team or a role, or give it no more: at once."""
    async with db.transaction() as session:
        await set_rule(
            session, actor, group_id, given.kind, given.target, gives=given.gives, seal=given.seal, ledger=ledger,
            clock=clock,
        )  # fmt: skip


@router.get("/roles")
async def roles(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List every role with its permissions."""
    async with db.transaction() as session:
        return [role.to_json() for role in await list_roles(session, actor)]


@router.post("/roles", status_code=204)
async def new_role(db: Db, actor: Current, ledger: TheLedger, clock: Time, given: NewRole) -> None:
    """Make a role."""
    async with db.transaction() as session:
        await define_role(
            session, actor, given.name, given.meaning, given.permissions, ledger=ledger, clock=clock
        )  # fmt: skip


@router.put("/roles/{name}", status_code=204)
async def other_role(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str, given: RoleText) -> None:
    """Change what a role of the organisation's own gives."""
    async with db.transaction() as session:
        await change_role(session, actor, name, given.meaning, given.permissions, ledger=ledger, clock=clock)


@router.delete("/roles/{name}", status_code=204)
async def drop_role(db: Db, actor: Current, ledger: TheLedger, name: str) -> None:
    """Remove a role that nobody holds."""
    async with db.transaction() as session:
        await retire_role(session, actor, name, ledger=ledger)
