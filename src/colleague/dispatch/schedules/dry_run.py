"""What would happen at the next slot: said, put on record as a dry run, and nothing done.

The same engine answers for each tool as it would for a call, with the owner's rights and the mapped tier. What cannot
be known beforehand is what the model will choose to do: the last run's plan is shown for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from colleague.audit.event import Event
from colleague.connectors.registry import is_shipped
from colleague.dispatch.schedules.envelopes.give import Standing as StandingApproval
from colleague.dispatch.schedules.envelopes.give import list_envelopes
from colleague.dispatch.schedules.make import own_row
from colleague.dispatch.schedules.model import Order
from colleague.dispatch.schedules.order import next_times
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.permitted import check_new, check_permitted
from colleague.dispatch.schedules.store import automations, order_of, slots_of
from colleague.dispatch.schedules.watch import list_files
from colleague.governance.effective.may import Standing, Wish, ask_for, standing_of
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.plugins.slash import chosen_by
from colleague.plugins.store import usable_skills
from colleague.policy.governance import current_governance
from colleague.policy.model import Effect, Tier
from colleague.policy.standards.entries import check_entry
from colleague.tasks.keeping.ended import past_runs


@dataclass(frozen=True, slots=True)
class Line:
    """One tool in one situation, and what would be decided. `places` are open to the owner."""

    tool: str
    title: str
    tier: Tier
    when: str
    places: tuple[str, ...]
    effect: Effect
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON."""
        return {
            "tool": self.tool, "title": self.title, "tier": self.tier.name.lower(), "when": self.when,
            "places": list(self.places), "effect": self.effect.name.lower(), "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would happen. `hindrance`: why it would not start, "" if it would. `usual`: what earlier runs cost."""

    at: datetime | None
    hindrance: str
    skill: str
    files: int | None
    plan: tuple[str, ...]
    lines: tuple[Line, ...]
    standing: tuple[StandingApproval, ...]
    ceiling: int
    usual: int | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "dry_run": True, "at": self.at, "would_start": not self.hindrance, "hindrance": self.hindrance,
            "skill": self.skill or None, "files": self.files, "last_plan": list(self.plan),
            "tools": [line.to_json() for line in self.lines], "standing": [s.to_json() for s in self.standing],
            "ceiling_micros": self.ceiling, "usual_micros": self.usual,
        }  # fmt: skip


async def dry_run(session: Session, actor: Actor, schedule: str, *, parts: Scheduling) -> Rehearsal:
    """Say what would happen at the next slot; only its owner. Nothing is started, asked, sent or counted."""
    row = await own_row(session, actor, schedule)
    order, house, now = order_of(row), parts.tasks, parts.clock.now()
    hindrance, skill, files = "", "", None
    try:
        actor.require("own:tasks:use")
        governance = await current_governance(session)
        if row.state == "active":
            check_permitted(order, governance)
        else:
            check_new(order, governance, await automations(session, but=row.id))
        chosen = chosen_by(order.words, await usable_skills(session, actor.id, actor.teams))
        skill = chosen[0].name if chosen else ""
        if skill:
            check_entry(governance, "skill", skill)
        if order.kind == "file":
            check_entry(governance, "connector", order.place.partition(":")[0])
        if order.kind == "file":
            files = len(await list_files(session, actor.id, order.place, parts=parts))
    except Failure as failure:
        hindrance = failure.message
    standing = await standing_of(session, actor, actor.id, registry=house.registry, clock=parts.clock)
    earlier = [slot.task for slot in await slots_of(session, row.id) if slot.task][:5]
    past = await past_runs(session, earlier)
    lines = tuple(_lines(standing, order, parts))
    agreed = await list_envelopes(session, actor, clock=parts.clock, schedule=row.id)
    found = Rehearsal(
        at=next(iter(next_times(order, now, 1)), None), hindrance=hindrance, skill=skill, files=files,
        plan=past[0].steps if past else (), lines=lines, standing=tuple(agreed), ceiling=order.micros,
        usual=sum(p.micros for p in past) // len(past) if past else None,
    )  # fmt: skip
    facts = {"would_start": not hindrance, "tools": len(lines), "dry_run": True}
    await parts.ledger.record(session, Event("schedule.rehearsed", actor.id, subject=row.id, data=facts))
    return found


def _lines(now: Standing, order: Order, parts: Scheduling) -> Sequence[Line]:
    """Return what would be decided of each tool that a grant opens to the owner."""
    found = []
    inside = f"somebody@{next(iter(now.governance.internal_domains), 'nowhere.invalid')}"
    for connector in now.registry:
        opened = [o.grant for o in now.opened if o.grant.connector == connector.kind]
        places = tuple(dict.fromkeys(place for grant in opened for place in grant.places))
        for tool in connector.tools() if places else ():
            situations: list[tuple[str, tuple[str, ...]]] = [("", ())]
            if tool.tier is Tier.COMMUNICATE:
                situations = [("to a colleague", (inside,)), ("outside", ("somebody@elsewhere.invalid",))]
            for when, recipients in situations:
                wish = Wish(tool.name, recipients=recipients, channel="schedule")
                ask = replace(
                    ask_for(now, connector, tool, wish, clock=parts.clock), mapped=order.tier,
                    origin="builtin" if is_shipped(connector) else "plugin",
                )  # fmt: skip
                decision = parts.tasks.engine.decide(ask, now.governance)
                found.append(Line(tool.name, tool.title, tool.tier, when, places, decision.effect, decision.why))
    return found
