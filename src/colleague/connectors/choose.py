"""A task may be limited to chosen files and folders (R6): a choice only ever takes away from what grants open."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from colleague.connectors.accounts import account_for
from colleague.connectors.connector import Access, Grant
from colleague.connectors.grants import EVERYTHING, grants_of, inside
from colleague.connectors.registry import Registry, normal_place
from colleague.connectors.shelf import Shelf
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Forbidden, Invalid
from colleague.kit.log import get_log
from colleague.kit.secrets import Secrets
from colleague.policy.governance import current_governance
from colleague.policy.standards.entries import check_entry, phase_of

log = get_log("choose")

MOST, SHOWN, SECONDS = 100, 300, 3.0
DEFAULT = "folder"


class TooManyPlaces(Invalid):
    """A task is limited to at most 100 files and folders: choose a folder instead of its files."""


class PlaceNotOpen(Forbidden):
    """«{place}» is not open to you{how}, so a task cannot be given it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A file or folder that a person gave to a task: of which connector, and whether it may be changed."""

    connector: str
    place: str
    write: bool = False

    def to_json(self) -> list[Any]:
        """Return the choice as JSON."""
        return [self.connector, self.place, self.write]


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be chosen, as a tree: folders («Bids/») and files by path, and whether they may be changed."""

    connector: str
    title: str
    places: tuple[tuple[str, bool], ...]
    whole: bool = True


def choices_from(rows: Iterable[Sequence[Any]] | None) -> tuple[Choice, ...]:
    """Read what `to_json` wrote."""
    return tuple(Choice(str(c), str(p), bool(w)) for c, p, w in rows or ())


def lines_of(given: Sequence[str] | None) -> list[str]:
    """Return what a form gave as single places: a box may hold several, one a line."""
    return [line for text in given or () for line in text.splitlines() if line.strip()]


def narrow(grants: Sequence[Grant], connector: str, chosen: Sequence[Choice]) -> tuple[Grant, ...]:
    """Return what is left of the grants of `connector` when a task is limited to `chosen`. Pure.

    Connectors of which nothing was chosen keep their grants. What was chosen and is no longer open stays closed.
    """
    mine = [c for c in chosen if c.connector == connector]
    if not mine:
        return tuple(grants)
    left = []
    for grant in grants:
        for write in (False, True):
            places = [p for c in mine if c.write is write for p in _common(grant, c.place)]
            if places:
                # Two of one grant need two names: policy tells scopes apart by them.
                name = f"{grant.id}/{'change' if write else 'read'}"
                places = list(dict.fromkeys(places))
                left.append(replace(grant, id=name, places=tuple(places), may_write=grant.may_write and write))
    return tuple(left)


def _common(grant: Grant, place: str) -> list[str]:
    if any(inside(place, opened) for opened in grant.places):
        return [place]
    return [opened for opened in grant.places if inside(opened, place)]


async def choose(
    session: Session, teams: Iterable[str], registry: Registry, reads: Sequence[str], writes: Sequence[str], *,
    clock: Clock,
) -> tuple[Choice, ...]:  # fmt: skip
    """Return what a person of `teams` gives to a task: `reads` and `writes` are paths, or «connector:path».

    What is in both may be changed. Raises PlaceNotOpen, TooManyPlaces, MeantForLater, BadArguments for what no path is.
    """
    wanted = {w.strip(): True for w in writes if w.strip()}
    wanted |= {r.strip(): False for r in reads if r.strip() and r.strip() not in wanted}
    if len(wanted) > MOST:
        raise TooManyPlaces
    now, governance = await registry.now(session), await current_governance(session)
    files = {c.kind: c for c in now if isinstance(c, Shelf)}
    chosen = []
    for text, write in wanted.items():
        kind, _, path = text.partition(":")
        if kind not in files:
            kind, path = DEFAULT, text
        if kind not in files:
            raise PlaceNotOpen(place=text[:200], how="")
        check_entry(governance, "connector", kind)
        place = normal_place(now.get(kind), path)
        grants = await grants_of(session, teams, kind, clock=clock)
        opening = [g for g in grants if place not in EVERYTHING and any(inside(place, p) for p in g.places)]
        if not opening:
            raise PlaceNotOpen(place=text[:200], how="")
        if write and not any(g.may_write for g in opening):
            raise PlaceNotOpen(place=text[:200], how=" to change")
        chosen.append(Choice(kind, place, write))
    return tuple(chosen)


async def offers(
    session: Session, person: str, teams: Iterable[str], registry: Registry, *, secrets: Secrets, clock: Clock
) -> list[Offer]:
    """Return the first files and folders that `person` may give to a task, of each connector that holds files and may
    be used in the present phase."""
    found, governance = [], await current_governance(session)
    for connector in await registry.now(session):
        if not isinstance(connector, Shelf) or phase_of(governance, "connector", connector.kind) > governance.phase:
            continue
        grants = await grants_of(session, teams, connector.kind, clock=clock)
        account = await account_for(session, person, connector.kind, secrets=secrets) if grants else None
        if account is None:
            continue
        places, whole = await _first_of(connector, Access(account, grants, ""))
        tree = {p[:i] for p in places for i in (*(n + 1 for n, c in enumerate(p) if c == "/"), len(p))}
        shown = tuple(
            (path, any(g.may_write for g in over))
            for path in sorted(tree, key=str.casefold)
            if (over := [g for g in grants if any(inside(path.rstrip("/"), o) for o in g.places)])
        )
        found.append(Offer(connector.kind, connector.title, shown, whole))
    return found


async def _first_of(shelf: Shelf, access: Access) -> tuple[list[str], bool]:
    """Return the paths of the first files, and whether these are all. A slow or broken place shows what it can."""
    places: list[str] = []
    try:
        async with asyncio.timeout(SECONDS):
            async for kept in shelf.walk("", access):
                places.append(kept.path)
                if len(places) >= SHOWN:
                    return places, False
    except (TimeoutError, Failure) as error:
        log.warning("files not listed", error=type(error).__name__)
        return places, False
    return places, True
