"""«May Ana mail this folder outside? Why not? Since when? By whom?»: the same engine, asked about a real person (R62).

Nothing is called. What cannot be known beforehand (what a task will have read, where a value comes from) is said by
whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from colleague.connectors.connector import Connector, Tool
from colleague.connectors.grants import Opened, covers, list_grants, scopes_for
from colleague.connectors.registry import Registry, normal_place
from colleague.connectors.screen import blocked_by
from colleague.connectors.tiers import tool_states
from colleague.governance.effective.since import Source, sources_of
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person, holders_of, teams_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden, NotFound
from colleague.policy.addresses import external_of
from colleague.policy.engine import Engine
from colleague.policy.explain import explain
from colleague.policy.governance import current_governance
from colleague.policy.model import Ask, DataClass, Decision, Doubt, Effect, Governance, Integrity, Label, Role, Tier


class NotYours(Forbidden):
    """What somebody else may do is for those who may read the rules."""


class UnknownTool(NotFound):
    """There is no tool «{name}»: `colleague policy of PERSON` lists them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked about: a tool, where, to whom, started how, after reading what.

    `untrusted`: the task has read something nobody vouches for. `doubtful`: a value in the call stands only there.
    `mapped`: the tier of the trigger that starts it.
    """

    tool: str
    place: str = ""
    recipients: tuple[str, ...] = ()
    channel: str = "desk"
    data_class: DataClass = DataClass.PUBLIC
    untrusted: bool = False
    doubtful: bool = False
    mapped: Tier = Tier.MODIFY


@dataclass(frozen=True, slots=True)
class Answer:
    """What would be decided, in words, and what it rests on. `place` is the one that was asked about."""

    person: str
    tool: str
    title: str
    tier: Tier
    place: str
    decision: Decision
    sources: Sequence[Source] = field(default_factory=tuple)

    @property
    def sentences(self) -> list[str]:
        """The decision in sentences."""
        return explain(self.decision)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON."""
        return {
            "person": self.person, "tool": self.tool, "tier": self.tier.name.lower(), "place": self.place,
            **self.decision.to_json(), "words": self.sentences, "sources": [s.to_json() for s in self.sources],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What concerns one person now: whom grants may name, the settings, every grant that is theirs (ended ones too)."""

    person: str
    name: str
    teams: frozenset[str]
    governance: Governance
    opened: tuple[Opened, ...]
    states: Any
    registry: Registry


async def standing_of(session: Session, actor: Actor, person: str, *, registry: Registry, clock: Clock) -> Standing:
    """Return what concerns `person`. Raises NotYours, PersonNotFound."""
    if person != actor.id and not actor.may("org:policy:read"):
        raise NotYours
    about = await get_person(session, person)
    holders = await holders_of(session, person)
    opened = [o for o in await list_grants(session, ended=True, clock=clock) if o.grant.holder in holders]
    return Standing(
        person, about.name, await teams_of(session, person), await current_governance(session), tuple(opened),
        await tool_states(session), await registry.now(session),
    )  # fmt: skip


def ask_for(now: Standing, connector: Connector, tool: Tool, wish: Wish, *, clock: Clock) -> Ask:
    """Build the question. Pure but for the time, by which grants end."""
    mine = [o for o in now.opened if o.grant.connector == connector.kind]
    held = [o.grant for o in mine if o.excepted and not _ended(o, clock)]
    lapsed = [o for o in mine if not o.excepted or _ended(o, clock)]
    place = normal_place(connector, wish.place) if wish.place else ""
    scopes = scopes_for(held, connector.kind, place, tool.name, lapsed)
    classes = [g.place_class for g in held if covers(g, place)]
    label = Label(Integrity.UNTRUSTED if wish.untrusted else Integrity.TRUSTED, wish.data_class)
    doubts = (Doubt("to", "a value that stands only there", Role.RECIPIENT, "what the task has read"),)
    return Ask(
        person=now.person, teams=now.teams, scopes=scopes, connector=connector.kind, tool=tool.name, tier=tool.tier,
        egress=tool.egress, tool_state=now.states.get(tool.name, tool.hash), resource=place, writes=tool.writes,
        deletes=tool.deletes, label=label, resource_class=max([*classes, tool.data_class]),
        blocked_path=blocked_by(place, now.governance.blocked_paths) is not None, recipients=wish.recipients,
        external=external_of(wish.recipients, now.governance.internal_domains),
        channel=wish.channel if wish.channel in ("dispatch", "schedule") else "desk",
        doubts=doubts if wish.doubtful else (), mapped=wish.mapped,
    )  # fmt: skip


def _ended(opened: Opened, clock: Clock) -> bool:
    return opened.expires_at is not None and opened.expires_at <= clock.now()


async def may(
    session: Session, actor: Actor, person: str, wish: Wish, *, registry: Registry, engine: Engine, clock: Clock
) -> Answer:
    """Say what would be decided if the agent did this for `person`, and since when and by whom that is so.

    Raises NotYours, UnknownTool, PersonNotFound, and what the connector says of a place that is none.
    """
    now = await standing_of(session, actor, person, registry=registry, clock=clock)
    connector, tool = now.registry.tools().get(wish.tool, (None, None))
    if connector is None or tool is None:
        raise UnknownTool(name=wish.tool[:80])
    question = ask_for(now, connector, tool, wish, clock=clock)
    decision = engine.decide(question, now.governance)
    touching = [
        o for o in now.opened if o.grant.connector == connector.kind and covers(o.grant, question.resource)
    ]  # fmt: skip
    sources = await sources_of(
        session, decision.rulings, now.governance, tool=tool.name, opened=touching,
        shipped=frozenset(engine.rules),
    )  # fmt: skip
    return Answer(person, tool.name, tool.title, tool.tier, question.resource, decision, sources)


@dataclass(frozen=True, slots=True)
class Row:
    """A tool as it stands for a person: the places that are open, and what would be decided in four situations."""

    tool: str
    title: str
    connector: str
    tier: Tier
    places: tuple[str, ...]
    effects: tuple[tuple[str, Effect, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON."""
        return {
            "tool": self.tool, "title": self.title, "connector": self.connector, "tier": self.tier.name.lower(),
            "places": list(self.places),
            "effects": [{"when": w, "effect": e.name.lower(), "why": why} for w, e, why in self.effects],
        }  # fmt: skip


def situations(tool: Tool, governance: Governance) -> tuple[tuple[str, Wish], ...]:
    """Return the situations that a list shows for a tool. What is sent goes to a colleague, then outside."""
    if tool.tier is Tier.COMMUNICATE:
        inside = (f"somebody@{next(iter(governance.internal_domains), 'nowhere.invalid')}",)
        outside = ("somebody@elsewhere.invalid",)
        return (
            ("to a colleague", Wish(tool.name, recipients=inside)),
            ("outside", Wish(tool.name, recipients=outside)),
            ("outside, after reading confidential data",
             Wish(tool.name, recipients=outside, data_class=DataClass.CONFIDENTIAL)),
            ("from a phone", Wish(tool.name, recipients=inside, channel="dispatch")),
        )  # fmt: skip
    return (
        ("at the desk", Wish(tool.name)),
        ("after reading something nobody vouches for",
         Wish(tool.name, untrusted=True, data_class=DataClass.INTERNAL, doubtful=True)),
        ("from a phone", Wish(tool.name, channel="dispatch")),
    )  # fmt: skip


async def away_with(
    session: Session, actor: Actor, person: str, tier: Tier, *, registry: Registry, engine: Engine, clock: Clock
) -> list[tuple[str, Decision]]:
    """Return what a run that is mapped to `tier` may do away from the desk: the title of each tool that a grant of the
    person opens, and what would be decided. Raises NotYours, PersonNotFound.
    """
    now = await standing_of(session, actor, person, registry=registry, clock=clock)
    inside = (f"somebody@{next(iter(now.governance.internal_domains), 'nowhere.invalid')}",)
    found = []
    for connector in now.registry:
        mine = [o for o in now.opened if o.grant.connector == connector.kind and not _ended(o, clock)]
        for tool in connector.tools() if mine else ():
            to = inside if tool.tier is Tier.COMMUNICATE else ()
            wish = Wish(tool.name, recipients=to, channel="dispatch", mapped=tier)
            question = ask_for(now, connector, tool, wish, clock=clock)
            found.append((f"{connector.title}: {tool.title}", engine.decide(question, now.governance)))
    return found


async def overview(
    session: Session, actor: Actor, person: str, *, registry: Registry, engine: Engine, clock: Clock
) -> tuple[Standing, list[Row]]:
    """Return what concerns a person and every tool that a grant of theirs opens. Raises NotYours, PersonNotFound."""
    now = await standing_of(session, actor, person, registry=registry, clock=clock)
    rows = []
    for connector in now.registry:
        mine = [o.grant for o in now.opened if o.grant.connector == connector.kind and not _ended(o, clock)]
        if not mine:
            continue
        places = tuple(dict.fromkeys(place for grant in mine for place in grant.places))
        for tool in connector.tools():
            effects = []
            for words, wish in situations(tool, now.governance):
                decision = engine.decide(ask_for(now, connector, tool, wish, clock=clock), now.governance)
                effects.append((words, decision.effect, decision.why))
            rows.append(Row(tool.name, tool.title, connector.title, tool.tier, places, tuple(effects)))
    return now, rows
