"""The triggers that ship: added as drafts, so that somebody looks at each before it is switched on (DI-4)."""

import tomllib
from importlib import resources

from colleague.audit.record import Ledger
from colleague.dispatch.triggers.define import TooManyTriggers, TooMuchAlike, activate_trigger, define_trigger
from colleague.dispatch.triggers.model import Trigger, Wording
from colleague.dispatch.triggers.store import list_triggers
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.model import Tier


def standard_wordings() -> list[Wording]:
    """Return the wordings of the triggers that ship."""
    text = resources.files("colleague.dispatch.triggers").joinpath("standard.toml").read_text("utf-8")
    return [Wording.from_json({"phase": "pilot", "who": [], **entry}) for entry in tomllib.loads(text)["trigger"]]


async def add_standard(session: Session, actor: Actor, *, ledger: Ledger, clock: Clock) -> list[Trigger]:
    """Add the standard triggers whose names are free, as drafts; return them."""
    actor.require("org:dispatch:manage")
    known = {trigger.wording.name for trigger in await list_triggers(session)}
    fresh = [wording for wording in standard_wordings() if wording.name not in known]
    return [await define_trigger(session, actor, wording, ledger=ledger, clock=clock) for wording in fresh]


async def activate_reading(session: Session, actor: Actor, *, ledger: Ledger, clock: Clock) -> list[Trigger]:
    """Switch on every draft that only reads, as long as it may be; return them. Others stay as they are."""
    actor.require("org:dispatch:manage")
    done = []
    for trigger in await list_triggers(session, state="draft"):
        if trigger.wording.tier is Tier.READ:
            try:
                done.append(await activate_trigger(session, actor, trigger.id, ledger=ledger, clock=clock))
            except (TooManyTriggers, TooMuchAlike):
                continue
    return done
