"""Set identity providers up: owners only, for whoever holds a provider decides who everybody is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.local_routes import check_open, current_mode
from colleague.identity.sso.model import Common, OidcConfig, Provider, ProviderGiven, SamlConfig
from colleague.identity.sso.refusals import NoSuchProvider
from colleague.identity.tables import ProviderRow, SignInRow, SsoLinkRow, SsoSessionRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.ids import new_id
from colleague.kit.secrets import Secrets

_KEY = re.compile(r"[a-z][a-z0-9-]{1,29}")
MOST, _LOCK = 20, 727023
RESERVED = frozenset({"passwords"})
# What these say is who a subject is: with another issuer, the same subject may be somebody else.
WHOSE = {"oidc": "issuer", "saml": "entity_id"}


class BadProvider(Invalid):
    """This identity provider cannot be set up like that: {why}."""


class KeyTaken(Conflict):
    """An identity provider with this short name is here already."""


class LastProvider(Conflict):
    """People sign in through this provider only: let them use passwords again before it is switched off or changed."""


def value_of(row: ProviderRow) -> Provider:
    """Return a row as a value."""
    tried = row.tried_version == row.version
    return Provider(
        row.id, row.key, row.kind, row.title, row.enabled, row.joining, dict(row.config), row.version,
        row.sealed is not None and row.kind == "oidc", tried, row.sealed or "",
    )  # fmt: skip


async def list_providers(session: Session, *, enabled: bool = False) -> Sequence[Provider]:
    """Return all providers (or those that sign people in), by title."""
    query = select(ProviderRow).order_by(func.lower(ProviderRow.title), ProviderRow.key)
    rows = await session.scalars(query.where(ProviderRow.enabled) if enabled else query)
    return [value_of(row) for row in rows]


async def get_provider(session: Session, key: str, *, enabled: bool = False) -> Provider:
    """Return a provider by its short name; NoSuchProvider if there is none (or it is not `enabled`)."""
    row = await session.scalar(select(ProviderRow).where(ProviderRow.key == key)) if _KEY.fullmatch(key) else None
    if row is None or (enabled and not row.enabled):
        raise NoSuchProvider
    return value_of(row)


async def provider_by_id(session: Session, provider_id: str) -> Provider:
    """Return a provider by its id; NoSuchProvider if it is gone."""
    row = await session.get(ProviderRow, provider_id)
    if row is None:
        raise NoSuchProvider
    return value_of(row)


def open_secret(provider: Provider, secrets: Secrets) -> str:
    """Return the client secret of a provider; "" if it has none."""
    return secrets.open(provider.sealed, context=f"sso_providers.sealed:{provider.id}") if provider.sealed else ""


def read_given(given: Mapping[str, Any]) -> ProviderGiven:
    """Return a description of a provider, checked; BadProvider says what does not fit, without repeating it."""
    try:
        read = ProviderGiven.model_validate(dict(given))
        read.config = CONFIGS[read.kind].model_validate(read.config).model_dump()
        return ProviderGiven.model_validate(read.model_dump())
    except ValidationError as error:
        faults = []
        for fault in error.errors(include_input=False, include_url=False)[:4]:
            where = ".".join(str(p) for p in fault["loc"] if p != "config")
            words = str(fault["msg"]).removeprefix("Value error, ")
            faults.append(f"{where}: {words}" if where else words)
        raise BadProvider(why="; ".join(faults)) from None


CONFIGS: dict[str, type[Common]] = {"oidc": OidcConfig, "saml": SamlConfig}


async def add_provider(
    session: Session, actor: Actor, key: str, given: Mapping[str, Any], *, secrets: Secrets, ledger: Ledger,
    clock: Clock,
) -> Provider:  # fmt: skip
    """Set a provider up. It signs nobody in before it is switched on. Raises BadProvider, KeyTaken."""
    _owner(actor)
    key = key.strip().casefold()
    if not _KEY.fullmatch(key) or key in RESERVED:
        raise BadProvider(why="its short name has 2 to 30 small letters, digits and hyphens")
    read = read_given(given)
    await advisory_lock(session, _LOCK)
    if await session.scalar(select(ProviderRow.id).where(ProviderRow.key == key)):
        raise KeyTaken
    if (await session.scalar(select(func.count()).select_from(ProviderRow)) or 0) >= MOST:
        raise BadProvider(why=f"there are {MOST} already")
    row = ProviderRow(
        id=new_id("provider"), key=key, kind=read.kind, title=read.title, enabled=False, joining=read.joining,
        config=read.config, version=1, created_at=clock.now(),
    )  # fmt: skip
    if read.secret:
        row.sealed = secrets.seal(read.secret, context=f"sso_providers.sealed:{row.id}")
    session.add(row)
    await session.flush()
    facts = {"provider": key, "kind": read.kind, "joining": read.joining}
    await ledger.record(session, Event("sign_on.provider_added", actor.id, subject=row.id, data=facts))
    return value_of(row)


async def change_provider(
    session: Session, actor: Actor, key: str, given: Mapping[str, Any], *, secrets: Secrets, ledger: Ledger
) -> Provider:
    """Change a provider. An empty secret keeps the present one; another issuer ends all links and sessions.

    What was tried before counts no more. Raises NoSuchProvider, BadProvider, LastProvider.
    """
    _owner(actor)
    row = await _row(session, key)
    read = read_given(given)
    if read.kind != row.kind:
        raise BadProvider(why="its kind cannot be changed: add another one")
    name = WHOSE[row.kind]
    elsewhere = row.config.get(name) != read.config.get(name)
    if elsewhere:
        await _spare(session, row)
        if not read.secret and row.sealed:
            # A secret belongs to the issuer it was given for.
            row.sealed = None
        await _forget_people(session, row.id)
    changed = sorted(k for k in read.config if read.config[k] != row.config.get(k))
    changed += [n for n in ("title", "joining") if getattr(row, n) != getattr(read, n)]
    row.title, row.joining, row.config, row.version = read.title, read.joining, read.config, row.version + 1
    if read.secret:
        row.sealed = secrets.seal(read.secret, context=f"sso_providers.sealed:{row.id}")
        changed.append("secret")
    facts = {"provider": key, "changed": changed, "links_ended": elsewhere}
    await ledger.record(session, Event("sign_on.provider_changed", actor.id, subject=row.id, data=facts))
    return value_of(row)


async def switch_provider(session: Session, actor: Actor, key: str, *, on: bool, ledger: Ledger) -> None:
    """Let a provider sign people in, or no more: its sessions end then. Raises NoSuchProvider, LastProvider."""
    _owner(actor)
    row = await _row(session, key)
    if row.enabled == on:
        return
    if not on:
        await _spare(session, row)
        await end_sessions(session, row.id)
    row.enabled = on
    verb = "sign_on.provider_opened" if on else "sign_on.provider_closed"
    await ledger.record(session, Event(verb, actor.id, subject=row.id, data={"provider": key}))


async def remove_provider(session: Session, actor: Actor, key: str, *, ledger: Ledger) -> None:
    """Take a provider away, with its links and sessions. Raises NoSuchProvider, LastProvider."""
    _owner(actor)
    row = await _row(session, key)
    await _spare(session, row)
    await end_sessions(session, row.id)
    await session.delete(row)
    await session.flush()
    event = Event("sign_on.provider_removed", actor.id, subject=row.id, data={"provider": key})
    await ledger.record(session, event)


async def end_sessions(session: Session, provider_id: str, *, subject: str = "", sid: str = "") -> int:
    """End the sessions a provider opened (all, or those of a subject or one session id); return how many."""
    mine = select(SsoSessionRow.token_sha256).where(SsoSessionRow.provider_id == provider_id)
    if subject:
        mine = mine.where(SsoSessionRow.subject == subject)
    if sid:
        mine = mine.where(SsoSessionRow.sid == sid)
    gone = delete(SignInRow).where(SignInRow.token_sha256.in_(mine)).returning(SignInRow.token_sha256)
    return len((await session.scalars(gone)).all())


async def _forget_people(session: Session, provider_id: str) -> None:
    await end_sessions(session, provider_id)
    await session.execute(delete(SsoLinkRow).where(SsoLinkRow.provider_id == provider_id))


async def _row(session: Session, key: str) -> ProviderRow:
    found = await session.scalar(select(ProviderRow).where(ProviderRow.key == key).with_for_update())
    if found is None:
        raise NoSuchProvider
    return found


async def _spare(session: Session, row: ProviderRow) -> None:
    """Raise LastProvider if nobody could sign in any more."""
    if not row.enabled or not (await current_mode(session)).closed:
        return
    others = select(func.count()).select_from(ProviderRow).where(ProviderRow.enabled, ProviderRow.id != row.id)
    if not await session.scalar(others):
        raise LastProvider


def _owner(actor: Actor) -> None:
    # A token could be stolen; and an administrator with a provider of their own would be an owner a minute later.
    actor.require("org:roles:own")
    actor.require_presence()


async def unlink(session: Session, actor: Actor, key: str, *, ledger: Ledger) -> None:
    """Remove one's own link to a provider; its sessions of oneself end. Raises NoSuchProvider, LocalRouteClosed."""
    actor.require_presence()
    await check_open(session)
    provider = await get_provider(session, key)
    mine = (SsoLinkRow.provider_id == provider.id) & (SsoLinkRow.person_id == actor.id)
    for subject in (await session.scalars(delete(SsoLinkRow).where(mine).returning(SsoLinkRow.subject))).all():
        await end_sessions(session, provider.id, subject=subject)
        event = Event("sign_on.unlinked", actor.id, subject=actor.id, person=actor.id, data={"provider": key})
        await ledger.record(session, event)


async def links_of(session: Session, person_id: str) -> Sequence[tuple[SsoLinkRow, Provider]]:
    """Return a person's links, each with its provider."""
    query = select(SsoLinkRow, ProviderRow).join(ProviderRow, ProviderRow.id == SsoLinkRow.provider_id)
    found = await session.execute(query.where(SsoLinkRow.person_id == person_id).order_by(ProviderRow.title))
    return [(link, value_of(row)) for link, row in found]
