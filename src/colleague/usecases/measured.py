"""What the numbers read of use cases: which skill is theirs, and the times that were measured before (B-8)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from colleague.kit.db import Session
from colleague.usecases.store import list_use_cases, observations_of


@dataclass(frozen=True, slots=True)
class Measured:
    """A use case that was launched. `before`: measured minutes by person; what was told from memory is no part of it.

    `told`: how many observations were self-reported. `owner`: id of who answers for it.
    """

    id: str
    name: str
    skill: str
    owner: str
    department: str
    state: str
    version: int
    live_at: datetime
    new_capability: str
    before: dict[str, list[float]]
    told: int

    @property
    def n(self) -> int:
        """Return how many times were measured before."""
        return sum(map(len, self.before.values()))

    def counts(self, workflow: str) -> bool:
        """Say whether a run of this workflow is one of this use case: its card names the skill, in full or short."""
        return bool(self.skill) and self.skill in (workflow, workflow.rpartition(":")[2])

    def counts_run(self, workflow: str, asked_at: datetime) -> bool:
        """Say whether a run of this workflow that was asked for then is one of this use case after its launch (B-8)."""
        return self.counts(workflow) and asked_at >= self.live_at


async def launched_skills(session: Session) -> frozenset[str]:
    """Return the skills, in full or short, that the cards of launched use cases name."""
    return frozenset(one.card.skill for one in await list_use_cases(session) if one.live_at and one.card.skill)


async def measured_cases(session: Session) -> list[Measured]:
    """Return every use case that is or was live, by name, with its baseline."""
    found = [one for one in await list_use_cases(session) if one.live_at is not None]
    times = await observations_of(session, *(one.id for one in found))
    cases = []
    for one in found:
        before: defaultdict[str, list[float]] = defaultdict(list)
        for seen in times[one.id]:
            if seen.how != "self_reported":
                before[seen.person].append(seen.minutes)
        card = one.card
        told = sum(seen.how == "self_reported" for seen in times[one.id])
        assert one.live_at is not None
        cases.append(Measured(
            one.id, card.name, card.skill, card.owner, card.department, one.state, one.version, one.live_at,
            one.new_capability, dict(before), told,
        ))  # fmt: skip
    return cases
