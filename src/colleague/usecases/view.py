"""A use case as the page and the API show it, with what belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.usecases.around import Reach, here
from colleague.usecases.baseline import seen_by
from colleague.usecases.define import checked
from colleague.usecases.lint import is_kept
from colleague.usecases.model import WRONG_CASE_WEEKS, Card, Finding, Framework, Friction, Observation, UseCase
from colleague.usecases.sample import Baseline
from colleague.usecases.store import (
    cards_of,
    followed,
    frameworks_of,
    frictions_of,
    get_use_case,
    list_use_cases,
    observations_of,
)
from colleague.usecases.tables import CardRow


@dataclass(frozen=True, slots=True)
class Line:
    """A use case in the list."""

    case: UseCase
    owner: str
    findings: tuple[Finding, ...]
    baseline: Baseline

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return self.case.to_json() | {
            "owner_name": self.owner, "findings": [one.to_json() for one in self.findings],
            "baseline": self.baseline.to_json(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """One use case whole. `observations` are those that the actor may see; `names`: of everybody named in it;
    `follows`: the use case whose skill it goes on with, and whose baseline it has.
    """

    case: UseCase
    findings: tuple[Finding, ...]
    baseline: Baseline
    observations: Sequence[Observation]
    frictions: Sequence[Friction]
    frameworks: Sequence[Framework]
    cards: Sequence[CardRow]
    names: dict[str, str]
    follows: UseCase | None = None

    @property
    def weeks_added(self) -> int:
        """Return how many weeks it adds to the plan (PP-10)."""
        return WRONG_CASE_WEEKS if is_kept(self.case.card, self.findings) else 0

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return self.case.to_json() | {
            "owner_name": self.names.get(self.case.card.owner, ""), "weeks_added": self.weeks_added,
            "findings": [one.to_json() for one in self.findings], "baseline": self.baseline.to_json(),
            "follows": self.follows.id if self.follows else None,
            "observations": [one.to_json() for one in self.observations],
            "friction": [one.to_json() for one in self.frictions],
            "framework": self.frameworks[0].to_json() if self.frameworks else None,
            "versions": [
                {"version": c.version, "by": c.by, "at": c.at.isoformat(), "card": c.card} for c in self.cards
            ],
        }  # fmt: skip


async def list_lines(session: Session, actor: Actor, *, reach: Reach) -> list[Line]:
    """Return every use case with what the linter says and what was measured."""
    actor.require("org:usecases:read")
    found = await list_use_cases(session)
    organisation = await here(session, [one.card for one in found], reach=reach)
    names = await names_of(session, {one.card.owner for one in found})
    times = await observations_of(session, *(one.id for one in found))
    return [
        Line(one, names.get(one.card.owner, ""), organisation.lint(one.card), seen_by(actor, times[one.id])[0])
        for one in found
    ]


async def see_use_case(session: Session, actor: Actor, use_case: str, *, reach: Reach) -> Sight:
    """Return one use case with everything that `actor` may see of it. Raises UseCaseNotFound, PermissionMissing."""
    actor.require("org:usecases:read")
    found = await get_use_case(session, use_case)
    summed, seen = seen_by(actor, (await observations_of(session, found.id))[found.id])
    frictions, frameworks = await frictions_of(session, found.id), await frameworks_of(session, found.id)
    cards = await cards_of(session, found.id)
    people = {found.card.owner, *(o.person for o in seen), *(f.by for f in frictions), *(f.by for f in frameworks)}
    return Sight(
        found, (await here(session, [found.card], reach=reach)).lint(found.card), summed,
        seen, frictions, frameworks, cards, await names_of(session, people | {c.by for c in cards}),
        (await followed(session)).get(found.id),
    )  # fmt: skip


async def check(session: Session, actor: Actor, card: Card, *, reach: Reach) -> tuple[Finding, ...]:
    """Return what the linter has against a card that is not saved. Raises BadCard, BadText."""
    actor.require("org:usecases:read")
    card = await checked(session, card)
    return (await here(session, [card], reach=reach)).lint(card)
