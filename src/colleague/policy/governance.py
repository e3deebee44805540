"""The organisation's settings that rules rest on: versioned data, strict when nothing was ever set (CT-2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.canonical import canonical, digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, Unavailable
from colleague.policy.inputs import Ceiling
from colleague.policy.model import DataClass, Governance, Phase, Tier, Zone
from colleague.policy.standards.category import LONGEST as LONGEST_CATEGORY
from colleague.policy.standards.category import Category
from colleague.policy.standards.entries import EntryPhase
from colleague.policy.standards.retention import Law, period
from colleague.policy.standards.surface import widened
from colleague.policy.standards.thresholds import Threshold
from colleague.policy.stricter import weaker
from colleague.policy.tables import GovernanceRow

LONGEST = 500
LOCK = 727010
SETTINGS = frozenset(f.name for f in fields(Governance)) - {"version"}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}|localhost")
ENUMS = {
    "highest_input": DataClass,
    "highest_external": DataClass,
    "dispatch_ceiling": Tier,
    "phase": Phase,
    "zone": Zone,
}


class NoSuchSetting(Invalid):
    """There is no setting «{name}»."""


class BadSetting(Invalid):
    """«{name}» cannot be {value}."""


class SettingsUnreadable(Unavailable):
    """The organisation's settings cannot be read, so nothing is decided and nothing is done. An administrator must look
    at the database: a newer release may have written them."""


class ByDocumentOnly(Invalid):
    """Rules of the organisation change with the governance document: draft it, have it signed, publish it."""


class ByProgrammeOnly(Invalid):
    """The phase changes when the programme passes its gate, or two owners and its sponsor skip it, and what a pilot may
    have beyond its surface when its sponsor accepts it: Programme."""


class SecondPersonNeeded(Conflict):
    """This weakens a rule of the organisation ({names}), so a second person has to confirm it: propose it."""


def read_settings(raw: Mapping[str, Any], version: int) -> Governance:
    """Return stored settings as a value."""
    values: dict[str, Any] = {}
    for name, value in raw.items():
        kind = ENUMS.get(name)
        values[name] = kind(value) if kind else tuple(value) if isinstance(value, list) else value
    return replace(Governance(**values), version=version)


def stored_form(governance: Governance) -> dict[str, Any]:
    """Return the settings as JSON: classes and tiers as numbers, tuples as lists."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(governance).items()}


async def current_governance(session: Session) -> Governance:
    """Return the settings in force; the strict defaults if none were ever set. Raises SettingsUnreadable."""
    row = await session.scalar(select(GovernanceRow).order_by(GovernanceRow.version.desc()).limit(1))
    try:
        return read_settings(row.settings, row.version) if row else Governance()
    except (TypeError, ValueError, AttributeError):
        raise SettingsUnreadable from None


async def versions(session: Session) -> Sequence[GovernanceRow]:
    """Return every version of the settings, oldest first."""
    return (await session.scalars(select(GovernanceRow).order_by(GovernanceRow.version))).all()


