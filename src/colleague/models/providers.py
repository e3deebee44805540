"""Providers: add, change, switch on and off. A key goes in and never comes out again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.addresses import check_address, host_of, is_inner
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Failure, Forbidden, Invalid
from colleague.kit.ids import new_id
from colleague.kit.secrets import Secrets
from colleague.models.model import BUILT_IN, DEPLOYMENT, KINDS, Kind
from colleague.models.store import get_row, provider_values
from colleague.models.tables import ProviderRow
from colleague.policy.model import DataClass, Zone

_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_WORD = re.compile(r"[A-Za-z0-9._-]{0,80}")
KEY_LIMIT = 20_000


class BadProvider(Invalid):
    """This model provider cannot be stored: {why}."""


class ProviderNameTaken(Conflict):
    """A model provider of this name is here already."""


class NotEnabled(Forbidden):
    """This provider cannot be switched on: {why}."""


class KeyNeeded(Invalid):
    """Give the key again: it must not be sent to an address it was not given for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person fills in, as text: checked by `checked` before anything is stored."""

    kind: str
    zone: str
    ceiling: str = "internal"
    address: str = ""
    region: str = ""
    project: str = ""
    version: str = ""
    streams: bool = True


def checked(wanted: Wanted) -> dict[str, object]:
    """Return the columns for `wanted`; BadProvider says what is wrong."""
    try:
        kind, zone = Kind(wanted.kind), Zone(wanted.zone.casefold())
        ceiling = DataClass[wanted.ceiling.upper()]
    except (ValueError, KeyError):
        raise BadProvider(why="kind, zone and ceiling must be among those that are offered") from None
    if zone is Zone.ANY:
        raise BadProvider(why="say in which zone it works: us, eu, apac, or own for your own machines")
    for word in (wanted.region, wanted.project, wanted.version):
        if not _WORD.fullmatch(word):
            raise BadProvider(why="region, project and version are short words")
    address = checked_address(wanted.address.strip(), own=zone is Zone.OWN) if wanted.address.strip() else ""
    if zone is Zone.OWN and not address:
        raise BadProvider(why="a provider on your own machines needs its address")
    return {
        "kind": kind.value, "zone": zone.value, "ceiling": int(ceiling), "address": address, "region": wanted.region,
        "project": wanted.project, "version": wanted.version, "streams": wanted.streams,
    }  # fmt: skip


def checked_address(text: str, *, own: bool) -> str:
    """Return an address in its one spelling; BadProvider unless it may be called.

    https only, except inside one's own network; no user, query or fragment. Numbers are checked here, names when they
    are called.
    """
    if not text.isascii() or not text.isprintable():
        raise BadProvider(why="its address is not a proper one")
    try:
        parts = urlsplit(text)
        host = host_of(parts.hostname or "")
        port = parts.port
    except (ValueError, Failure):
        raise BadProvider(why="its address is not a proper one") from None
    if parts.scheme not in ("https", "http") or parts.username or parts.password or parts.query or parts.fragment:
        raise BadProvider(why="its address must be https://… without user, query or fragment")
    if parts.scheme == "http" and not own:
        raise BadProvider(why="only https is allowed outside your own network")
    if not own and is_inner(host):
        raise BadProvider(why="its address is inside your network: choose the zone «own»")
    try:
        import ipaddress

        check_address(ipaddress.ip_address(host), private=own)
    except ValueError:
        pass
    except Failure as failure:
        raise BadProvider(why=failure.message) from None
    shown = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    if len(path) > 200 or not re.fullmatch(r"[A-Za-z0-9/._~-]*", path):
        raise BadProvider(why="its address is not a proper one")
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path}"


def _context(row_id: str) -> str:
    return f"model_providers.sealed:{row_id}"


async def add_provider(
    session: Session, actor: Actor, name: str, wanted: Wanted, key: str = "", *, ledger: Ledger, secrets: Secrets,
    clock: Clock,
) -> str:  # fmt: skip
    """Store a provider, switched off, and return its name. Raises BadProvider, ProviderNameTaken."""
    actor.require("org:models:manage")
    name = name.strip().casefold()
    if not _NAME.fullmatch(name) or name in (BUILT_IN, DEPLOYMENT):
        raise BadProvider(why="its name is 2 to 40 small letters, digits and hyphens, not «extractive» or «deployment»")
    columns = checked(wanted)
    row = ProviderRow(
        id=new_id("provider"), name=name, enabled=False, sealed=None, healthy=None, health="", checked_at=None,
        changed_at=clock.now(), **columns,
    )  # fmt: skip
    row.sealed = _sealed(row.id, key, secrets)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise ProviderNameTaken from None
    await ledger.record(session, Event("model_provider.added", actor.id, subject=name, data=_facts(columns, key)))
    return name


async def change_provider(
    session: Session, actor: Actor, name: str, wanted: Wanted, key: str = "", *, ledger: Ledger, secrets: Secrets,
    clock: Clock,
) -> None:  # fmt: skip
    """Change a provider. An empty key keeps the stored one, unless the address changes: then it must be given again.

    Raises BadProvider, KeyNeeded, NotEnabled (an enabled one must still be complete afterwards).
    """
    actor.require("org:models:manage")
    columns = checked(wanted)
    row = await get_row(session, name, lock=True)
    moved = any(getattr(row, c) != columns[c] for c in ("kind", "address", "region", "project"))
    if moved and row.sealed and not key.strip():
        raise KeyNeeded
    for column, value in columns.items():
        setattr(row, column, value)
    if key.strip():
        row.sealed = _sealed(row.id, key, secrets)
    row.healthy, row.health, row.checked_at, row.changed_at = None, "", None, clock.now()
    await session.flush()
    if row.enabled:
        await _require_complete(session, row, clock)
    await ledger.record(session, Event("model_provider.changed", actor.id, subject=name, data=_facts(columns, key)))


async def enable_provider(session: Session, actor: Actor, name: str, *, ledger: Ledger, clock: Clock) -> None:
    """Let a provider be asked. Raises NotEnabled without a valid no-training attestation (DA-4), unless it is own."""
    actor.require("org:models:manage")
    row = await get_row(session, name, lock=True)
    proof = await _require_complete(session, row, clock)
    row.enabled, row.changed_at = True, clock.now()
    await ledger.record(session, Event("model_provider.enabled", actor.id, subject=name, data={"proof": proof}))


async def disable_provider(
    session: Session, actor: Actor, name: str, *, forget_key: bool = False, ledger: Ledger, clock: Clock
) -> None:
    """Switch a provider off at once: the next turn of any run does not ask it. `forget_key` destroys its key."""
    actor.require("org:models:manage")
    row = await get_row(session, name, lock=True)
    row.enabled, row.changed_at = False, clock.now()
    if forget_key:
        row.sealed = None
    facts = {"key_forgotten": forget_key}
    await ledger.record(session, Event("model_provider.disabled", actor.id, subject=name, data=facts))


async def _require_complete(session: Session, row: ProviderRow, clock: Clock) -> str:
    """Return what stands for the proof of no training; NotEnabled if something is missing."""
    provider = (await provider_values(session, [row]))[0]
    for need in KINDS[provider.kind].needs:
        if not (provider.has_key if need == "key" else getattr(provider, need)):
            raise NotEnabled(why=f"its {need} is missing")
    if provider.own:
        return "runs on the organisation's own machines"
    held = provider.lasting("no-training", clock.now().date())
    if not held:
        raise NotEnabled(why="store its no-training attestation first, one that holds today")
    return held[0].id


def open_key(row_id: str, sealed: str | None, secrets: Secrets) -> str:
    """Return a provider's key for the one call that needs it; "" if there is none. Raises SecretUnreadable."""
    return secrets.open(sealed, context=_context(row_id)) if sealed else ""


def _sealed(row_id: str, key: str, secrets: Secrets) -> str | None:
    key = key.strip()
    if len(key) > KEY_LIMIT or "\x00" in key or (not key.isascii()):
        raise BadProvider(why="its key is not a proper one")
    return secrets.seal(key, context=_context(row_id)) if key else None


def _facts(columns: Mapping[str, object], key: str) -> dict[str, object]:
    return {**columns, "ceiling": DataClass(int(str(columns["ceiling"]))).name.lower(), "key_given": bool(key.strip())}
