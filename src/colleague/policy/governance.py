"""The organisation's settings that rules rest on: versioned data, strict when nothing was ever set (CT-2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Invalid
from colleague.policy.model import DataClass, Governance, Tier, Zone
from colleague.policy.tables import GovernanceRow

LONGEST = 500
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}|localhost")
_ENUMS = {"highest_input": DataClass, "highest_external": DataClass, "dispatch_ceiling": Tier, "zone": Zone}


class NoSuchSetting(Invalid):
    """There is no setting «{name}»."""


class BadSetting(Invalid):
    """«{name}» cannot be {value}."""


def read_settings(raw: Mapping[str, Any], version: int) -> Governance:
    """Return stored settings as a value."""
    values: dict[str, Any] = {}
    for name, value in raw.items():
        kind = _ENUMS.get(name)
        values[name] = kind(value) if kind else tuple(value) if isinstance(value, list) else value
    return replace(Governance(**values), version=version)


def stored_form(governance: Governance) -> dict[str, Any]:
    """Return the settings as JSON: classes and tiers as numbers, tuples as lists."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(governance).items()}


async def current_governance(session: Session) -> Governance:
    """Return the settings in force; the strict defaults if none were ever set."""
    row = await session.scalar(select(GovernanceRow).order_by(GovernanceRow.version.desc()).limit(1))
    return read_settings(row.settings, row.version) if row else Governance()


async def change_governance(
    session: Session, actor: Actor, changes: Mapping[str, Any], *, ledger: Ledger, clock: Clock
) -> Governance:
    """Set some settings and return the new version. Raises NoSuchSetting, BadSetting, PermissionMissing."""
    actor.require("org:policy:manage")
    await advisory_lock(session, 727010)
    before = await current_governance(session)
    known = {f.name for f in fields(Governance)} - {"version"}
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            raise NoSuchSetting(name=name[:60])
        values[name] = _checked(name, value, getattr(before, name))
    after = replace(before, **values, version=before.version + 1)
    stored = {k: v for k, v in stored_form(after).items() if k != "version"}
    session.add(GovernanceRow(version=after.version, settings=stored, changed_by=actor.id, changed_at=clock.now()))
    facts = {"version": after.version, "changed": {k: stored[k] for k in values}}
    await ledger.record(session, Event("governance.changed", actor.id, subject="governance", data=facts))
    return after


def _checked(name: str, value: Any, example: Any) -> Any:
    try:
        if name in _ENUMS and isinstance(value, str | int) and not isinstance(value, bool):
            kind = _ENUMS[name]
            return kind[value.upper()] if isinstance(value, str) else kind(value)
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
        if not isinstance(value, str) or not value.isprintable() or len(value) > 255:
            raise ValueError
        spell = {"internal_domains": _domain, "label_classes": _label_class}.get(name, str.strip)
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
