"""Which channels carry a person's notices: what they chose, as far as they can be reached there."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.addresses.find import bound_of
from colleague.channels.addresses.tables import PreferenceRow
from colleague.channels.push.subscribe import devices_of
from colleague.channels.registry import Channels
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Invalid

# What carries notices before anybody chose: texts cost money, and Slack may be open on a shared screen.
USUAL = {"email": True, "push": True, "sms": False, "slack": False}


class NoSuchChannel(Invalid):
    """There is no such channel here."""


@dataclass(frozen=True, slots=True)
class Preference:
    """A channel that is set up: whether it carries this person's notices, and whether they can be reached there."""

    kind: str
    title: str
    carries: bool
    reached: bool


async def preferences(session: Session, person_id: str, channels: Channels) -> list[Preference]:
    """Return every channel that is set up, as it stands for one person."""
    query = select(PreferenceRow.channel, PreferenceRow.carries).where(PreferenceRow.person_id == person_id)
    chosen: dict[str, bool] = dict((await session.execute(query)).all())
    found = []
    for channel in channels:
        reached = await _reached(session, person_id, channel.kind)
        carries = chosen.get(channel.kind, USUAL.get(channel.kind, False))
        found.append(Preference(channel.kind, channel.title, carries, reached))
    return found


async def _reached(session: Session, person_id: str, kind: str) -> bool:
    match kind:
        case "email":
            return True
        case "push":
            return bool(await devices_of(session, person_id))
        case _:
            return await bound_of(session, person_id, kind) is not None


async def carrying(session: Session, person_id: str, channels: Channels) -> list[str]:
    """Return the kinds of the channels that carry a notice to this person now."""
    return [p.kind for p in await preferences(session, person_id, channels) if p.carries and p.reached]


async def prefer(
    session: Session, actor: Actor, kind: str, *, carries: bool, channels: Channels, ledger: Ledger
) -> None:  # fmt: skip
    """Let a channel carry the actor's own notices, or not. NoSuchChannel for one that is not set up."""
    if channels.get(kind) is None:
        raise NoSuchChannel
    given = insert(PreferenceRow).values(person_id=actor.id, channel=kind, carries=carries)
    keys = ["person_id", "channel"]
    await session.execute(given.on_conflict_do_update(index_elements=keys, set_={"carries": carries}))
    facts = {"channel": kind, "carries": carries}
    await ledger.record(session, Event("notices.preferred", actor.id, subject=actor.id, person=actor.id, data=facts))
