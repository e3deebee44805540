"""Say the same of several candidates at once, and choose several: each by the deed of one, all of them or none."""

from collections.abc import Sequence

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import list_reachable
from colleague.identity.model import Person
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.rollout.cohorts.choose import choose_candidate, score_candidate
from colleague.rollout.cohorts.model import CRITERIA, NO_ANSWER, Score
from colleague.rollout.cohorts.prefill import prefill
from colleague.rollout.cohorts.store import candidates_of, members_of

NOWHERE = "no department"


class NobodyNamed(Invalid):
    """Tick whom you mean first."""


async def score_several(
    session: Session, actor: Actor, cohort: str, people: Sequence[str], score: Score, *, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Propose several people and say the same of each; return how many.

    Raises NobodyNamed, and as `score_candidate`.
    """
    named = list(dict.fromkeys(people))
    if not named:
        raise NobodyNamed
    for person in named:
        await score_candidate(session, actor, cohort, person, score, ledger=ledger, clock=clock)
    return len(named)


async def choose_several(
    session: Session, actor: Actor, cohort: str, people: Sequence[str], *, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Choose several candidates; return how many. Who is warned of is chosen singly, with a sponsor's reason.

    Raises NobodyNamed, and as `choose_candidate`.
    """
    named = list(dict.fromkeys(people))
    if not named:
        raise NobodyNamed
    for person in named:
        await choose_candidate(session, actor, cohort, person, ledger=ledger, clock=clock)
    return len(named)


async def by_department(session: Session, actor: Actor, cohort: str) -> dict[str, list[Person]]:
    """Return who could be proposed, by department: active or waiting for a seat, in no cohort, and nothing said of them
    here yet that is enough to choose them."""
    actor.require("org:programme:manage")
    taken = {one.person for one in await members_of(session)} | {
        one.person for one in await candidates_of(session, cohort) if one.stand != "proposed" or one.score.meets
    }
    found: dict[str, list[Person]] = {}
    for one in await list_reachable(session):
        if one.id not in taken:
            found.setdefault(one.department or NOWHERE, []).append(one)
    return dict(sorted(found.items(), key=lambda item: (item[0] == NOWHERE, item[0].casefold())))


async def known_together(session: Session, people: Sequence[Person], *, clock: Clock) -> Score:
    """Return what the product knows of all of `people` alike, as words to begin with; nothing where they differ."""
    scores = [await prefill(session, one.id, clock=clock) for one in people]
    if not scores:
        return Score()
    first = scores[0]

    def alike(*found: object) -> bool:
        return len(set(found)) == 1

    answers = {name: first.of(name) for name in CRITERIA if alike(*(one.of(name) for one in scores))}
    return Score(
        answers, first.profile if alike(*(one.profile for one in scores)) else "",
        first.repetition if alike(*(one.repetition for one in scores)) else "",
        first.comparable if alike(*(one.comparable for one in scores)) else NO_ANSWER,
    )  # fmt: skip
