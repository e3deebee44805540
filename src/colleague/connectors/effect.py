"""What giving, changing or revoking a grant would change for people, said before it applies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from colleague.connectors.connector import Grant
from colleague.connectors.grants import Opened, inside, list_grants
from colleague.identity.actor import Actor
from colleague.identity.directory import people_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import ToolWord


@dataclass(frozen=True, slots=True)
class Effect:
    """Who would reach something they do not reach now, who would reach less, who the same on other terms: names."""

    gain: tuple[str, ...] = ()
    lose: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return the effect as one sentence."""
        parts = [
            f"{_people(len(names))} {one if len(names) == 1 else many}"
            for names, one, many in (
                (self.gain, "gains access", "gain access"),
                (self.lose, "loses access", "lose access"),
                (self.otherwise, "keeps access on other terms", "keep access on other terms"),
            )
            if names
        ]
        return f"{', '.join(parts)}." if parts else "Nobody gains or loses access."

    def to_json(self) -> dict[str, Any]:
        """Return the effect as JSON."""
        return {"sentence": self.sentence, "gain": list(self.gain), "lose": list(self.lose),
                "otherwise": list(self.otherwise)}  # fmt: skip


async def effect_of(
    session: Session, actor: Actor, before: Opened | None, after: Opened | None, *, clock: Clock
) -> Effect:
    """Return what it means for people if `before` becomes `after` (None: there is none). Needs org:connectors:read.

    What a person keeps through another grant of theirs is neither gained nor lost.
    """
    actor.require("org:connectors:read")
    one = after or before
    if one is None:
        return Effect()
    now = [o.grant for o in await list_grants(session, connector=one.grant.connector, clock=clock)]
    others = [g for g in now if g.id != one.id]
    theirs: dict[str, list[Grant]] = {}
    for holder in sorted({g.holder for g in others}):
        for person, _ in await people_of(session, holder):
            theirs.setdefault(person, []).extend(g for g in others if g.holder == holder)
    old = [before.grant] if before is not None and any(g.id == before.id for g in now) else []
    new = [after.grant] if after is not None else []
    gain, lose, otherwise = [], [], []
    for person, name in await people_of(session, one.grant.holder):
        rest = theirs.get(person, [])
        more, less = _beyond(new, [*old, *rest]), _beyond(old, [*new, *rest])
        gain += [name] if more else []
        lose += [name] if less else []
        otherwise += [name] if not (more or less) and _bears(old, new, rest) else []
    return Effect(tuple(gain), tuple(lose), tuple(otherwise))


def _beyond(grants: Iterable[Grant], others: Sequence[Grant]) -> bool:
    """Say whether `grants` open a place, or let something be changed there, that `others` do not."""
    return any(
        not any(
            (other.may_write or not grant.may_write) and any(inside(place, opened) for opened in other.places)
            for other in others
        )
        for grant in grants
        for place in grant.places
    )


def _bears(old: Sequence[Grant], new: Sequence[Grant], rest: Sequence[Grant]) -> bool:
    """Say whether a person who reaches the same still does so on other terms: words for tools, classes, an end."""
    words = any(word is not ToolWord.ALLOW for g in (*old, *new) for word in g.tools.values())
    return old != new and bool((old and new) or (words and rest))


def _people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"
