"""What has to change so that the files are in force, in order, with what it means for people; a plan changes nothing.

A plan is the deeds themselves, done in a transaction that is rolled back: what they refuse, and whom they touch, is
known before anything happens, and nothing is said twice. Applying does the same and is kept (apply.py).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal

from colleague.governance.asfiles.parts.connect import Connectors, Grants, Tools
from colleague.governance.asfiles.parts.part import ByHand, Means, Part, Waits
from colleague.governance.asfiles.parts.people import GroupRules, Roles, Teams
from colleague.governance.asfiles.parts.rules import OwnRules, Settings
from colleague.governance.asfiles.parts.skill import Approved, SwitchedOff
from colleague.governance.asfiles.parts.think import Ceilings, Papers, Providers, Routes, Switches
from colleague.governance.asfiles.shape import FORMAT, Entry, Lists
from colleague.kit.canonical import digest
from colleague.kit.db import Database, Session
from colleague.kit.errors import Failure

Verb = Literal["add", "change", "remove"]
State = Literal["applies", "waits", "by hand", "refused"]
# In this order things are made; what others rest on comes first. Things are taken away in the other direction.
PARTS: Final[tuple[Part[Any], ...]] = (
    Teams(), Roles(), Settings(), OwnRules(), Connectors(), Tools(), Grants(), GroupRules(), Providers(), Papers(),
    Switches(), Routes(), Ceilings(), Approved(), SwitchedOff(),
)  # fmt: skip
_MARKS: Final[Mapping[Verb, str]] = {"add": "+", "change": "~", "remove": "-"}
_TITLES: Final = {
    "teams": "team", "roles": "role", "settings": "setting", "rules": "rules", "connectors": "connector",
    "tools": "tool", "grants": "grant", "groups": "group", "providers": "model provider", "papers": "paper",
    "routes": "route", "ceilings": "ceiling", "approved": "skills", "switched_off": "switched off",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `details`: what of it differs. `state`: whether it applies; `words` why not, or what it means."""

    list: str
    verb: Verb
    what: str
    details: tuple[str, ...] = ()
    state: State = "applies"
    words: str = ""

    @property
    def line(self) -> str:
        """Return the change as one line."""
        more = f" ({'; '.join(self.details)})" if self.details else ""
        return f"{_MARKS[self.verb]} {_TITLES[self.list]} {self.what}{more}"

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON."""
        return {"list": self.list, "verb": self.verb, "what": self.what, "details": list(self.details),
                "state": self.state, "words": self.words}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered changes, and the digest of them together with what is in force and what is wanted."""

    changes: tuple[Change, ...]
    digest: str

    def of(self, *states: State) -> list[Change]:
        """Return the changes in these states."""
        return [c for c in self.changes if c.state in states]

    @property
    def applicable(self) -> bool:
        """Say whether applying it would do anything, and could be done whole."""
        return bool(self.of("applies", "waits")) and not self.of("refused")

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return {"digest": self.digest, "applicable": self.applicable, "changes": [c.to_json() for c in self.changes]}


async def in_force(means: Means) -> Lists:
    """Return the whole configuration in force. Raises PermissionMissing for who may not see all of it."""
    return {part.name: dict(await part.read(means)) for part in PARTS if not isinstance(part, Switches)}


def differences(held: Lists, wanted: Lists) -> list[Change]:
    """Return how the files differ from what is in force, list by list. Pure."""
    found: list[Change] = []
    for name in dict.fromkeys(part.name for part in PARTS):
        if name in wanted:
            added, changed, removed = compare(held[name], wanted[name])
            found += [Change(name, "add", e.words) for e in added]
            found += [Change(name, "change", b.words, details(b, e)) for b, e in changed]
            found += [Change(name, "remove", e.words) for e in removed if name != "settings"]
    return found


def compare(
    held: Mapping[str, Entry], wanted: Mapping[str, Entry]
) -> tuple[list[Entry], list[tuple[Entry, Entry]], list[Entry]]:
    """Return what is only wanted, what is held otherwise (before, after), and what is only held. Pure."""
    changed = [(held[k], e) for k, e in sorted(wanted.items()) if k in held and held[k] != e]
    added = [e for k, e in sorted(wanted.items()) if k not in held]
    removed = [e for k, e in sorted(held.items()) if k not in wanted]
    for before in list(removed):
        heir = next((e for e in added if e.kin and e.kin == before.kin), None)
        if heir is not None:
            changed.append((before, heir))
            removed.remove(before)
            added.remove(heir)
    return added, changed, removed


