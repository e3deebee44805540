"""Read what a start is decided on, and decide it; who in the group and in the cohort differ."""

from dataclasses import dataclass
from typing import Any, Final

from colleague.identity.directory import excluded_people, mails_of
from colleague.identity.groups.mapping import find_mapping
from colleague.kit.db import Session
from colleague.policy.model import Phase
from colleague.rollout.cohorts.begin import beginnings
from colleague.rollout.cohorts.may_start import Start, may_start
from colleague.rollout.cohorts.model import Cohort
from colleague.rollout.cohorts.store import candidates_of, members_of, why_unmapped
from colleague.rollout.store import current_programme
from colleague.usecases.around import Reach
from colleague.usecases.ready import Ready
from colleague.usecases.ready import ready as cases_ready

# Said where a cohort of a later phase is filled or started before gate 1.
TOO_EARLY: Final = (
    "People come by department or team once gate 1 is passed. Until then each is chosen singly, on three criteria, in"
    " the pilot cohort (Programme, Cohorts)."
)


async def ready(session: Session, cohort: Cohort, *, reach: Reach, cases: Ready | None = None) -> Start:
    """Say whether a cohort may start now, and why not. A pilot also needs its three to five use cases (PP-5), as they
    are read here unless somebody has (`cases`).
    """
    members = await beginnings(session, await members_of(session, cohort.id))
    # Test users and service accounts are nobody the pilot is judged by (B-0).
    active = set(await mails_of(session, members)) - await excluded_people(session)
    pilot = cohort.kind == "pilot"
    chosen = [c for c in await candidates_of(session, cohort.id, "chosen") if c.person in members] if pilot else []
    others = (cases or await cases_ready(session, reach=reach)).reasons if pilot else await too_early(session)
    sponsor = (await current_programme(session)).sponsor
    return may_start(
        cohort, members, active, chosen, sponsor=sponsor, unmapped=await why_unmapped(session, cohort), others=others
    )


async def too_early(session: Session) -> tuple[str, ...]:
    """Return why people do not come by department or team yet, () once the pilot's gate is behind (PP-2, PP-3)."""
    return (TOO_EARLY,) if (await current_programme(session)).phase is Phase.PILOT else ()


@dataclass(frozen=True, slots=True)
class Drift:
    """How a group and the cohort it maps to differ: numbers only, and whether the group gives anything."""

    group: str
    only_group: int
    only_cohort: int
    gives: int

    @property
    def same(self) -> bool:
        """Say whether they are the same people."""
        return not self.only_group and not self.only_cohort

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "group": self.group, "only_in_group": self.only_group, "only_in_cohort": self.only_cohort,
            "gives": self.gives,
        }  # fmt: skip


async def drift(session: Session, cohort: Cohort) -> Drift | None:
    """Return how the group that maps to a cohort differs from it; None if none does."""
    group = await find_mapping(session, cohort.group) if cohort.group else None
    if group is None:
        return None
    here = {one.person for one in await members_of(session, cohort.id)}
    return Drift(group.name, len(group.people - here), len(here - group.people), group.gives)
