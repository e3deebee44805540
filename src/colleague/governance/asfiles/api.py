"""Configuration as files for programs: export, diff, plan, apply, roll back."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from colleague.governance.asfiles.apply import (
    apply_files,
    drift_of,
    export_files,
    files_before,
    list_applied,
    plan_files,
)
from colleague.governance.asfiles.doors import TheParts
from colleague.identity.current import Current

router = APIRouter(prefix="/api/v1/governance/files", tags=["governance"])


class Files(BaseModel):
    """Files by name, as the export gives them. One that is left out leaves what stands in it alone."""

    files: dict[str, str] = Field(max_length=20)


class Seen(BaseModel):
    """The digest of the plan that was looked at."""

    plan: str = Field(max_length=64)


class FilesSeen(Files, Seen):
    """Files, and the digest of the plan for them."""


@router.post("/export")
async def export(parts: TheParts, actor: Current) -> dict[str, Any]:
    """Export the configuration in force as files by name; that it was taken is on record."""
    return {"files": await export_files(parts, actor)}


@router.post("/diff")
async def diff(parts: TheParts, actor: Current, given: Files) -> dict[str, Any]:
    """Say how what is in force differs from the files (drift)."""
    found = await drift_of(parts, actor, given.files)
    shown = [{"line": c.line, "list": c.list, "verb": c.verb, "what": c.what, "details": c.details} for c in found]
    return {"differences": shown}


@router.post("/plan")
async def plan(parts: TheParts, actor: Current, given: Files) -> dict[str, Any]:
    """Return what applying the files would change, with whom it touches, and the digest of it. Nothing changes."""
    return (await plan_files(parts, actor, given.files)).to_json()


@router.post("/apply")
async def apply(parts: TheParts, actor: Current, given: FilesSeen) -> dict[str, Any]:
    """Apply exactly the plan with this digest, all of it or nothing."""
    return (await apply_files(parts, actor, given.files, given.plan)).to_json()


@router.get("/applied")
async def applied(parts: TheParts, actor: Current) -> list[dict[str, Any]]:
    """List what was applied, newest first."""
    return [one.to_json() for one in await list_applied(parts, actor)]


@router.get("/applied/{applied_id}/before")
async def before(parts: TheParts, actor: Current, applied_id: str) -> dict[str, Any]:
    """Return the files of what was in force before an application."""
    return {"files": (await files_before(parts, actor, applied_id))[1]}


@router.post("/applied/{applied_id}/rollback/plan")
async def plan_rollback(parts: TheParts, actor: Current, applied_id: str) -> dict[str, Any]:
    """Plan to put in force what was before an application. Nothing changes."""
    _, files = await files_before(parts, actor, applied_id)
    return (await plan_files(parts, actor, files)).to_json()


@router.post("/applied/{applied_id}/rollback")
async def rollback(parts: TheParts, actor: Current, applied_id: str, seen: Seen) -> dict[str, Any]:
    """Put in force what was before an application, exactly as it was planned."""
    ident, files = await files_before(parts, actor, applied_id)
    return (await apply_files(parts, actor, files, seen.plan, rolls_back=ident)).to_json()