def details(before: Entry, after: Entry) -> tuple[str, ...]:
    """Return what differs between two forms of an entry, in words. Pure."""
    old, new = before.model_dump(), after.model_dump()
    return tuple(
        f"{name.replace('_', ' ')}: {_shown(old[name])} → {_shown(new[name])}"
        for name in old
        if old[name] != new.get(name)
    )


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            text = ", ".join(map(str, value))
        case dict():
            text = ", ".join(f"{k}: {v}" for k, v in value.items())
        case _:
            text = str(value)
    return f"{text[:200]}…" if len(text) > 200 else text or "none"


async def perform(means: Means, wanted: Lists) -> Plan:
    """Make the files be in force as far as may be, each change in a savepoint of its own; return what became of each.

    The same state and the same files give the same plan, to the digest.
    """
    means = replace(means, wanted=frozenset(wanted.get("connectors", ())))
    held = {p.name: await p.read(means) for p in PARTS if p.name in wanted}
    done: list[Change] = []
    for part in reversed(PARTS):
        if part.name in wanted:
            for before in compare(await part.read(means), wanted[part.name])[2]:
                done += await _try(means, part, "remove", [before], (), partial(part.remove, means, before))
    for part in PARTS:
        if part.name in wanted:
            done += await _forward(means, part, wanted[part.name])
    seal = [FORMAT, _plain(held), _plain(wanted), [c.to_json() for c in done]]
    return Plan(tuple(done), digest(seal))


async def _forward(means: Means, part: Part[Any], wanted: Mapping[str, Entry]) -> list[Change]:
    added, changed, _ = compare(await part.read(means), wanted)
    done: list[Change] = []
    for entry in added:
        done += await _try(means, part, "add", [entry], (), partial(part.add, means, entry))
    if isinstance(part, Settings) and changed:
        return done + await _settings(means, part, changed)
    for before, entry in changed:
        words = details(before, entry)
        done += await _try(means, part, "change", [before], words, partial(part.change, means, before, entry))
    return done


async def _settings(means: Means, part: Settings, changed: Sequence[tuple[Any, Any]]) -> list[Change]:
    """Set together what weakens nothing, then propose together what weakens; one by one where a value is refused."""
    try:
        weak = await part.weakening(means, changed)
    except (Failure, ByHand):
        return [
            change
            for b, e in changed
            for change in await _try(means, part, "change", [b], details(b, e), partial(part.change, means, b, e))
        ]
    done: list[Change] = []
    for deed, pairs in (
        (part.set, [(b, e) for b, e in changed if e.key not in weak]),
        (part.propose, [(b, e) for b, e in changed if e.key in weak]),
    ):
        if pairs:
            one = await _try(means, part, "change", [pairs[0][0]], (), partial(deed, means, pairs))
            done += [replace(c, what=b.words, details=details(b, e)) for c in one for b, e in pairs]
    return done


async def _try(
    means: Means, part: Part[Any], verb: Verb, entries: Sequence[Entry], words: tuple[str, ...],
    deed: Callable[[], Awaitable[str | None]],
) -> list[Change]:  # fmt: skip
    change = Change(part.name, verb, entries[0].words, words)
    waits = ""
    try:
        async with means.session.begin_nested():
            try:
                effect = await deed()
            except Waits as reason:
                # Raised after the proposal was made, which stays.
                effect, waits = "", str(reason)
            await means.session.flush()
    except ByHand as reason:
        return [replace(change, state="by hand", words=str(reason))]
    except Failure as failure:
        return [replace(change, state="refused", words=failure.message)]
    if waits:
        return [replace(change, state="waits", words=waits)]
    return [] if effect is None else [replace(change, words=effect)]


def _plain(lists: Mapping[str, Mapping[str, Entry]]) -> dict[str, Any]:
    return {name: {key: e.model_dump() for key, e in entries.items()} for name, entries in lists.items()}


class _NothingChanges(Exception):
    """Ends the transaction of a plan without a commit."""


async def make_plan(database: Database, means: Callable[[Session], Means], wanted: Lists) -> Plan:
    """Return the plan for these files, as of now. Nothing is kept. Raises PermissionMissing."""
    plan: Plan | None = None
    try:
        async with database.transaction() as session:
            plan = await perform(means(session), wanted)
            raise _NothingChanges
    except _NothingChanges:
        assert plan is not None
        return plan