async def change_governance(
    session: Session, actor: Actor, changes: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Governance:
    """Set some settings and return the new version: at once, so only what weakens nothing (second_person asks a second
    person for the rest). Raises NoSuchSetting, BadSetting, SecondPersonNeeded, PermissionMissing.
    """
    before, after = await changed(session, actor, changes)
    if names := weaker(before, after):
        raise SecondPersonNeeded(names=", ".join(names))
    return await put_in_force(session, actor, before, after, ledger=ledger, clock=clock)


async def changed(session: Session, actor: Actor, changes: Mapping[str, Any]) -> tuple[Governance, Governance]:
    """Return the settings in force and what they would be with `changes`; nobody else changes them meanwhile.

    Raises NoSuchSetting, BadSetting, PermissionMissing.
    """
    actor.require("org:policy:manage")
    await advisory_lock(session, LOCK)
    before = await current_governance(session)
    return before, with_changes(before, changes)


def with_changes(before: Governance, changes: Mapping[str, Any]) -> Governance:
    """Return checked settings with `changes` in them.

    Raises NoSuchSetting, BadSetting, ByDocumentOnly, ByProgrammeOnly.
    """
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "rules":
            raise ByDocumentOnly
        if name not in SETTINGS:
            raise NoSuchSetting(name=name[:60].encode("ascii", "replace").decode().replace("\x00", "?"))
        values[name] = _checked(name, value, getattr(before, name))
        if name in ("phase", "pilot_surface") and values[name] != getattr(before, name):
            raise ByProgrammeOnly
    return replace(before, **values)


async def put_in_force(
    session: Session, actor: Actor, before: Governance, after: Governance, *, ledger: Ledger, clock: Clock,
    second: str = "",
) -> Governance:  # fmt: skip
    """Store `after` as the next version, under the lock that `changed` holds. `second` is who confirmed it, if anybody.

    It asks no second person: only for what weakens nothing, and for what two people stand behind. PermissionMissing.
    """
    actor.require("org:policy:manage")
    return await _store(session, actor, before, after, ledger=ledger, clock=clock, second=second)


async def enter_phase(
    session: Session, actor: Actor, phase: Phase, *, second: str, ledger: Ledger, clock: Clock
) -> Governance:
    """Set the phase of the programme: called by the programme alone, which two people stand behind (PH-9)."""
    actor.require("org:programme:read")
    await advisory_lock(session, LOCK)
    before = await current_governance(session)
    if before.phase is phase:
        return before
    return await _store(session, actor, before, replace(before, phase=phase), ledger=ledger, clock=clock, second=second)


async def widen_surface(
    session: Session, actor: Actor, what: str, most: int, *, second: str, ledger: Ledger, clock: Clock
) -> Governance:
    """Let a pilot have `most` of its skills, connectors or automations: called by the programme alone, once its sponsor
    has accepted it (PL-8)."""
    actor.require("org:programme:read")
    await advisory_lock(session, LOCK)
    before = await current_governance(session)
    after = replace(before, pilot_surface=widened(before.pilot_surface, what, most))
    return await _store(session, actor, before, after, ledger=ledger, clock=clock, second=second)


async def _store(
    session: Session, actor: Actor, before: Governance, after: Governance, *, ledger: Ledger, clock: Clock, second: str
) -> Governance:
    after = replace(after, version=before.version + 1)
    old, stored = (
        {k: v for k, v in stored_form(g).items() if k != "version"} for g in (before, after)
    )  # fmt: skip
    session.add(GovernanceRow(version=after.version, settings=stored, changed_by=actor.id, changed_at=clock.now()))
    facts: dict[str, Any] = {
        "version": after.version,
        "changed": {k: _fact(v) for k, v in stored.items() if v != old[k]},
    }
    if second:
        facts["confirmed_by"] = second
    await ledger.record(session, Event("governance.changed", actor.id, subject="governance", data=facts))
    return after


def _fact(value: Any) -> Any:
    """Return a setting for the ledger; by its hash where it is long."""
    size = len(canonical(value))
    return value if size <= 2000 else {"sha256": digest(value), "characters": size}


def _checked(name: str, value: Any, example: Any) -> Any:
    try:
        if name in ENUMS and isinstance(value, str | int) and not isinstance(value, bool):
            kind = ENUMS[name]
            return kind[value.upper()] if isinstance(value, str) else kind(value)
        if name == "time_zone" and isinstance(value, str) and value in available_timezones():
            return value
        if isinstance(example, bool) and isinstance(value, bool):
            return value
        if isinstance(example, tuple) and isinstance(value, list | tuple) and len(value) <= LONGEST:
            return _texts(name, value)
    except (ValueError, KeyError):
        pass
    raise BadSetting(name=name, value=str(value)[:60].encode("ascii", "replace").decode().replace("\x00", "?"))


def _texts(name: str, values: Sequence[Any]) -> tuple[str, ...]:
    """Return a list of texts in their one spelling, each once; ValueError for what is none.

    What the product blocks stays blocked: the baseline is tightened, never loosened.
    """
    found: dict[str, None] = {}
    for value in values:
        longest = LONGEST_CATEGORY if name == "output_categories" else 255
        if not isinstance(value, str) or not value.isprintable() or len(value) > longest:
            raise ValueError
        spell = _SPELLINGS.get(name, str.strip)
        text = spell(value)
        if text:
            found[text] = None
    if name in ("blocked_types", "blocked_paths"):
        found = dict.fromkeys(getattr(Governance(), name)) | found
    return tuple(found)


def _label_class(text: str) -> str:
    """Return «GUID=class» in its one spelling; ValueError or KeyError if it is none."""
    guid, _, word = text.partition("=")
    return f"{UUID(guid.strip())}={DataClass[word.strip().upper()].name.lower()}"


def _domain(text: str) -> str:
    """Return a mail domain in ASCII and lower case; ValueError (UnicodeError among them) if it is none."""
    domain = text.strip().removeprefix("@").casefold()
    if domain and not domain.isascii():
        domain = domain.encode("idna").decode()
    if domain and not _DOMAIN.fullmatch(domain):
        raise ValueError
    return domain


def _ceiling(text: str) -> str:
    return str(Ceiling.read(text))


def _path_class(text: str) -> str:
    """Return «PATTERN=class» in its one spelling; ValueError or KeyError if it is none."""
    pattern, _, word = text.rpartition("=")
    if not pattern.strip():
        raise ValueError
    return f"{pattern.strip()}={DataClass[word.strip().upper()].name.lower()}"


def _category(text: str) -> str:
    return str(Category.read(text))


def _entry_phase(text: str) -> str:
    return str(EntryPhase.read(text)) if text.strip() else ""


def _law(text: str) -> str:
    return str(Law.read(text))


def _threshold(text: str) -> str:
    return str(Threshold.read(text)) if text.strip() else ""


_SPELLINGS = {
    "internal_domains": _domain, "label_classes": _label_class, "input_ceilings": _ceiling,
    "path_classes": _path_class, "entry_phases": _entry_phase, "retention": period, "kept_by_law": _law,
    "output_categories": _category, "second_person_above": _threshold,
}  # fmt: skip
