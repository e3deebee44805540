"""The test bench: what would this message do, for this person, now? Nothing happens, nothing is kept (R51)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from colleague.channels.addresses.find import bound_of
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.commands import COMMANDS
from colleague.dispatch.receive.decide import Confirm, Refuse, decide
from colleague.dispatch.receive.people import Unclear, with_people
from colleague.dispatch.receive.receive import KINDS, UNDRILLED, open_to
from colleague.dispatch.triggers.drill import drilled
from colleague.dispatch.triggers.match import LONGEST, said
from colleague.dispatch.triggers.model import DELIVERIES, Plan
from colleague.dispatch.triggers.store import list_triggers
from colleague.governance.effective.may import NotYours, away_with
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.model import Effect


@dataclass(frozen=True, slots=True)
class Tried:
    """What a message would do. `verdict`: run, confirm, command or refused; `closed`: why the channel is not open.

    `tools`: what a run of this plan may use: its title, allow | ask | deny, and why.
    """

    verdict: str
    words: str
    closed: tuple[str, ...] = ()
    plan: Plan | None = None
    tools: Sequence[tuple[str, str, str]] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "verdict": self.verdict, "words": self.words, "closed": list(self.closed),
            "plan": self.plan.to_json() | {"digest": self.plan.digest} if self.plan else None,
            "tools": [{"tool": tool, "effect": effect, "why": why} for tool, effect, why in self.tools],
        }  # fmt: skip


async def try_out(
    session: Session, actor: Actor, person: str, text: str, channel: str, *, parts: DispatchParts
) -> Tried:  # fmt: skip
    """Say what `text` would do if `person` sent it by `channel` now.

    Everybody may try for themselves; for somebody else it needs org:dispatch:read (NotYours). PersonNotFound.
    """
    if person != actor.id and not actor.may("org:dispatch:read"):
        raise NotYours
    them = await actor_of(session, person_id=person, via="dispatch")
    closed = await _closed(session, them, text, channel)
    message, governance = said(text), await current_governance(session)
    word = message.words[0].casefold().strip(".!") if message.words else ""
    if word in COMMANDS or word in ("yes", "no", "y", "n"):
        return Tried("command", f"«{word}» is a word of Dispatch itself.", closed)
    verdict = decide(
        message, await list_triggers(session, state="active"), governance, today=parts.today(governance),
        holders=them.holders, spoken=channel == "voice",
    )  # fmt: skip
    if isinstance(verdict, Refuse):
        return Tried("refused", verdict.why, closed)
    try:
        plan = await with_people(session, verdict.plan)
    except Unclear as unclear:
        return Tried("refused", unclear.message, closed)
    house = parts.tasks
    found = await away_with(
        session, them, person, plan.tier, registry=house.registry, engine=house.engine, clock=house.clock
    )  # fmt: skip
    tools = [
        (title, d.effect.name.lower(), d.rulings[0].why if d.effect is not Effect.ALLOW else "") for title, d in found
    ]
    kind = "confirm" if isinstance(verdict, Confirm) else "run"
    asks = "It is asked first whether this is meant" if kind == "confirm" else "It runs"
    words = f"{asks}: {plan.words}. The answer goes {_where(plan)}."
    return Tried(kind, words, closed, plan, tools)


def _where(plan: Plan) -> str:
    return f"to {DELIVERIES[plan.delivery]}" if plan.delivery != "reply" else "back where it came from"


async def _closed(session: Session, them: Actor, text: str, channel: str) -> tuple[str, ...]:
    """Return what keeps this channel closed for them."""
    found = []
    if not open_to(them):
        found.append("Dispatch is not open to their role.")
    if len(text) > LONGEST:
        found.append(f"It is longer than {LONGEST:,} characters.")
    if channel in KINDS and await bound_of(session, them.id, KINDS[channel]) is None:
        found.append("No address of theirs is bound to this channel.")
    if channel not in UNDRILLED and not await drilled(session, them.id):
        found.append("They have not passed the drill yet.")
    return tuple(found)
