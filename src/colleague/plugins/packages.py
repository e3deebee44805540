"""Skills come in, are reviewed by somebody else, stand for everybody, are switched off: each change by one deed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.blobs import put_blob
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.kit.ids import new_id
from colleague.plugins.hold import check_hold
from colleague.plugins.model import EARLY, Notice, State
from colleague.plugins.skills import read_package
from colleague.plugins.store import NoSuchSkill, get_package, organisations, switched_off, usable_of
from colleague.plugins.tables import SkillPackageRow, SkillSwitchRow
from colleague.plugins.unpack import BadPackage
from colleague.policy.governance import current_governance
from colleague.policy.standards.category import categories, stricter_of
from colleague.policy.standards.entries import check_entry
from colleague.policy.standards.surface import check_surface

MANAGE = "org:skills:manage"
PACKAGES = 727_041


class AlreadyHere(Conflict):
    """Exactly this version is here already."""


class NotYours(Forbidden):
    """Only the person who added these skills may do this."""


class NotYourOwn(Forbidden):
    """Somebody other than the person who added them must decide about skills."""


class NotWaiting(Conflict):
    """These skills do not wait for a decision: they are {state}."""


class NoCategory(Invalid):
    """Nobody has said what kind of output «{name}» writes, so nobody could say how it is reviewed. Choose one of:
    {known}."""


class NotOffered(Conflict):
    """These skills cannot be handed in: they are {state}."""


async def add_package(
    session: Session, actor: Actor, files: Mapping[str, bytes], *, folder: str = "", notices: Sequence[Notice] = (),
    ledger: Ledger, clock: Clock,
) -> str:  # fmt: skip
    """Add skills for oneself: they are untrusted text in one's own tasks until the organisation approves them.

    A newer version takes the place of one's own older draft. Raises BadPackage, AlreadyHere, PermissionMissing.
    """
    actor.require("own:tasks:use")
    package = read_package(files, folder=folder, notices=notices)
    if not package.skills:
        raise BadPackage(why="there is no skill in it. Add a SKILL.md.")
    await advisory_lock(session, PACKAGES)
    name, sha256 = package.manifest.name, package.sha256
    query = select(SkillPackageRow).where(SkillPackageRow.name == name, SkillPackageRow.owner_id == actor.id)
    for row in await session.scalars(query.with_for_update()):
        if row.state in (State.DRAFT, State.SUBMITTED, State.APPROVED) and row.sha256 == sha256:
            raise AlreadyHere
        if row.state in (State.DRAFT, State.SUBMITTED, State.DENIED):
            row.state = State.REPLACED
    stored = {path: await put_blob(session, content) for path, content in files.items()}
    row = SkillPackageRow(
        id=new_id("skill"), owner_id=actor.id, name=name, title=package.manifest.title or name, sha256=sha256,
        state=State.DRAFT, files=stored, skills=[s.to_json() for s in package.skills],
        defaults=dict(package.manifest.defaults), notices=[n.to_json() for n in package.notices[:200]],
        flags=list(package.flags), unused=list(package.unused), teams=[], added_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    facts = {"name": name, "sha256": sha256, "skills": len(package.skills), "flags": len(package.flags)}
    await ledger.record(session, Event("skill.added", actor.id, subject=row.id, data=facts))
    return row.id


async def submit_package(session: Session, actor: Actor, package: str, *, ledger: Ledger, clock: Clock) -> None:
    """Hand one's skills in, so that somebody else decides whether they are for everybody."""
    row = await get_package(session, package, lock=True)
    if row.owner_id != actor.id:
        raise NoSuchSkill
    if row.state not in (State.DRAFT, State.DENIED):
        raise NotOffered(state=row.state)
    row.state, row.submitted_at, row.reason = State.SUBMITTED, clock.now(), ""
    facts = {"name": row.name, "sha256": row.sha256}
    await ledger.record(session, Event("skill.submitted", actor.id, subject=row.id, data=facts))


