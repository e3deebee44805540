"""Accounts: what a connector signs in with. The organisation sets the place once; people add their own sign-in.

Enabling a connector makes the organisation's account; it reaches nobody before a team has a grant (CN-6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.connector import Account, Connector
from colleague.connectors.grants import ConnectorNotEnabled, is_enabled
from colleague.connectors.registry import Registry, accepted, fields_of, is_personal
from colleague.connectors.tables import AccountRow
from colleague.connectors.tiers import pin_tools
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Failure, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.kit.log import get_log
from colleague.kit.secrets import Secrets

log = get_log("accounts")


class BadAccount(Invalid):
    """The account cannot be used: {why}."""


class NoSuchAccount(NotFound):
    """There is no such account, or it is not yours."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account without its secrets."""

    id: str
    connector: str
    person: str
    config: Mapping[str, Any]
    secrets: tuple[str, ...]
    active: bool
    checked_at: datetime | None
    healthy: bool | None
    health: str

    def to_json(self) -> dict[str, Any]:
        """Return the account as JSON; of its secrets only the names."""
        return {
            "id": self.id, "connector": self.connector, "person": self.person or None, "config": dict(self.config),
            "secrets": list(self.secrets), "active": self.active, "healthy": self.healthy, "health": self.health,
            "checked_at": self.checked_at.isoformat() if self.checked_at else None,
        }  # fmt: skip


async def enable_connector(
    session: Session, actor: Actor, registry: Registry, kind: str, values: Mapping[str, Any], *, ledger: Ledger,
    secrets: Secrets, clock: Clock,
) -> AccountView:  # fmt: skip
    """Enable a connector for the organisation with its settings, or change them. Its tools are pinned as they are.

    Raises NoSuchConnector, BadAccount, BadArguments (the connector's own check), PermissionMissing.
    """
    actor.require("org:connectors:manage")
    connector = (await registry.now(session)).get(kind)
    row = await _save(session, connector, None, values, secrets=secrets, clock=clock)
    fresh = await pin_tools(session, actor, connector, clock=clock)
    facts = {"connector": kind, "settings": sorted(row.config), "secrets": sorted(row.sealed), "tools": fresh}
    facts |= {name: str(value) for name, value in row.config.items() if name.startswith("full_access_")}
    await ledger.record(session, Event("connector.enabled", actor=actor.id, subject=kind, data=facts))
    return _view(row)


async def disable_connector(session: Session, actor: Actor, kind: str, *, ledger: Ledger, clock: Clock) -> None:
    """Switch a connector off for everybody. Grants stay on record and hold again when it is enabled again."""
    actor.require("org:connectors:manage")
    row = await _find(session, kind, None)
    if row is None or not row.active:
        raise ConnectorNotEnabled(kind=kind[:80])
    row.active, row.changed_at = False, clock.now()
    await ledger.record(session, Event("connector.disabled", actor=actor.id, subject=kind))


async def connect_account(
    session: Session, actor: Actor, registry: Registry, kind: str, values: Mapping[str, Any], *, ledger: Ledger,
    secrets: Secrets, clock: Clock,
) -> AccountView:  # fmt: skip
    """Connect the actor's own account, or give it another password (rotation).

    Only the person's own fields are taken: servers and folders are the organisation's to name.
    Raises NoSuchConnector, ConnectorNotEnabled, BadAccount, PermissionMissing.
    """
    actor.require("own:accounts:manage")
    connector = (await registry.now(session)).get(kind)
    if not is_personal(connector):
        raise BadAccount(why="this connector has no personal accounts")
    if not await is_enabled(session, kind):
        raise ConnectorNotEnabled(kind=kind)
    row = await _save(session, connector, actor.id, values, secrets=secrets, clock=clock)
    facts = {"connector": kind, "secrets": sorted(row.sealed)}
    event = Event("account.connected", actor=actor.id, subject=row.id, person=actor.id, data=facts)
    await ledger.record(session, event)
    return _view(row)


