"""Drift: what holds now beside what the version in force says (GP-3): settings, grants, readers, names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.connectors.grants import list_grants
from colleague.governance.document.model import Document
from colleague.governance.document.questionnaire import holder_of, holder_words, look
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.plugins.shipped import shipped_skills
from colleague.plugins.store import list_packages, usable_of
from colleague.policy.inputs import ANY, Ceiling
from colleague.policy.second_person.words import TITLES, setting_words
from colleague.policy.tables import GovernanceRow


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: what it is about, what the document says, what holds, since when and by whom if known."""

    kind: str
    what: str
    document: str
    actual: str
    since: datetime | None = None
    by: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            "kind": self.kind, "what": self.what, "document": self.document, "actual": self.actual,
            "since": self.since.isoformat() if self.since else None, "by": self.by,
        }  # fmt: skip


async def drift(session: Session, document: Document, *, clock: Clock) -> list[Finding]:
    """Return every difference between the published `document` and what holds now; none if it is as written."""
    live = await look(session, clock=clock)
    found = await _settings(session, document, live.teams)
    found += await _grants(session, document, live.teams, clock)
    for sentence in document.sentences:
        rule = sentence.rule or {}
        if rule.get("kind") == "readers" and set(rule["roles"]) != set(live.readers):
            found.append(Finding("readers", "Roles that read the ledger", _roles(rule["roles"]), _roles(live.readers)))
    skills = {one.name.casefold() for one in shipped_skills()}
    for row in await list_packages(session, "", everyones=False):
        skills |= {one.name.casefold() for one in usable_of(row)}
    short = {name.rpartition(":")[2] for name in skills}
    for one in map(Ceiling.read, document.settings.get("input_ceilings", ())):
        if one.team != ANY and one.team not in live.teams:
            found.append(Finding("name", "A ceiling's team", one.team, "there is no such team any more"))
        if one.skill != ANY and one.skill not in skills | short:
            found.append(Finding("name", "A ceiling's skill", one.skill, "there is no such skill"))
    people = await names_of(session, {f.by for f in found})
    return [Finding(f.kind, f.what, f.document, f.actual, f.since, people.get(f.by, f.by)) for f in found]


def _roles(names: Iterable[str]) -> str:
    return ", ".join(sorted(n.replace("_", " ") for n in names)) or "nobody"


async def _settings(session: Session, document: Document, teams: Mapping[str, str]) -> list[Finding]:
    """Return the settings that were changed beside the document, with the version that began it."""
    query = select(GovernanceRow).where(GovernanceRow.version > document.settings_version)
    later = list(await session.scalars(query.order_by(GovernanceRow.version)))
    if not later:
        return []
    now, found = later[-1].settings, []
    for name in TITLES:
        said, holds = document.settings.get(name), now.get(name)
        if said == holds:
            continue
        began = later[-1]
        for row in reversed(later):
            if row.settings.get(name) == said:
                break
            began = row
        found.append(
            Finding(
                "setting", TITLES[name], setting_words(name, said, teams), setting_words(name, holds, teams),
                began.changed_at, began.changed_by,
            )
        )  # fmt: skip
    return found


Cell = tuple[str, str, str]


async def _grants(session: Session, document: Document, teams: Mapping[str, str], clock: Clock) -> list[Finding]:
    """Compare the connector-scope matrix with the grants that hold, place by place."""
    said: dict[Cell, set[str]] = {}
    for sentence in document.sentences:
        rule = sentence.rule or {}
        if rule.get("kind") == "scope":
            for place in rule["places"]:
                said.setdefault((rule["connector"], rule["holder"], place), set()).add(_rights(rule))
    holds: dict[Cell, dict[str, Any]] = {}
    rights: dict[Cell, set[str]] = {}
    for opened in await list_grants(session, clock=clock):
        given = opened.to_json()
        places = given["places"]
        assert isinstance(places, list)
        for place in places:
            cell = (str(given["connector"]), holder_of(given), place)
            rights.setdefault(cell, set()).add(_rights(given))
            holds[cell] = {"since": opened.granted_at, "by": opened.granted_by}
    return [
        Finding(
            "grant", f"{cell[0]}, {holder_words(cell[1], teams)}, {'everything' if cell[2] in ('', '*') else cell[2]}",
            _joined(said.get(cell)), _joined(rights.get(cell)), **holds.get(cell, {}),
        )
        for cell in sorted(said.keys() | rights.keys())
        if said.get(cell) != rights.get(cell)
    ]  # fmt: skip


def _rights(value: Mapping[str, Any]) -> str:
    return f"{'read and change' if value['may_write'] else 'read'}, up to {value['ceiling']}"


def _joined(rights: set[str] | None) -> str:
    return "; ".join(sorted(rights)) if rights else "not open"
