"""What the numbers read of use cases: which skill is theirs, and the times that were measured before (B-8)."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from colleague.identity.directory import members_by_department, members_by_team
from colleague.kit.db import Session
from colleague.usecases.model import Cases, Measured, names_by_person, share_a_skill
from colleague.usecases.store import list_use_cases, observations_of

Members = Mapping[str, Collection[str]]


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
            one.new_capability, dict(before), told, card.ritual.team if card.ritual else "", one.retired_at,
        ))  # fmt: skip
    return cases


async def cases_by_run(session: Session, members: tuple[Members, ...] | None = None) -> Cases:
    """Return the use cases that were launched, as those that runs are given to.

    `members`: people by department and by team as they were then; as they are now where it is left out.
    """
    found = await measured_cases(session)
    if not share_a_skill(found):
        return Cases(found)
    if members is None:
        members = (await members_by_department(session), await members_by_team(session))
    return Cases(found, names_by_person(*members))
