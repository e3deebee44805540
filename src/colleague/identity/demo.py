"""One-click sign-in for the invented people of the demo: on loopback only, and only where the demo is switched on."""

import ipaddress

from fastapi import Request

from colleague.audit.record import Ledger
from colleague.identity.directory import find_by_email, list_people
from colleague.identity.model import Person
from colleague.identity.sessions import open_session
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden
from colleague.kit.settings import Settings


class DemoOnly(Forbidden):
    """This sign-in exists only in the demo, on the machine it runs on."""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_demo(request: Request, settings: Settings) -> bool:
    """Say whether this request may use the demo sign-in: demo on, server and client both on loopback."""
    client = request.client.host if request.client else ""
    forwarded = "forwarded" in request.headers or "x-forwarded-for" in request.headers
    return settings.demo and _loopback(settings.host) and _loopback(client) and not forwarded


async def demo_people(session: Session, request: Request, settings: Settings) -> list[Person]:
    """Return the people to choose from, those who may more than a member first; none outside the demo."""
    if not is_demo(request, settings):
        return []
    everybody = await list_people(session)
    # Of a handful each is seen; of hundreds who were played (docs/guide/simulate.md) the few with a part of their own.
    return everybody if len(everybody) <= 20 else sorted(everybody, key=lambda one: one.roles <= {"member", "champion"})


async def demo_sign_in(
    session: Session, request: Request, settings: Settings, email: str, *, device: str, ledger: Ledger, clock: Clock
) -> str:
    """Sign an invented person in and return the cookie. Raises DemoOnly."""
    person = await find_by_email(session, email) if is_demo(request, settings) else None
    if person is None or not person.active:
        raise DemoOnly
    return await open_session(session, person.id, how="demo", device=device, ledger=ledger, clock=clock)
