"""What the programme has to do: a use case to redesign, an onboarding to adjust, an alarm to look into.

INVARIANT: an item is about a use case, a group, a connector, a skill or the programme, never about a person (B-12,
KP-7).
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.tables import ItemRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.usecases.around import one_line

Kind = Literal["redesign", "onboarding", "ticket", "stall", "alarm", "measurement", "review"]
State = Literal["open", "closed"]
KINDS: Final = frozenset(get_args(Kind))
ABOUT: Final = ("use_case:", "cohort:", "department:", "team:", "onboarded:", "connector:", "skill:")
SHOWN: Final = 200


class BadItem(Invalid):
    """An item of the programme is about a use case, a group, a connector, a skill or the programme, and of a known
    kind."""


class NoSuchItem(NotFound):
    """There is no such item."""


class AlreadyClosed(Conflict):
    """This item was closed already."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item. `about`: «programme», or what it is about as «use_case:ID»; `outcome`: what was done, once it is closed.

    `closed_by`: id of a person.
    """

    id: str
    key: str
    kind: str
    about: str
    why: str
    state: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""
    outcome: str = ""

    @property
    def leads_to(self) -> str:
        """Return the page of what it is about, "" if it has none."""
        kind, _, name = self.about.partition(":")
        if self.kind == "review":
            return "/catalogue"
        return f"/use-cases/{name}" if kind == "use_case" and is_id(name) else ""

    def to_json(self) -> dict[str, Any]:
        """Return the item as JSON."""
        return asdict(self) | {
            "opened_at": self.opened_at.isoformat(), "closed_at": self.closed_at and self.closed_at.isoformat(),
        }  # fmt: skip


async def open_item(
    session: Session, key: str, kind: str, about: str, why: str, *, ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """Open an item, and say whether it is new: while one of this key is open nothing happens. Raises BadItem.

    `about`: «programme», «use_case:ID», «cohort:NAME», «department:NAME», «team:NAME», «onboarded:WEEK»,
    «connector:KIND», «skill:NAME».
    """
    if kind not in KINDS or not (about == "programme" or about.startswith(ABOUT)) or not key:
        raise BadItem
    one = new_id("item")
    values = {
        "id": one, "key": one_line(key, "key", 300), "kind": kind, "about": one_line(about, "about", 300),
        "why": one_line(why, "why", 1000, needed=True), "state": "open", "opened_at": clock.now(), "outcome": "",
    }  # fmt: skip
    row = insert(ItemRow).values(values)
    # In words, not as a parameter: a statement planned without its values would not find the index.
    row = row.on_conflict_do_nothing(index_elements=["key"], index_where=text("state = 'open'"))
    if await session.scalar(row.returning(ItemRow.id)) is None:
        return False
    facts = {"kind": kind, "about": values["about"], "key": values["key"]}
    await ledger.record(session, Event("item.opened", "system", subject=one, data=facts))
    return True


async def close_item(
    session: Session, actor: Actor, item: str, outcome: str, *, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Close an item, with what was done or why nothing is. Raises AlreadyClosed, BadText, NoSuchItem."""
    actor.require("org:programme:manage")
    outcome = one_line(outcome, "what was done", 1000, needed=True)
    query = select(ItemRow).where(ItemRow.id == item).with_for_update()
    row = await session.scalar(query) if is_id(item) else None
    if row is None:
        raise NoSuchItem
    if row.state != "open":
        raise AlreadyClosed
    row.state, row.outcome, row.closed_at, row.closed_by = "closed", outcome, clock.now(), actor.id
    facts = {"kind": row.kind, "about": row.about, "key": row.key}
    await ledger.record(session, Event("item.closed", actor.id, subject=row.id, data=facts))


async def settle_item(
    session: Session, actor: Actor, key: str, outcome: str, *, ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """Close the open item of a key, because the deed that it asks for was done: called by that deed, which has asked
    whether the actor may. Say whether there was one."""
    query = select(ItemRow).where(ItemRow.key == key, ItemRow.state == "open").with_for_update()
    row = await session.scalar(query)
    if row is None:
        return False
    row.state, row.outcome, row.closed_at = "closed", one_line(outcome, "what was done", 1000), clock.now()
    row.closed_by = actor.id if is_id(actor.id) else None
    facts = {"kind": row.kind, "about": row.about, "key": row.key}
    await ledger.record(session, Event("item.closed", actor.id, subject=row.id, data=facts))
    return True


async def open_of_kind(session: Session, kind: Kind) -> list[Item]:
    """Return the open items of a kind, oldest first."""
    query = select(ItemRow).where(ItemRow.kind == kind, ItemRow.state == "open").order_by(ItemRow.opened_at, ItemRow.id)
    return [_item(row) for row in await session.scalars(query)]


async def list_items(session: Session, actor: Actor, *, state: State | None = None, about: str = "") -> list[Item]:
    """Return items, newest first, open or closed or both, all or those about one thing. Raises PermissionMissing."""
    actor.require("org:programme:read")
    query = select(ItemRow).order_by(ItemRow.opened_at.desc(), ItemRow.id.desc()).limit(SHOWN)
    if state:
        query = query.where(ItemRow.state == state)
    if about:
        query = query.where(ItemRow.about == about)
    return [_item(row) for row in await session.scalars(query)]


async def last_of(session: Session, key: str) -> Item | None:
    """Return the newest item of a key, open or closed; None if there was none."""
    query = select(ItemRow).where(ItemRow.key == key).order_by(ItemRow.opened_at.desc(), ItemRow.id.desc())
    row = await session.scalar(query.limit(1))
    return _item(row) if row else None


async def is_known(session: Session, key: str) -> bool:
    """Say whether there is or was an item of this key."""
    return await session.scalar(select(ItemRow.id).where(ItemRow.key == key).limit(1)) is not None


def _item(row: ItemRow) -> Item:
    return Item(
        row.id, row.key, row.kind, row.about, row.why, row.state, row.opened_at, row.closed_at, row.closed_by or "",
        row.outcome,
    )  # fmt: skip
