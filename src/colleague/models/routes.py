"""Routes: which models think for which tasks, in which order."""

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import list_teams
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.models.model import BUILT_IN, DEPLOYMENT, TARGETS, Route
from colleague.models.store import list_providers
from colleague.models.tables import RouteRow
from colleague.policy.model import Zone

CHAIN_LIMIT = 8
_LOCK = 727031
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,149}")
_CASE = re.compile(r"[a-z][a-z0-9_-]{0,59}")


class BadRoute(Invalid):
    """This route cannot be set: {why}."""


class NoSuchRoute(NotFound):
    """There is no such route."""


def parted(entry: str) -> tuple[str, str]:
    """Return (provider, model) of a chain's entry; the built-in model and the deployment's have no model part."""
    provider, _, model = entry.partition(":")
    return provider, model


def choose(routes: Sequence[Route], *, use_case: str, teams: Iterable[str], zone: Zone) -> Route | None:
    """Return the route for a task: by its use case, else its person's team, else the data's zone, else the default.

    Of several teams the one whose id comes first counts, so that the answer is always the same. Pure.
    """
    by = {(r.target, r.subject): r for r in routes}
    wanted = [("use case", use_case), *(("team", t) for t in sorted(teams)), ("zone", zone.value), ("organisation", "")]
    return next((by[key] for key in wanted if key in by), None)


async def set_route(
    session: Session, actor: Actor, target: str, subject: str, chain: Sequence[str], *, ledger: Ledger, clock: Clock
) -> str:
    """Set the chain of a target and return the route's id.

    An entry is `provider:model`, `deployment` or `extractive`. Falling back to the extractive model happens only
    where a chain names it. Raises BadRoute.
    """
    actor.require("org:models:manage")
    entries = [e.strip() for e in chain if e.strip()]
    await _check_target(session, target, subject)
    if not 1 <= len(entries) <= CHAIN_LIMIT or len(set(entries)) != len(entries):
        raise BadRoute(why=f"name 1 to {CHAIN_LIMIT} different models, in the order they are to be asked")
    known = {p.name for p in await list_providers(session)}
    for entry in entries:
        provider, model = parted(entry)
        if entry in (BUILT_IN, DEPLOYMENT):
            continue
        if provider not in known or not _MODEL.fullmatch(model):
            raise BadRoute(why=f"«{entry[:80]}» is not provider:model with a provider of yours")
    if BUILT_IN in entries[:-1]:
        raise BadRoute(why="the extractive model always answers: it can only be the last")
    await advisory_lock(session, _LOCK)
    row = await session.scalar(select(RouteRow).where(RouteRow.target == target, RouteRow.subject == subject))
    if row is None:
        row = RouteRow(id=new_id("route"), target=target, subject=subject)
        session.add(row)
    row.chain, row.set_by, row.set_at = entries, actor.id, clock.now()
    await session.flush()
    facts = {"target": target, "subject": subject, "chain": entries}
    await ledger.record(session, Event("model_route.set", actor.id, subject=row.id, data=facts))
    return row.id


async def remove_route(session: Session, actor: Actor, route_id: str, *, ledger: Ledger) -> None:
    """Remove a route: its tasks take the next wider one. Raises NoSuchRoute."""
    actor.require("org:models:manage")
    row = await session.get(RouteRow, route_id)
    if row is None:
        raise NoSuchRoute
    facts = {"target": row.target, "subject": row.subject}
    await session.delete(row)
    await ledger.record(session, Event("model_route.removed", actor.id, subject=route_id, data=facts))


async def _check_target(session: Session, target: str, subject: str) -> None:
    match target:
        case "organisation":
            fits = subject == ""
        case "use case":
            fits = bool(_CASE.fullmatch(subject))
        case "team":
            fits = subject in {t.id for t in await list_teams(session)}
        case "zone":
            fits = subject in {z.value for z in Zone if z is not Zone.ANY}
        case _:
            raise BadRoute(why=f"it is for one of {', '.join(TARGETS)}")
    if not fits:
        raise BadRoute(why=f"there is no such {target}")
