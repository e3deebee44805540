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
from colleague.rollout.store import lead_of, today
from colleague.tasks.parts import Tell
from colleague.usecases.around import Reach

KIND: Final = "review"
TITLE: Final = "A review in the catalogue is over"
ASKS: Final = "somebody who does not answer for it reviews it."
LEFT: Final = "who answers for it has left, so the next review names somebody who is here."
ANEW: Final = "asked anew: who answers for it came or left"


def key_of(kind: str, name: str) -> str:
    """Return the key of the item of an entry."""
    return f"review:{kind}:{name}"


async def watch_reviews(
    session: Session, *, registry: Registry, reach: Reach, tell: Tell, ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Open an item for each entry in use whose review is over, and close those of entries that were reviewed or are in
    use no more; return how many are new. Who answers for it is told, or the lead where they have left, then or later.
    """
    now, new = await today(session, clock), 0
    found = await catalogue(session, reach=reach, registry=registry, clock=clock, use=False)
    over = {key_of(one.kind, one.name): one for one in found if one.expires and one.expires <= now}
    open_ = {item.key: item for item in await open_of_kind(session, KIND)}
    for item in open_.values():
        if item.key not in over and (outcome := _gone(item, found)):
            await settle_item(session, SYSTEM, item.key, outcome, ledger=ledger, clock=clock)
    for key, one in over.items():
        here = await is_active(session, one.owner)
        asks = ASKS if here else LEFT
        why = f"The review of «{one.title}» was over on {one.expires}: {asks}"
        if key in open_ and not open_[key].why.endswith(asks):
            await settle_item(session, SYSTEM, key, ANEW, ledger=ledger, clock=clock)
        if await open_item(session, key, KIND, f"{one.kind}:{one.name}", why, ledger=ledger, clock=clock):
            new += 1
            who = one.owner if here else await lead_of(session)
            if who:
                await tell(session, who, TITLE, f"{why} It stays in use meanwhile.", "/catalogue")
    return new


def _gone(item: Item, found: list[Entry]) -> str:
    """Return how it came that the entry of an item is not over, "" if it did not: a version nobody has reviewed."""
    one = next((one for one in found if key_of(one.kind, one.name) == item.key), None)
    if one is None:
        return "it is not in use any more"
    return "it was reviewed" if one.expires else ""
