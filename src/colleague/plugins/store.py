"""Queries of skills: packages, what is switched off, and which skills a person may use now."""

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select

from colleague.identity.directory import holders_of
from colleague.kit.blobs import get_blob
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.plugins.model import EARLY, SHIPPED, Skill, State, Usable
from colleague.plugins.shipped import shipped_packages, shipped_skills
from colleague.plugins.tables import SkillPackageRow, SkillSwitchRow

_ALIVE = (State.DRAFT, State.SUBMITTED, State.APPROVED, State.DENIED)


class NoSuchSkill(NotFound):
    """There is no such skill, or you may not see it."""


async def switched_off(session: Session) -> dict[str, SkillSwitchRow]:
    """Return what is switched off, by full name."""
    return {row.name: row for row in await session.scalars(select(SkillSwitchRow))}


async def list_packages(session: Session, person: str, *, everyones: bool) -> Sequence[SkillPackageRow]:
    """Return living packages, newest first: approved and one's own; with `everyones` also what others handed in."""
    shown = or_(SkillPackageRow.state == State.APPROVED, SkillPackageRow.owner_id == person)
    if everyones:
        shown = or_(shown, SkillPackageRow.state.in_((State.SUBMITTED, State.DENIED)))
    query = select(SkillPackageRow).where(SkillPackageRow.state.in_(_ALIVE), shown)
    return (await session.scalars(query.order_by(SkillPackageRow.id.desc()))).all()


async def get_package(session: Session, package: str, *, lock: bool = False) -> SkillPackageRow:
    """Return a package; NoSuchSkill if there is none."""
    row = await session.get(SkillPackageRow, package, with_for_update=lock or None, populate_existing=True)
    if row is None:
        raise NoSuchSkill
    return row


def usable_of(row: SkillPackageRow) -> list[Usable]:
    """Return the skills of a package as values."""
    approved = row.state == State.APPROVED
    return [
        Usable(row.name, row.id, row.sha256, Skill.from_json(skill), approved, defaults=row.defaults)
        for skill in row.skills
    ]  # fmt: skip


async def usable_skills(session: Session, person: str, teams: Iterable[str]) -> list[Usable]:
    """Return the skills that `person` (a member of `teams`) may use now, by name: shipped, approved, their own.

    A champion, and its author, has what is in early access, in place of what everybody has of the same name.
    """
    off, mine = await switched_off(session), frozenset(teams)
    found = shipped_skills()
    rows = await list_packages(session, person, everyones=False)
    if any(EARLY in row.teams for row in rows):
        mine |= await holders_of(session, person) & {EARLY}
    early = {
        row.name: row.id
        for row in rows
        if row.state == State.APPROVED and EARLY in row.teams and (EARLY in mine or row.owner_id == person)
    }
    for row in rows:
        if row.state == State.APPROVED and row.name in early:
            usable = early[row.name] == row.id
        elif row.state == State.APPROVED:
            usable = not row.teams or bool(mine & set(row.teams))
        else:
            usable = row.owner_id == person and row.state in (State.DRAFT, State.SUBMITTED)
        if usable:
            found += usable_of(row)
    return sorted((one for one in found if one.name not in off), key=lambda one: one.name)


async def published_skills(session: Session) -> list[Usable]:
    """Return the skills that anybody may use: shipped, and approved for everybody, a team or early access."""
    query = select(SkillPackageRow).where(SkillPackageRow.state == State.APPROVED)
    found = shipped_skills() + [one for row in await session.scalars(query) for one in usable_of(row)]
    off = await switched_off(session)
    return [one for one in found if one.name not in off]


async def organisations(session: Session) -> dict[str, str]:
    """Return the skills that the organisation took up beside the shipped ones and that are on: by name, with it (PL-8).

    A draft is its author's own, and what ships was reviewed with the product: neither is among them.
    """
    return {one.name: one.name for one in await published_skills(session) if one.package != SHIPPED}


async def skill_file(session: Session, one: Usable, path: str) -> bytes:
    """Return a file of the skill's package by its full path there; NoSuchSkill if it is gone."""
    if one.package == SHIPPED:
        return shipped_packages()[one.plugin].files[path]
    row = await get_package(session, one.package)
    if path not in row.files:
        raise NoSuchSkill
    return await get_blob(session, row.files[path])


async def skill_paths(session: Session, one: Usable) -> list[str]:
    """Return the paths of all files in the skill's package."""
    if one.package == SHIPPED:
        return sorted(shipped_packages()[one.plugin].files)
    return sorted((await get_package(session, one.package)).files)
