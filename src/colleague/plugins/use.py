"""What the agent gets when it chooses a skill: its text with the arguments in place, its files. Recorded by hash."""

from collections.abc import Iterable

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Result
from colleague.kit.db import Session
from colleague.plugins.manifest import clean_text
from colleague.plugins.model import Usable
from colleague.plugins.skills import files_of, find_file
from colleague.plugins.slash import command_of, every_name, full_name
from colleague.plugins.store import NoSuchSkill, skill_file, skill_paths, usable_skills
from colleague.plugins.substitute import substitute
from colleague.policy.governance import current_governance
from colleague.policy.model import DataClass, Integrity, Label
from colleague.policy.standards.entries import check_entry, phase_of

FILE_LIMIT = 200_000


def label_of_skill(one: Usable) -> Label:
    """Return what is known of a skill's text: the organisation stands behind an approved one, nobody behind a draft."""
    integrity = Integrity.TRUSTED if one.approved else Integrity.UNTRUSTED
    return Label(integrity, DataClass.INTERNAL, sources=frozenset({f"skill:{one.name}"}))


async def _find(session: Session, person: str, teams: Iterable[str], name: str) -> Usable:
    usable = await usable_skills(session, person, teams)
    named = every_name(usable)
    wanted = name.strip().removeprefix("/").casefold()
    if wanted not in named:
        now = await current_governance(session)
        open_ = {one.name for one in usable if phase_of(now, "skill", one.name) <= now.phase}
        known = ", ".join(sorted(open_)) or "none"
        raise NoSuchSkill(f"There is no skill «{name[:80]}» for this person. There are: {known[:3000]}.")
    return named[wanted]


async def check_command(session: Session, person: str, teams: Iterable[str], text: str) -> None:
    """Raise MeantForLater if `text` calls a skill by its slash, as `person` would, before its phase."""
    if command := command_of(text):
        name = full_name(command[0], await usable_skills(session, person, teams))
        check_entry(await current_governance(session), "skill", name)


async def use_skill(
    session: Session, person: str, teams: Iterable[str], name: str, arguments: str, *, run: str, ledger: Ledger
) -> Result:
    """Return the text of the skill `name` with `arguments` in it, and put its use on record.

    Its commands (`` !`…` ``) are not run: the text says so where they stand. Raises NoSuchSkill, with what there is.
    """
    one = await _find(session, person, teams, name)
    skill = one.skill
    filled = substitute(skill.body, arguments, names=skill.arguments, defaults=one.defaults, hint=skill.hint)
    files = files_of(skill, await skill_paths(session, one))
    parts = [f"# Skill {one.name}", filled.text]
    if files:
        parts.append("Its files (read_skill_file): " + ", ".join(files[:100]))
    if filled.commands:
        parts.append("The commands in it were not run: use run_python where you need what they would give.")
    facts = {"name": one.name, "sha256": one.sha256, "approved": one.approved}
    await ledger.record(session, Event("skill.used", "agent", subject=one.package, run=run, data=facts))
    return Result("\n\n".join(parts), {"skill": one.name, "sha256": one.sha256}, label_of_skill(one))


async def read_skill_file(session: Session, person: str, teams: Iterable[str], name: str, path: str) -> Result:
    """Return a text file of a skill's own folder. Raises NoSuchSkill."""
    one = await _find(session, person, teams, name)
    place = find_file(one.skill, await skill_paths(session, one), path)
    if not place:
        raise NoSuchSkill(f"The skill «{one.name}» has no file «{path[:120]}».")
    text = clean_text(await skill_file(session, one, place))
    more = "\n[… the end is cut]" if len(text) > FILE_LIMIT else ""
    return Result(text[:FILE_LIMIT] + more, {"skill": one.name, "file": place}, label_of_skill(one))
