"""Who was seen without doing anything, apart from what they did (B-3): signed in, opened an output to look at it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.facts.tables import LookRow
from colleague.adoption.model import Action
from colleague.audit.read import Fact
from colleague.kit.db import Session

PASSIVE: Final = frozenset({"sign_in.succeeded", "output.review_opened"})
KIND: Final = "look"


async def looks(session: Session, since: datetime, until: datetime) -> list[Action]:
    """Return one passive action for each person who was seen in a period: the first."""
    query = select(LookRow.person_id, func.min(LookRow.at)).where(LookRow.at >= since, LookRow.at < until)
    found = await session.execute(query.group_by(LookRow.person_id).order_by(LookRow.person_id))
    return [Action(person, at, KIND) for person, at in found]


async def write_looks(session: Session, facts: Sequence[Fact], people: Collection[str]) -> None:
    """Write down who of `people` was seen, as the next entries tell it."""
    if rows := [{"seq": seq, "person_id": person, "at": at} for seq, (person, at) in _told(facts, people).items()]:
        await session.execute(insert(LookRow), rows)


async def mend_looks(
    session: Session, facts: Sequence[Fact], people: Collection[str], since: int, until: int
) -> int:  # fmt: skip
    """Compare the rows of the entries from `since` to before `until` with what `facts`, all of those, say; write anew
    what differs and return how many.
    """
    told = _told(facts, people)
    query = select(LookRow.seq, LookRow.person_id, LookRow.at).where(LookRow.seq >= since, LookRow.seq < until)
    there = {seq: (person, at) for seq, person, at in await session.execute(query)}
    wrong = [seq for seq in there.keys() | told.keys() if there.get(seq) != told.get(seq)]
    if wrong:
        await session.execute(delete(LookRow).where(LookRow.seq.in_(wrong)))
        await write_looks(session, [fact for fact in facts if fact.seq in wrong], people)
    return len(wrong)


def _told(facts: Sequence[Fact], people: Collection[str]) -> dict[int, tuple[str, datetime]]:
    return {fact.seq: (fact.actor, fact.at) for fact in facts if fact.verb in PASSIVE and fact.actor in people}
