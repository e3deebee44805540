"""Browsers that want to be told: taken in, listed, let go."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.push.encrypt import Vapid, point, unb64
from colleague.channels.push.tables import SubscriptionRow
from colleague.identity.actor import Actor
from colleague.kit.addresses import BadHost, host_of, is_inner, matches
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Forbidden, Invalid
from colleague.kit.ids import is_id, new_id
from colleague.kit.secrets import Secrets

MOST, _LOCK = 20, 727_092


class BadSubscription(Invalid):
    """This is no push subscription of a browser: it has an endpoint (https) and the keys p256dh and auth."""


class ServiceNotAllowed(Forbidden):
    """The push service {host} is not among those of COLLEAGUE_PUSH_HOSTS. Ask an administrator."""


class TooManyDevices(Invalid):
    """Twenty devices are told already: remove one first."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that is told, opened. What could be used to write to it is kept out of what is printed."""

    id: str
    endpoint: str = field(repr=False)
    browser: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that is told, as its person sees it."""

    id: str
    device: str
    made_at: datetime


def _digest(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()


def _read(given: Mapping[str, Any], hosts: str, *, private: bool) -> dict[str, str]:
    """Return endpoint, p256dh and auth of a PushSubscription. Raises BadSubscription, ServiceNotAllowed."""
    endpoint, keys = given.get("endpoint"), given.get("keys")
    if not isinstance(endpoint, str) or len(endpoint) > 2000 or not isinstance(keys, Mapping):
        raise BadSubscription
    browser, auth = keys.get("p256dh"), keys.get("auth")
    if not (isinstance(browser, str) and isinstance(auth, str) and len(browser) + len(auth) < 300):
        raise BadSubscription
    try:
        parts = urlsplit(endpoint)
        host = host_of(parts.hostname or "")
        point(unb64(browser))
        fits = len(unb64(auth)) == 16 and endpoint.isascii() and endpoint.isprintable() and not parts.username
    except (ValueError, BadHost):
        raise BadSubscription from None
    if not fits or not (parts.scheme == "https" or (parts.scheme == "http" and private and is_inner(host))):
        raise BadSubscription
    if not any(matches(host, one) for one in hosts.split(",")):
        raise ServiceNotAllowed(host=host)
    return {"endpoint": endpoint, "p256dh": browser, "auth": auth}


async def subscribe(
    session: Session, actor: Actor, given: Mapping[str, Any], *, device: str, hosts: str, private: bool, vapid: Vapid,
    secrets: Secrets, ledger: Ledger, clock: Clock,
) -> str:  # fmt: skip
    """Take in the actor's browser (`given`: JSON of a PushSubscription) and return its id; known ones are renewed.

    A browser belongs to who is signed in there: one that was somebody else's is theirs no more. Raises
    BadSubscription, ServiceNotAllowed, TooManyDevices, SignInYourself for a token.
    """
    actor.require_presence()
    read = _read(given, hosts, private=private)
    await advisory_lock(session, _LOCK)
    digest = _digest(read["endpoint"])
    row = await session.scalar(select(SubscriptionRow).where(SubscriptionRow.endpoint == digest).with_for_update())
    if row is None:
        mine = select(func.count()).where(SubscriptionRow.person_id == actor.id)
        if (await session.scalar(mine) or 0) >= MOST:
            raise TooManyDevices
        row = SubscriptionRow(id=new_id("device"), endpoint=digest, made_at=clock.now())
    before = row.person_id
    row.person_id, row.key, row.device = actor.id, vapid.public, device[:200]
    row.sealed = secrets.seal(json.dumps(read), context=f"push_subscriptions:{row.id}")
    session.add(row)
    await session.flush()
    if before != actor.id:
        event = Event("device.subscribed", actor.id, subject=row.id, person=actor.id, data={"was": before or ""})
        await ledger.record(session, event)
    return row.id


async def unsubscribe(
    session: Session, actor: Actor, *, device: str = "", endpoint: str = "", ledger: Ledger
) -> bool:  # fmt: skip
    """Tell one of the actor's browsers no more, by its id or its endpoint; say whether there was one."""
    which = SubscriptionRow.endpoint == _digest(endpoint) if endpoint else SubscriptionRow.id == device
    if not endpoint and not is_id(device):
        return False
    mine = delete(SubscriptionRow).where(which, SubscriptionRow.person_id == actor.id)
    gone = await session.scalar(mine.returning(SubscriptionRow.id))
    if gone:
        await ledger.record(session, Event("device.unsubscribed", actor.id, subject=gone, person=actor.id))
    return bool(gone)


async def forget_devices(session: Session, person_id: str) -> int:
    """Tell none of a person's browsers any more; return how many there were. The caller records why."""
    gone = await session.scalars(
        delete(SubscriptionRow).where(SubscriptionRow.person_id == person_id).returning(SubscriptionRow.id)
    )
    return len(gone.all())


async def drop_device(session: Session, device: str, why: str, *, ledger: Ledger) -> None:
    """Let go of a browser that its service knows no more."""
    person = await session.scalar(
        delete(SubscriptionRow).where(SubscriptionRow.id == device).returning(SubscriptionRow.person_id)
    )
    if person:
        await ledger.record(
            session, Event("device.expired", "system", subject=device, person=person, data={"why": why})
        )


async def devices_of(session: Session, person_id: str) -> list[Device]:
    """Return a person's browsers that are told, newest first."""
    query = select(SubscriptionRow).where(SubscriptionRow.person_id == person_id)
    rows = await session.scalars(query.order_by(SubscriptionRow.made_at.desc()))
    return [Device(row.id, row.device, row.made_at) for row in rows]


async def subscriptions_of(session: Session, person_id: str, *, secrets: Secrets) -> list[Subscription]:
    """Return a person's browsers, opened, to write to them."""
    found = []
    for row in await session.scalars(select(SubscriptionRow).where(SubscriptionRow.person_id == person_id)):
        read = json.loads(secrets.open(row.sealed, context=f"push_subscriptions:{row.id}"))
        found.append(Subscription(row.id, read["endpoint"], unb64(read["p256dh"]), unb64(read["auth"]), row.key))
    return found
