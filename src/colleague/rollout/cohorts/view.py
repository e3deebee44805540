"""A cohort as the page, the API and the command line show it."""

from dataclasses import dataclass
from typing import Any

from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.identity.seats.reason import Warned, seated_without_reason
from colleague.kit.db import Session
from colleague.rollout.cohorts.begin import beginnings
from colleague.rollout.cohorts.may_start import Start
from colleague.rollout.cohorts.model import Candidate, Cohort
from colleague.rollout.cohorts.rank import Ranked, rank
from colleague.rollout.cohorts.ready import Drift, drift, ready
from colleague.rollout.cohorts.store import candidates_of, get_cohort, list_cohorts, members_of
from colleague.usecases.around import Reach
from colleague.usecases.rituals import Tied, standing_cases


@dataclass(frozen=True, slots=True)
class Line:
    """A cohort in the list, with how many are in it."""

    cohort: Cohort
    people: int

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return self.cohort.to_json() | {"people": self.people}


@dataclass(frozen=True, slots=True)
class Sight:
    """One cohort whole. `ranking` and `members` (name, person, use case) are seen by who runs the programme only:
    what was said of a candidate is nobody else's. `asked`: who has a seat in the pilot and waits for the sponsor's
    reason, seen by them too."""

    cohort: Cohort
    people: int
    start: Start
    drift: Drift | None
    ranking: tuple[Ranked, ...] | None
    members: tuple[tuple[str, str, str], ...] | None
    cases: dict[str, Tied]
    names: dict[str, str]
    asked: tuple[Warned, ...] = ()

    @property
    def eligible(self) -> tuple[Candidate, ...]:
        """Return who is proposed, meets all three criteria and is not warned of, in the order of the ranking."""
        found = (one.candidate for one in self.ranking or ())
        return tuple(c for c in found if c.stand == "proposed" and c.score.meets and not c.warnings)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        found: dict[str, Any] = self.cohort.to_json() | self.start.to_json() | {
            "people": self.people, "drift": self.drift.to_json() if self.drift else None,
        }  # fmt: skip
        if self.ranking is not None and self.members is not None:
            found["ranking"] = [one.to_json() for one in self.ranking]
            found["asked"] = [one.to_json() for one in self.asked]
            found["members"] = [{"name": n, "person": p, "use_case": u} for n, p, u in self.members]
        return found


async def list_lines(session: Session, actor: Actor) -> list[Line]:
    """Return every cohort with the number of its people. Raises PermissionMissing."""
    actor.require("org:programme:read")
    counts: dict[str, int] = {}
    for one in await members_of(session):
        counts[one.cohort] = counts.get(one.cohort, 0) + 1
    return [Line(one, counts.get(one.id, 0)) for one in await list_cohorts(session)]


async def see_cohort(session: Session, actor: Actor, cohort: str, *, reach: Reach) -> Sight:
    """Return one cohort with what `actor` may see of it. Raises CohortNotFound, PermissionMissing."""
    actor.require("org:programme:read")
    found = await get_cohort(session, cohort)
    members = await members_of(session, found.id)
    start, differs = await ready(session, found, reach=reach), await drift(session, found)
    cases = {one.id: one for one in await standing_cases(session)}
    if not actor.may("org:programme:manage"):
        return Sight(found, len(members), start, differs, None, None, cases, {})
    ranking = tuple(rank(await candidates_of(session, found.id)))
    begin = await beginnings(session, members)
    names = await names_of(session, {m.person for m in members} | {r.candidate.sponsor for r in ranking})
    lines = sorted((names.get(m.person, ""), m.person, begin[m.person]) for m in members)
    asked = await seated_without_reason(session) if found.kind == "pilot" and found.state != "closed" else []
    return Sight(found, len(members), start, differs, ranking, tuple(lines), cases, names, tuple(asked))
