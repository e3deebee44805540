"""Find playbooks and modules as they stand, who passed what, and who has completed the first month's training."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select

from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.rollout.onboarding.model import Module, Week, read_module, read_playbook
from colleague.rollout.onboarding.shipped import modules as shipped
from colleague.rollout.onboarding.shipped import shipped_modules, shipped_playbook
from colleague.rollout.onboarding.tables import PassRow, TickRow, VersionRow

PLAYBOOK, MODULE = "playbook", "module"


class NoSuchModule(NotFound):
    """There is no such training module."""


@dataclass(frozen=True, slots=True)
class Version:
    """A playbook or module as it stands: its text, which version (0: as shipped), and whose."""

    key: str
    version: int
    text: str
    why: str = ""
    by: str = ""
    at: datetime | None = None


async def newest(session: Session, kind: str) -> dict[str, Version]:
    """Return the newest version of each playbook (by department) or module, those that the organisation wrote."""
    query = select(VersionRow).where(VersionRow.kind == kind).order_by(VersionRow.version)
    return {r.key: Version(r.key, r.version, r.text, r.why, r.by, r.at) for r in await session.scalars(query)}


async def playbook_text(session: Session, department: str = "") -> Version:
    """Return the playbook that holds for a department: its own, else everybody's, else the shipped one."""
    own = await newest(session, PLAYBOOK)
    known = {key.casefold(): one for key, one in own.items()}
    found = known.get(department.casefold()) or known.get("")
    return found or Version("", 0, shipped_playbook())


async def playbook(session: Session, department: str = "") -> tuple[Week, ...]:
    """Return the four weeks that hold for a department."""
    return read_playbook((await playbook_text(session, department)).text)


async def module_text(session: Session, key: str) -> Version:
    """Return a module's text as it stands; NoSuchModule if none of this name ships."""
    ships = shipped_modules()
    if key not in ships:
        raise NoSuchModule
    return (await newest(session, MODULE)).get(key) or Version(key, 0, ships[key])


async def modules(session: Session) -> list[Module]:
    """Return every module as it stands, in the order in which they are read; the exercise last."""
    own = await newest(session, MODULE)
    return [
        replace(read_module(key, own[key].text), version=own[key].version) if key in own else module
        for key, module in shipped().items()
    ]


async def get_module(session: Session, key: str) -> Module:
    """Return one module as it stands; NoSuchModule if there is none."""
    found = next((one for one in await modules(session) if one.key == key), None)
    if found is None:
        raise NoSuchModule
    return found


async def _since(session: Session) -> dict[str, int]:
    """Return from which version on a pass counts, by module: one that is asked again ends the earlier ones."""
    query = select(VersionRow.key, func.max(VersionRow.version)).where(VersionRow.kind == MODULE, VersionRow.again)
    return dict((await session.execute(query.group_by(VersionRow.key))).all())


async def passed(session: Session, *people: str) -> dict[str, frozenset[str]]:
    """Return the modules that people have passed and that still count, by person; of everybody if none is named."""
    since = await _since(session)
    query = select(PassRow.person_id, PassRow.module, PassRow.version).where(PassRow.passed_at.is_not(None))
    query = query.where(PassRow.person_id.in_(people)) if people else query
    found: dict[str, set[str]] = {}
    for person, module, version in await session.execute(query):
        if version >= since.get(module, 0):
            found.setdefault(person, set()).add(module)
    return {person: frozenset(keys) for person, keys in found.items()}


async def completed(session: Session) -> frozenset[str]:
    """Return who has completed onboarding: every module and the delegation exercise (PH-10)."""
    all_ = frozenset(shipped_modules())
    return frozenset(person for person, keys in (await passed(session)).items() if keys >= all_)


async def ticks(session: Session, *about: str) -> dict[str, frozenset[str]]:
    """Return the activities that were ticked, by person or cohort."""
    query = select(TickRow.about, TickRow.key).where(TickRow.about.in_(about))
    found: dict[str, set[str]] = {}
    for one, key in await session.execute(query):
        found.setdefault(one, set()).add(key)
    return {one: frozenset(keys) for one, keys in found.items()}