async def disable_account(session: Session, actor: Actor, account_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Disconnect an account and forget its secrets: one's own, or with org:connectors:manage anybody's."""
    row = await _get(session, actor, account_id)
    row.active, row.sealed, row.changed_at = False, {}, clock.now()
    event = Event("account.disconnected", actor=actor.id, subject=row.id, person=row.person_id or "")
    await ledger.record(session, event)


async def check_account(
    database: Database, actor: Actor, registry: Registry, account_id: str, *, ledger: Ledger, secrets: Secrets,
    clock: Clock,
) -> tuple[bool, str]:  # fmt: skip
    """Try the connection and keep the answer: (healthy, a sentence). No transaction is held while it is tried."""
    async with database.transaction() as session:
        row = await _get(session, actor, account_id)
        organisation = await _find(session, row.connector, None)
        own = row if row.person_id else None
        account = _account(organisation, own, secrets) if organisation else None
        known = await registry.now(session)
    if account is None:
        raise NoSuchAccount
    try:
        healthy, sentence = True, await known.get(account.connector).check(account)
    except Failure as failure:
        healthy, sentence = False, failure.message
    async with database.transaction() as session:
        row = await session.get_one(AccountRow, account_id, with_for_update=True)
        row.checked_at, row.healthy, row.health = clock.now(), healthy, sentence[:500]
        facts = {"connector": row.connector, "healthy": healthy}
        await ledger.record(session, Event("account.checked", actor=actor.id, subject=account_id, data=facts))
    return healthy, sentence


async def account_for(session: Session, person_id: str, connector: str, *, secrets: Secrets) -> Account | None:
    """Return what `person_id` uses `connector` with; None while it is not enabled or they have not connected.

    The organisation's settings win over the person's: nobody can point a connector at another server.
    A secret that cannot be opened counts as not connected: one broken row must not stop every other tool.
    """
    organisation = await _find(session, connector, None)
    if organisation is None or not organisation.active:
        return None
    own = await _find(session, connector, person_id)
    if organisation.config.get("_personal") and (own is None or not own.active):
        return None
    try:
        return _account(organisation, own if own is not None and own.active else None, secrets)
    except Failure:
        log.warning("account unreadable", connector=connector, account=own.id if own else organisation.id)
        return None


async def has_own_account(session: Session, person_id: str, connector: str) -> bool:
    """Say whether a person has connected `connector` with an account of their own (a mailbox, a drive)."""
    own = await _find(session, connector, person_id)
    return own is not None and own.active


async def organisation_account(session: Session, connector: str, *, secrets: Secrets) -> Account:
    """Return what the organisation has set for `connector`; ConnectorNotEnabled while it is not enabled."""
    organisation = await _find(session, connector, None)
    if organisation is None or not organisation.active:
        raise ConnectorNotEnabled(kind=connector[:80])
    return _account(organisation, None, secrets)


async def list_accounts(
    session: Session, *, person: str | None = None, connector: str | None = None
) -> list[AccountView]:
    """Return accounts without their secrets: all, one person's, or one connector's."""
    query = select(AccountRow).order_by(AccountRow.connector, AccountRow.person_id.nulls_first())
    if person is not None:
        query = query.where(AccountRow.person_id == person)
    if connector is not None:
        query = query.where(AccountRow.connector == connector)
    return [_view(row) for row in await session.scalars(query)]


async def _save(
    session: Session, connector: Connector, person: str | None, values: Mapping[str, Any], *, secrets: Secrets,
    clock: Clock,
) -> AccountRow:  # fmt: skip
    whose: Literal["organisation", "person"] = "person" if person else "organisation"
    fields = [f for f in fields_of(connector) if f.whose == whose]
    known = {f.name for f in fields}
    if strange := sorted(set(values) - known):
        raise BadAccount(why=f"«{strange[0][:60]}» is not one of its settings ({', '.join(sorted(known)) or 'none'})")
    row = await _find(session, connector.kind, person, lock=True)
    kept = set(row.sealed) if row else set()
    if missing := [f for f in fields if f.required and not values.get(f.name) and not (f.secret and f.name in kept)]:
        raise BadAccount(why=f"«{missing[0].title}» is missing")
    config = {f.name: values[f.name] for f in fields if not f.secret and values.get(f.name)}
    config = accepted(connector, config)
    if whose == "organisation":
        config["_personal"] = is_personal(connector)
    fresh = row is None
    if row is None:
        row = AccountRow(id=new_id("acc"), connector=connector.kind, person_id=person, created_at=clock.now())
    given = {f.name: str(values[f.name]) for f in fields if f.secret and values.get(f.name)}
    sealed = {n: secrets.seal(text, context=_context(row.id, n)) for n, text in given.items()}
    row.config, row.sealed, row.active = config, {**(row.sealed or {}), **sealed}, True
    row.changed_at, row.checked_at, row.healthy, row.health = clock.now(), None, None, ""
    if fresh:
        session.add(row)
    await session.flush()
    return row


def open_secret(row: AccountRow, name: str, *, secrets: Secrets) -> str:
    """Return one secret of a locked account's row; SecretUnreadable if it cannot be opened."""
    return secrets.open(row.sealed[name], context=_context(row.id, name))


def seal_secret(row: AccountRow, name: str, text: str, *, secrets: Secrets) -> None:
    """Put one secret into a locked account's row (a token that was refreshed); nothing else of it changes."""
    row.sealed = {**row.sealed, name: secrets.seal(text, context=_context(row.id, name))}


def _context(account_id: str, name: str) -> str:
    return f"connector_accounts.sealed.{account_id}.{name}"


async def _find(session: Session, connector: str, person: str | None, *, lock: bool = False) -> AccountRow | None:
    query = select(AccountRow).where(
        AccountRow.connector == connector, AccountRow.person_id.is_not_distinct_from(person)
    )
    found: AccountRow | None = await session.scalar(query.with_for_update() if lock else query)
    return found


async def _get(session: Session, actor: Actor, account_id: str) -> AccountRow:
    row = await session.get(AccountRow, account_id, with_for_update=True)
    own = row is not None and row.person_id == actor.id and actor.may("own:accounts:manage")
    if row is None or not (own or actor.may("org:connectors:manage")):
        raise NoSuchAccount
    return row


def _account(organisation: AccountRow, own: AccountRow | None, secrets: Secrets) -> Account:
    opened: dict[str, str] = {}
    for row in filter(None, (own, organisation)):
        opened |= {n: secrets.open(text, context=_context(row.id, n)) for n, text in row.sealed.items()}
    config = {**(own.config if own else {}), **organisation.config}
    config.pop("_personal", None)
    id_ = own.id if own else organisation.id
    return Account(id_, organisation.connector, config, opened, (own.person_id or "") if own else "")


def _view(row: AccountRow) -> AccountView:
    config = {k: v for k, v in row.config.items() if not k.startswith("_")}
    return AccountView(
        row.id, row.connector, row.person_id or "", config, tuple(sorted(row.sealed)), row.active, row.checked_at,
        row.healthy, row.health,
    )  # fmt: skip
