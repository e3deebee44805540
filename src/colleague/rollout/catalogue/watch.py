"""Every morning: a review that is over becomes an item, and who answers for the entry is told; the next review closes
it (PL-7)."""

from typing import Final

from colleague.adoption.items import Item, open_item, open_of_kind, settle_item
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import is_active
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.catalogue.collect import catalogue
from colleague.rollout.catalogue.model import Entry
from colleague.rollout.store import lead_of
from colleague.tasks.parts import Tell
from colleague.usecases.around import Reach

KIND: Final = "review"
TITLE: Final = "A review in the catalogue is over"


def key_of(kind: str, name: str) -> str:
    """Return the key of the item of an entry."""
    return f"review:{kind}:{name}"


async def watch_reviews(
    session: Session, *, registry: Registry, reach: Reach, tell: Tell, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Open an item for each entry in use whose review is over, and close those of entries for which that is so no more;
    return how many are new. Who answers for it is told, or the lead where they have left."""
    today, new = clock.now().date(), 0
    found = await catalogue(session, reach=reach, registry=registry, clock=clock, use=False)
    over = {key_of(one.kind, one.name): one for one in found if one.expires and one.expires <= today and one.owner}
    for item in await open_of_kind(session, KIND):
        if item.key not in over:
            await settle_item(session, SYSTEM, item.key, _gone(item, found), ledger=ledger, clock=clock)
    for key, one in over.items():
        why = f"The review of «{one.title}» was over on {one.expires}: somebody who does not answer for it reviews it."
        if await open_item(session, key, KIND, f"{one.kind}:{one.name}", why, ledger=ledger, clock=clock):
            new += 1
            who = one.owner if await is_active(session, one.owner) else await lead_of(session)
            if who:
                await tell(session, who, TITLE, f"{why} It stays in use meanwhile.", "/catalogue")
    return new


def _gone(item: Item, found: list[Entry]) -> str:
    there = any(key_of(one.kind, one.name) == item.key for one in found)
    return "it was reviewed" if there else "it is not in use any more"