async def decide_package(
    session: Session, actor: Actor, package: str, *, approve: bool, sha256: str, reason: str = "",
    teams: Sequence[str] = (), category: str = "", ledger: Ledger, clock: Clock,
) -> None:  # fmt: skip
    """Approve (for `teams`, for champions first, or for everybody) or deny what was handed in, exactly with this hash.

    Each skill needs an output category that the organisation has described (OH-4): its own, or `category`; of two the
    stricter. Raises NotYourOwn, NotWaiting, NoCategory, CatalogueHeld, BeyondThePilot, MeantForLater,
    PermissionMissing.
    """
    actor.require(MANAGE)
    await advisory_lock(session, PACKAGES)
    row, held = await get_package(session, package, lock=True), await organisations(session)
    if row.owner_id == actor.id:
        raise NotYourOwn
    if row.state != State.SUBMITTED or row.sha256 != sha256:
        raise NotWaiting(state=row.state)
    if approve:
        await check_hold(session, clock=clock)
        row.skills = await _with_categories(session, row, category.strip())
        older = select(SkillPackageRow).where(SkillPackageRow.name == row.name, SkillPackageRow.state == State.APPROVED)
        for before in await session.scalars(older.with_for_update()):
            # What champions try first takes nothing away from the others.
            if EARLY not in teams or EARLY in before.teams:
                before.state = State.REPLACED
    row.state = State.APPROVED if approve else State.DENIED
    row.decided_at, row.decided_by, row.reason, row.teams = clock.now(), actor.id, reason.strip()[:1000], list(teams)
    await _within_the_pilot(session, held)
    governance = await current_governance(session)
    for one in usable_of(row) if approve else ():
        check_entry(governance, "skill", one.name)
    verb = "skill.approved" if approve else "skill.denied"
    facts = {"name": row.name, "sha256": row.sha256, "teams": list(teams)}
    if approve:
        facts["categories"] = sorted({s["category"] for s in row.skills})
    await ledger.record(session, Event(verb, actor.id, subject=row.id, data=facts))


async def _within_the_pilot(session: Session, before: Mapping[str, str]) -> None:
    """Raise BeyondThePilot, which takes the whole deed back, if there are now more skills than a pilot may have."""
    await session.flush()
    check_surface(await current_governance(session), "skills", before, await organisations(session))


async def _with_categories(session: Session, row: SkillPackageRow, category: str) -> list[dict[str, Any]]:
    governance = await current_governance(session)
    known, skills = categories(governance), []
    for skill in row.skills:
        chosen = stricter_of(governance, [str(skill.get("category") or ""), category], "")
        if chosen not in known:
            raise NoCategory(name=skill["name"], known=", ".join(sorted(known)))
        skills.append({**skill, "category": chosen})
    return skills


async def remove_package(session: Session, actor: Actor, package: str, *, ledger: Ledger) -> None:
    """Take skills away: one's own, or, with the permission, anybody's. Their pin stays on record."""
    row = await get_package(session, package, lock=True)
    if row.owner_id != actor.id:
        actor.require(MANAGE)
    row.state = State.REMOVED
    facts = {"name": row.name, "sha256": row.sha256}
    await ledger.record(session, Event("skill.removed", actor.id, subject=row.id, data=facts))


async def switch_skill(
    session: Session, actor: Actor, name: str, *, on: bool, reason: str = "", ledger: Ledger, clock: Clock
) -> None:
    """Switch a skill (`plugin:skill`, shipped ones too) off for everybody, at their next call, or on again.

    Raises BeyondThePilot where one more is on than a pilot may have, MeantForLater before its phase.
    """
    actor.require(MANAGE)
    await advisory_lock(session, PACKAGES)
    off = await switched_off(session)
    if on and name in off:
        held = await organisations(session)
        await session.delete(off[name])
        await _within_the_pilot(session, held)
        check_entry(await current_governance(session), "skill", name)
    elif not on and name not in off:
        row = SkillSwitchRow(name=name[:200], off_by=actor.id, off_at=clock.now(), reason=reason.strip()[:1000])
        session.add(row)
    else:
        return
    verb = "skill.switched_on" if on else "skill.switched_off"
    await ledger.record(session, Event(verb, actor.id, subject=name[:200], data={"reason": reason[:1000]}))
