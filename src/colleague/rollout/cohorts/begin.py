"""Which use case somebody begins with: one tied to a ritual of their department or team, in week one (AD-2)."""

from collections.abc import Collection

from colleague.identity.directory import get_person
from colleague.kit.db import Session
from colleague.rollout.cohorts.model import Member
from colleague.usecases.rituals import Tied, standing_cases


def first_case(department: str, teams: tuple[str, ...], cases: Collection[Tied]) -> str:
    """Return the use case that somebody begins with; "" if none is tied to a ritual of theirs.

    One of their own department or team comes before one that is written for everybody. Pure.
    """
    fit = [one for one in cases if one.ritual is not None and one.fits(department, teams)]
    own = [one for one in fit if one.card.department]
    return (own or fit)[0].id if fit else ""


async def beginnings(session: Session, members: Collection[Member]) -> dict[str, str]:
    """Return what each of `members` begins with: what was chosen while it still stands, else what fits now, "" for
    nobody's fault but the missing card's."""
    cases = await standing_cases(session)
    stand = {one.id for one in cases if one.ritual is not None}
    found = {}
    for one in members:
        chosen = one.use_case if one.use_case in stand else ""
        who = await get_person(session, one.person)
        found[one.person] = chosen or first_case(who.department, who.teams, cases)
    return found
