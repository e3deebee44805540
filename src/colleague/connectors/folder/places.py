"""From an account and grants to what may be reached: roots on the disk, opened places, blocked patterns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colleague.connectors.connector import Access, Account, BadArguments, Grant, NotReachable, OutOfScope
from colleague.connectors.folder.tree import parts_of
from colleague.connectors.screen import Blocked
from colleague.policy.model import Integrity, Label


@dataclass(frozen=True, slots=True)
class Spot:
    """A file or folder that was asked for: its root, the way from there, and its path as people write it."""

    root: Path
    parts: tuple[str, ...]
    path: str


def roots_of(config: Mapping[str, Any]) -> dict[str, Path]:
    """Return the roots by name; a single unnamed one has the name "". BadArguments if a line is no absolute path."""
    roots: dict[str, Path] = {}
    for line in filter(None, map(str.strip, str(config.get("root", "")).splitlines())):
        name, _, path = line.rpartition("=")
        name, folder = name.strip(), Path(path.strip())
        if not folder.is_absolute() or folder == Path("/") or "/" in name or name.startswith(".") or name in roots:
            raise BadArguments(f"«{line[:100]}» does not name a folder: write /path, or Name = /path, one a line.")
        roots[name] = folder
    if not roots or (len(roots) > 1 and "" in roots):
        raise BadArguments("Name one folder, or several as «Name = /path».")
    return roots


def blocked_of(access: Access) -> Blocked:
    """Return what is blocked: by the organisation, and by the account's own patterns."""
    return access.blocked.also(filter(None, map(str.strip, str(access.account.config.get("blocked", "")).splitlines())))


def normal(path: str) -> str:
    """Return a path in the one way it is written: no slashes at the ends, no empty or `.` steps."""
    return "/".join(parts_of(path))


def usable(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Return the grants that open anything: where the class of the place is above the ceiling, nothing is open."""
    return tuple(g for g in grants if g.place_class <= g.ceiling)


def opened_by(access: Access, path: str) -> tuple[Grant, ...]:
    """Return the grants whose places hold `path`."""
    return tuple(
        g
        for g in usable(access.grants)
        if any(p in ("", "*") or path == p or path.startswith(f"{p}/") for p in g.places)
    )


def opened_places(access: Access, under: str) -> list[str]:
    """Return the opened places in or above `under`, none inside another: where a listing or search may begin."""
    places = {"" if p == "*" else p for g in usable(access.grants) for p in g.places}
    if any(p in ("", under) or under.startswith(f"{p}/") for p in places):
        return [under]
    below = sorted(p for p in places if under == "" or p.startswith(f"{under}/"))
    return [p for p in below if not any(p.startswith(f"{q}/") for q in below)]


def begin(account: Account, places: Iterable[str]) -> list[str]:
    """Return where on the disk to begin: "" stands for every root."""
    names = [name for name in roots_of(account.config) if name]
    return [start for place in places for start in (names if place == "" and names else [place])]


def spot(access: Access, path: str, *, writing: bool = False) -> Spot:
    """Return where `path` lies on the disk; NotReachable outside the grants, OutOfScope to write where one reads."""
    path = normal(path)
    grants = opened_by(access, path)
    if not grants:
        raise NotReachable
    if writing and not any(g.may_write for g in grants):
        raise OutOfScope("You may read here, but not write: ask an administrator for a grant that allows writing.")
    return on_disk(access.account, path)


def on_disk(account: Account, path: str) -> Spot:
    """Return where `path` lies under the account's roots; NotReachable if it names none."""
    roots = roots_of(account.config)
    if "" in roots:
        return Spot(roots[""], tuple(path.split("/")) if path else (), path)
    name, _, rest = path.partition("/")
    if name not in roots:
        raise NotReachable
    return Spot(roots[name], tuple(rest.split("/")) if rest else (), path)


def label_of(access: Access, *paths: str) -> Label:
    """Return the label of what was read: the highest class of the places it lies in, trusted only if all say so."""
    label = Label(Integrity.TRUSTED)
    for path in paths:
        grants = opened_by(access, path)
        trusted = bool(grants) and all(g.trusted for g in grants)
        classes = [g.place_class for g in grants]
        label = label.join(
            Label(
                Integrity.TRUSTED if trusted else Integrity.UNTRUSTED,
                max(classes) if classes else label.data_class,
                sources=frozenset({f"folder:{path}"}),
            )
        )
    return label
