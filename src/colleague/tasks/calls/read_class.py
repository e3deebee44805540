"""What a call has read, judged once more by what it is: nothing above the permitted class reaches a model (SC-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from colleague.agent.messages import Message
from colleague.audit.event import Event
from colleague.connectors.connector import Result
from colleague.connectors.grants import scopes_for
from colleague.connectors.registry import place_of
from colleague.files.classify import classed, why_so_high
from colleague.identity.actor import Actor
from colleague.identity.directory import teams_of
from colleague.kit.errors import Invalid
from colleague.plugins.allowed import followed
from colleague.policy.governance import current_governance
from colleague.policy.inputs import narrowed
from colleague.policy.model import Ask, Label, Ruling, Tier
from colleague.tasks.model import Run
from colleague.tasks.parts import Parts
from colleague.tasks.subagents.family import followed_elsewhere
from colleague.tasks.toolbox import Bound

# The one that holds for most people first: it is the one that is told.
RULES = ("highest-input", "permitted-input", "class-ceiling")


class WordsTooHigh(Invalid):
    """What you wrote counts as {found} ({why}); nothing above {permitted} may reach the agent (rule {rule}). Take it
    out and say it again."""


@dataclass(frozen=True, slots=True)
class Read:
    """What is known of a result by now, and the rule that keeps it from the model, if one does."""

    label: Label
    refused: Ruling | None = None

    @property
    def words(self) -> str:
        """Say why it is not given, and what can be done."""
        assert self.refused is not None
        return (
            f"This was read and is not given to you: it counts as {self.label.data_class.name.lower()} "
            f"({why_so_high(self.label)}). {self.refused.why} {self.refused.remedy} (Rule {self.refused.rule}.)"
        )


async def judge_read(
    run: Run, bound: Bound, arguments: dict[str, Any], messages: Sequence[Message], came: Result, parts: Parts
) -> Read:  # fmt: skip
    """Return the class of what `came`: by path rule, sensitivity label and detectors too, and whether it may be given.

    The same rules that looked at the place beforehand look at what was found there. Only what says where it is from is
    looked at: the rest is the product's own words.
    """
    label = came.label or Label()
    if not label.sources or not bound.merely_reads:
        return Read(label)
    document = came.data.get("document")
    marked = str(document.get("sensitivity_label") or "") if isinstance(document, dict) else ""
    async with parts.database.transaction() as session:
        governance = await current_governance(session)
        teams = await teams_of(session, run.person)
        workflows = followed(messages) | await followed_elsewhere(session, run)
    label = classed(label, came.text, governance, sensitivity=marked)
    place = "" if bound.builtin else place_of(bound.connector, bound.tool.name, arguments, bound.account)
    kind = bound.connector.kind
    scopes = () if bound.builtin else scopes_for(bound.grants, kind, place, bound.tool.name, bound.lapsed)
    question = Ask(
        run.person, teams, scopes, kind, bound.name, Tier.READ, builtin_connector=bound.builtin, resource=place,
        resource_class=label.data_class, workflows=workflows,
    )  # fmt: skip
    rulings = {r.rule: r for r in parts.engine.decide(question, governance).rulings}
    return Read(label, next((rulings[name] for name in RULES if name in rulings), None))


async def admit_words(
    actor: Actor, text: str, *, label: Label | None = None, workflows: frozenset[str] = frozenset(), parts: Parts
) -> None:  # fmt: skip
    """Refuse words above the class that may reach the agent for this person (SC-2): what they type, what a project
    tells (`label` is what that was made from). On record in a transaction of its own, by what it is and not by its
    words. Raises WordsTooHigh.
    """
    async with parts.database.transaction() as session:
        governance = await current_governance(session)
    permitted = narrowed(governance, actor.teams, workflows).highest_input
    label = classed(label or Label(), text, governance)
    if label.data_class <= permitted:
        return
    rule = "highest-input" if label.data_class > governance.highest_input else "permitted-input"
    facts = {"found": label.data_class.name.lower(), "permitted": permitted.name.lower(), "rule": rule, "what": "words"}
    async with parts.database.transaction() as session:
        await parts.ledger.record(session, Event("input.refused", actor.id, data=facts))
    raise WordsTooHigh(**{**facts, "why": why_so_high(label)})
