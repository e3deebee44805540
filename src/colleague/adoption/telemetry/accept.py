"""Take in a batch of events, each once: into the ledger, where the facts are counted from."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.model import kind_of
from colleague.adoption.telemetry.judge import Happened, judge, summary
from colleague.adoption.telemetry.model import AHEAD, OLDEST, Record
from colleague.adoption.telemetry.tables import SeenRow, SourceRow, StrangerRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.directory import ids_by_email
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.secrets import Secrets
from colleague.plugins.store import published_skills
from colleague.usecases.measured import launched_skills

STRANGERS_KEPT: Final = timedelta(days=90)
# Two arrays, whatever the number of events: a statement of a value each would be compiled anew for each batch.
NOTE: Final = text("""
    INSERT INTO telemetry_seen (source_id, key, at)
    SELECT :source, one.key, one.at FROM unnest(CAST(:keys AS bytea[]), CAST(:times AS timestamptz[])) AS one(key, at)
    ON CONFLICT DO NOTHING RETURNING key
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. `refused`: how many records for which reason; `ignored`: of names we do not count."""

    accepted: int = 0
    repeated: int = 0
    ignored: int = 0
    refused: Counter[str] = field(default_factory=Counter)


async def accept(
    session: Session, source: str, records: Sequence[Record], *, secrets: Secrets, ledger: Ledger, clock: Clock
) -> Taken:  # fmt: skip
    """Take in the records of a source; what came before, from whichever connection, is not taken again.

    One entry of the ledger tells of the batch, one more of each thing a person of ours did or a run of theirs came to.
    They carry ids, times and counts, no content and no address. Nothing is written when nothing is new.
    """
    now = clock.now()
    known = [one for one in records if one.name]
    judged = [judge(one, source, now=now) for one in known]
    refused = Counter(one for one in judged if isinstance(one, str))
    events = {one.key: one for one in judged if isinstance(one, Happened)}
    fresh = await _unseen(session, source, events)
    told = len(judged) - sum(refused.values())
    taken = Taken(len(fresh), told - len(fresh), len(records) - len(known), refused)
    if fresh:
        people = await ids_by_email(session, {one.who for one in fresh if "@" in one.who})
        strangers = {one.who for one in fresh if one.who and one.who not in people}
        await _count_strangers(session, source, strangers, now, secrets)
        facts = summary(fresh) | {
            "accepted": len(fresh), "unknown": sum(one.who not in people for one in fresh),
        }  # fmt: skip
        await ledger.record(session, Event("telemetry.received", source, subject=source, data=facts))
        known_skills = await workflow_names(session) if any(one.skill for one in fresh) else frozenset()
        await ledger.record_all(session, _entries(fresh, source, people, known_skills))
    await session.execute(
        update(SourceRow).where(SourceRow.id == source).values(
            last_at=now, accepted=SourceRow.accepted + taken.accepted, repeated=SourceRow.repeated + taken.repeated,
            refused=SourceRow.refused + sum(refused.values()), ignored=SourceRow.ignored + taken.ignored,
        )
    )  # fmt: skip
    return taken


async def workflow_names(session: Session) -> frozenset[str]:
    """Return the workflows there are here, in short: published skills, and those of use cases that were launched."""
    names = {one.name for one in await published_skills(session)} | await launched_skills(session)
    return frozenset(map(kind_of, names))


async def forget_seen(session: Session, *, clock: Clock) -> int:
    """Forget which events came, once they are too old to be taken, and strangers after ninety days; return how many."""
    now = clock.now()
    total = 0
    for table, column, before in (
        (SeenRow, SeenRow.at, now - OLDEST - AHEAD), (StrangerRow, StrangerRow.last_at, now - STRANGERS_KEPT),
    ):  # fmt: skip
        total += await session.scalar(select(func.count()).select_from(table).where(column < before)) or 0
        await session.execute(delete(table).where(column < before))
    return total


async def _unseen(session: Session, source: str, events: dict[bytes, Happened]) -> list[Happened]:
    """Note the keys that were not there and return their events by time. Two at once wait for each other."""
    # In one order for everybody: two batches with the same events never wait for each other both ways.
    keys = sorted(events)
    values = {"source": source, "keys": keys, "times": [events[key].at for key in keys]}
    fresh = set(await session.scalars(NOTE, values))
    return sorted((one for key, one in events.items() if key in fresh), key=lambda one: one.at)


async def _count_strangers(
    session: Session, source: str, strangers: Iterable[str], now: datetime, secrets: Secrets
) -> None:  # fmt: skip
    marks = sorted({secrets.mark(who, context=f"telemetry {source}") for who in strangers})
    if marks:
        query = insert(StrangerRow).values([{"source_id": source, "mark": one, "last_at": now} for one in marks])
        await session.execute(
            query.on_conflict_do_update(index_elements=["source_id", "mark"], set_={"last_at": now})
        )  # fmt: skip


def _entries(
    fresh: Iterable[Happened], source: str, people: dict[str, str], workflows: frozenset[str]
) -> list[Event]:  # fmt: skip
    found = []
    for one in fresh:
        person = people.get(one.who)
        if person is None or not one.verb:
            continue
        data: dict[str, Any] = {"at": one.at.isoformat()} | ({"name": one.skill} if one.skill else {})
        if one.skill and kind_of(one.skill) not in workflows:
            # A skill of theirs alone is no workflow that anybody published here.
            data["approved"] = False
        if one.headless:
            data["via"] = "headless"
        run = f"{source}:{one.prompt}" if one.prompt else ""
        found.append(Event(one.verb, source, subject=person, run=run, data=data))
    return found
