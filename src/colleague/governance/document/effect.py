"""What a draft changes, and whom it affects, before it applies: sentences, settings, counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import column, func, select, table
from sqlalchemy.dialects.postgresql import JSONB

from colleague.connectors.grants import list_grants
from colleague.governance.document.compile import Compiled
from colleague.governance.document.model import Document, Sentence
from colleague.governance.document.questionnaire import holder_of, holder_words
from colleague.identity.directory import list_active, list_teams
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.governance import stored_form
from colleague.policy.inputs import ANY, Ceiling, permitted_input
from colleague.policy.model import DataClass, Governance
from colleague.policy.second_person.words import TITLES, setting_words
from colleague.policy.stricter import weaker
from colleague.tasks.model import ENDED


@dataclass(frozen=True, slots=True)
class Change:
    """One setting: what it is now, what it would be, and whether that allows more."""

    name: str
    title: str
    before: str
    after: str
    weakens: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A draft beside the version in force: sentences that come, go or read differently, and settings that change."""

    added: tuple[Sentence, ...]
    removed: tuple[Sentence, ...]
    reworded: tuple[tuple[Sentence, Sentence], ...]
    settings: tuple[Change, ...]

    def to_json(self) -> dict[str, object]:
        """Return the difference as JSON."""
        return {
            "added": [s.to_json() for s in self.added], "removed": [s.to_json() for s in self.removed],
            "changed": [{"before": a.to_json(), "after": b.to_json()} for a, b in self.reworded],
            "settings": [
                {"name": c.name, "before": c.before, "after": c.after, "weakens": c.weakens} for c in self.settings
            ],
        }  # fmt: skip


def difference(
    last: Document | None, draft: Document, before: Governance, after: Governance, teams: Mapping[str, str]
) -> Difference:
    """Compare a draft and what it compiles to with the version and the settings in force; `teams` by id. Pure."""
    old = {s.id: s for s in last.sentences} if last else {}
    new = {s.id: s for s in draft.sentences}
    return Difference(
        tuple(s for i, s in new.items() if i not in old),
        tuple(s for i, s in old.items() if i not in new),
        tuple((old[i], s) for i, s in new.items() if i in old and old[i] != s),
        changes(before, after, teams),
    )


def changes(before: Governance, after: Governance, teams: Mapping[str, str]) -> tuple[Change, ...]:
    """Return the settings that differ, in words. Pure."""
    weak, old, new = weaker(before, after), stored_form(before), stored_form(after)
    return tuple(
        Change(
            name,
            TITLES[name],
            setting_words(name, old[name], teams),
            setting_words(name, new[name], teams),
            name in weak,
        )
        for name in TITLES
        if old[name] != new[name]
    )


# The rows of runs by name: which have not ended, and what they have read.
_RUNS = table("runs", column("state"), column("label", JSONB))


async def effect(session: Session, before: Governance, compiled: Compiled, *, clock: Clock) -> list[str]:
    """Return who and what is affected, in sentences with counts."""
    after = compiled.governance
    lines: list[str] = []
    people = len(await list_active(session))
    if changes(before, after, {}):
        lines.append(f"{_count(people, 'person')} work under the new settings from the next call on.")
    teams = {t.id: t for t in await list_teams(session)}
    for entry in sorted(set(after.input_ceilings) - set(before.input_ceilings)):
        one = Ceiling.read(entry)
        who = _count(people if one.team == ANY else teams[one.team].members if one.team in teams else 0, "person")
        skill = "" if one.skill == ANY else f" with the skill {one.skill}"
        lines.append(f"{who}: nothing above {one.highest.name.lower()}{skill}.")
    lines += await _grants(session, before, after, {i: t.name for i, t in teams.items()}, clock)
    lines += await _running(session, before, after)
    return lines


def _count(number: int, noun: str) -> str:
    many = {"person": "people", "grant": "grants", "task": "tasks"}
    return f"{number:,} {noun if number == 1 else many[noun]}"


async def _grants(
    session: Session, before: Governance, after: Governance, teams: Mapping[str, str], clock: Clock
) -> Sequence[str]:
    """Return which grants would open nothing any more, and which would open again."""
    shut: list[str] = []
    opened: list[str] = []
    for one in await list_grants(session, clock=clock):
        given = one.to_json()
        holder = holder_of(given)
        lies = DataClass[str(given["place_class"]).upper()]
        was, is_ = (min(g.highest_input, permitted_input(g, {holder}, ())) >= lies for g in (before, after))
        if was != is_:
            (opened if is_ else shut).append(f"{given['connector']} for {holder_words(holder, teams)}")
    lines = []
    for found, words in ((shut, "would open nothing any more"), (opened, "would open something again")):
        if found:
            lines.append(f"{_count(len(found), 'grant')} {words}: {', '.join(sorted(set(found))[:5])}.")
    return lines


async def _running(session: Session, before: Governance, after: Governance) -> Sequence[str]:
    """Return how many tasks at work have read more than would be permitted."""
    if after.highest_input >= before.highest_input:
        return []
    above = [c.name.lower() for c in DataClass if c > after.highest_input]
    query = select(func.count()).select_from(_RUNS)
    held = await session.scalar(query.where(_RUNS.c.state.not_in(ENDED), _RUNS.c.label["class"].astext.in_(above)))
    return [f"{_count(held, 'task')} at work could ask no model elsewhere any more."] if held else []
