"""Skills as people look at them: rows of the list, one skill with its text and what to look at."""

from dataclasses import dataclass
from typing import Any

from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.plugins.model import EARLY, SHIPPED, State, Usable, tokens_of
from colleague.plugins.packages import MANAGE
from colleague.plugins.shipped import shipped_packages, shipped_skills
from colleague.plugins.store import NoSuchSkill, get_package, list_packages, switched_off, usable_of
from colleague.plugins.tables import SkillPackageRow


@dataclass(frozen=True, slots=True)
class Line:
    """One skill in a list. `state`: shipped, or the state of its package; `off` says why nobody may use it now."""

    one: Usable
    state: str
    owner: str
    off: bool
    early: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {
            "name": self.one.name, "package": self.one.package, "sha256": self.one.sha256, "state": self.state,
            "description": self.one.skill.description, "owner": self.owner, "off": self.off,
            "early": self.early,
            "tokens": {"description": tokens_of(self.one.skill.description), "body": tokens_of(self.one.skill.body)},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """One skill with its package: `row` is None for a shipped one."""

    line: Line
    row: SkillPackageRow | None
    files: tuple[str, ...]


def may_look(actor: Actor, row: SkillPackageRow) -> bool:
    """Say whether `actor` may see a package: approved ones, one's own, and what was handed in for those who decide.

    What is in early access is seen by champions.
    """
    if EARLY in row.teams and not (actor.id == row.owner_id or EARLY in actor.holders or actor.may(MANAGE)):
        return False
    if row.owner_id == actor.id or row.state == State.APPROVED:
        return row.state not in (State.REMOVED, State.REPLACED)
    return actor.may(MANAGE) and row.state in (State.SUBMITTED, State.DENIED)


async def list_skills(session: Session, actor: Actor) -> list[Line]:
    """Return every skill that `actor` may see, shipped ones first."""
    off = await switched_off(session)
    found = [Line(one, SHIPPED, "", one.name in off) for one in shipped_skills()]
    for row in await list_packages(session, actor.id, everyones=actor.may(MANAGE)):
        if may_look(actor, row):
            found += [Line(one, row.state, row.owner_id, one.name in off, EARLY in row.teams) for one in usable_of(row)]
    return found


async def see_skill(session: Session, actor: Actor, package: str, name: str) -> Sight:
    """Return one skill by its package («shipped» for what comes with the product) and full name; else NoSuchSkill."""
    off = await switched_off(session)
    if package == SHIPPED:
        one = next((s for s in shipped_skills() if s.name == name), None)
        if one is None:
            raise NoSuchSkill
        return Sight(Line(one, SHIPPED, "", one.name in off), None, tuple(sorted(shipped_packages()[one.plugin].files)))
    row = await get_package(session, package)
    if not may_look(actor, row):
        raise NoSuchSkill
    one = next((s for s in usable_of(row) if s.name == name), None)
    if one is None:
        raise NoSuchSkill
    return Sight(Line(one, row.state, row.owner_id, one.name in off, EARLY in row.teams), row, tuple(sorted(row.files)))
