"""The organisation's settings that rules rest on: versioned data, strict when nothing was ever set (CT-2)."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Invalid
from colleague.policy.model import DataClass, Governance, Tier
from colleague.policy.tables import GovernanceRow

_ENUMS = {"highest_input": DataClass, "highest_external": DataClass, "dispatch_ceiling": Tier}


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
        if name in _ENUMS:
            kind = _ENUMS[name]
            return kind[value.upper()] if isinstance(value, str) else kind(value)
        if isinstance(example, bool) and isinstance(value, bool):
            return value
        if isinstance(example, tuple) and isinstance(value, list | tuple):
            return tuple(str(v).strip() for v in value if str(v).strip())
    except (ValueError, KeyError):
        pass
    raise BadSetting(name=name, value=str(value)[:60])
