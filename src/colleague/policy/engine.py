"""The decision: Cedar evaluates the rules, twice where a person's approval could change the answer. Pure.

INVARIANT: Cedar skips a policy that errs, which would open a forbidden door; so any error, any doubt about the answer
and any exception here is a denial.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import cedarpy

from colleague.kit.canonical import digest
from colleague.kit.errors import Invalid
from colleague.policy.facts import Request, request_of
from colleague.policy.model import Ask, Decision, Doubt, Effect, Governance, Ruling
from colleague.policy.standards.entries import too_early
from colleague.policy.standards.thresholds import above
from colleague.policy.thinking import Thought, request_of_thought

KEPT = 8  # parsed sets of rules: the version in force, the one before it, drafts that are being looked at
_STRICTER = ("user", "other", "reviewer", "administrator")


class RulesInvalid(Invalid):
    """The rules cannot be used: {why}."""


class RulesLoosen(Invalid):
    """Rules of the organisation may only forbid; the baseline already says what is permitted."""


def baseline() -> str:
    """Return the rules that ship with the product and cannot be removed."""
    folder = resources.files("colleague.policy").joinpath("rules")
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".cedar"))
    return "\n".join(folder.joinpath(name).read_text("utf-8") for name in names)


def schema_text() -> str:
    """Return the schema that every request and rule is checked against."""
    return resources.files("colleague.policy").joinpath("rules", "schema.cedarschema").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that were parsed and checked: `hash` names them, `by_id` says what each does and why."""

    hash: str
    by_id: Mapping[str, dict[str, Any]]
    schema: cedarpy.Schema
    policies: cedarpy.PolicySet


@lru_cache(KEPT)
def parse_rules(extra_rules: str) -> Rules:
    """Return the baseline with the organisation's own rules, parsed once (about 20 ms) and kept while in use.

    Raises RulesInvalid or RulesLoosen.
    """
    schema = schema_text()
    text = baseline() + "\n" + extra_rules
    try:
        checked = cedarpy.validate_policies(text, schema)
        handles = cedarpy.Schema.from_str(schema), cedarpy.PolicySet.from_str(text)
        parsed = json.loads(cedarpy.policies_to_json_str(text))
        extra = json.loads(cedarpy.policies_to_json_str(extra_rules)) if extra_rules.strip() else {}
    except (ValueError, TypeError) as error:
        raise RulesInvalid(why=str(error)[:300]) from error
    if not checked.validation_passed:
        raise RulesInvalid(why="; ".join(str(e.error) for e in checked.errors)[:300])
    if any(p["effect"] != "forbid" for p in extra.get("staticPolicies", {}).values()) or extra.get("templates"):
        raise RulesLoosen
    return Rules(digest([text, schema]), _rules_of(parsed), *handles)


class Engine:
    """The baseline rules, and the organisation's own ones of the version in force, which can only tighten them."""

    def __init__(self, extra_rules: str = "") -> None:
        """Take rules that hold whatever the settings say; RulesInvalid or RulesLoosen if they cannot be used."""
        self._extra = extra_rules
        self.rules = self.rules_in("").by_id

    def rules_in(self, organisation: str) -> Rules:
        """Return the rules with the organisation's own text.

        Raises RulesInvalid or RulesLoosen: in a decision that is a denial.
        """
        return parse_rules(f"{self._extra}\n{organisation}")

    def decide(self, ask: Ask, governance: Governance) -> Decision:
        """Answer `ask`: allow, ask a person, or deny, with the rules that say so. Never raises."""
        try:
            rules, request = self.rules_in(governance.rules), request_of(ask, governance)
            soft = _soft(rules)
            stamp = digest([rules.hash, request.principal, request.resource, request.entities, request.context])
            allowed, reasons = _evaluate(rules, request)
            if allowed and ask.approval is not None:
                lacking = _beyond(rules, request, ask.approval.level)
                if lacking:
                    return Decision(
                        Effect.DENY, _rulings(rules, lacking, Effect.DENY, ask, governance), policy_hash=stamp
                    )
            if allowed:
                return Decision(
                    Effect.ALLOW, _rulings(rules, reasons, Effect.ALLOW, ask, governance), policy_hash=stamp
                )
            if reasons and soft.issuperset(reasons) and ask.approval is None:
                approver = max((str(rules.by_id[r]["ask"]) for r in reasons), key=_STRICTER.index)
                hypothetical = {"by": "somebody", "not_self": approver != "user"}
                lifted, _ = _evaluate(rules, replace(request, context={**request.context, "approval": hypothetical}))
                if lifted:
                    return Decision(Effect.ASK, _rulings(rules, reasons, Effect.ASK, ask, governance), approver, stamp)
                # No person could lift it, so what a person could lift is not why.
                return Decision(Effect.DENY, (_nothing_permits(ask),), policy_hash=stamp)
            hard = [r for r in reasons if r not in soft] or reasons
            rulings = _rulings(rules, hard, Effect.DENY, ask, governance) or (_nothing_permits(ask),)
            return Decision(Effect.DENY, rulings, policy_hash=stamp)
        except Exception as error:
            why = f"The rules could not be evaluated ({type(error).__name__}), so nothing is done."
            return Decision(Effect.DENY, (Ruling("engine-error", Effect.DENY, why, "Tell an administrator."),))

    def decide_thought(self, thought: Thought, governance: Governance) -> Decision:
        """Say whether a model provider may be given the conversation: allow or deny, never ask. Never raises."""
        try:
            rules, request = self.rules_in(governance.rules), request_of_thought(thought, governance)
            stamp = digest([rules.hash, request.principal, request.resource, request.context])
            allowed, reasons = _evaluate(rules, request)
            effect = Effect.ALLOW if allowed else Effect.DENY
            return Decision(effect, _rulings(rules, reasons, effect, None, governance), policy_hash=stamp)
        except Exception as error:
            why = f"The rules could not be evaluated ({type(error).__name__}), so no model is asked."
            return Decision(Effect.DENY, (Ruling("engine-error", Effect.DENY, why, "Tell an administrator."),))


def _soft(rules: Rules) -> frozenset[str]:
    return frozenset(name for name, rule in rules.by_id.items() if rule.get("ask"))


def _beyond(rules: Rules, request: Request, level: str) -> list[str]:
    """Return the soft rules that need a higher approver than `level`: rules may have come since it was asked."""
    context = {k: v for k, v in request.context.items() if k != "approval"}
    _, reasons = _evaluate(rules, replace(request, context=context))
    return [r for r in reasons if _STRICTER.index(rules.by_id[r].get("ask", "user")) > _STRICTER.index(level)]


def _evaluate(rules: Rules, request: Request) -> tuple[bool, list[str]]:
    """Return (allowed, ids of the determining rules); raises on any diagnostics error."""
    result = cedarpy.is_authorized(
        {
            "principal": request.principal,
            "action": request.action,
            "resource": request.resource,
            "context": request.context,
        },
        rules.policies,
        request.entities,
        schema=rules.schema,
    )
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        raise RulesInvalid(why="a rule failed")
    names = result.diagnostics.id_annotations_by_reason
    return result.decision is cedarpy.Decision.Allow, [names.get(r, r) for r in result.diagnostics.reasons]


def _rulings(
    rules: Rules, names: list[str], effect: Effect, ask: Ask | None, governance: Governance
) -> tuple[Ruling, ...]:
    return tuple(
        Ruling(
            name,
            effect,
            rules.by_id[name].get("why", name) + (_detail(name, ask, governance) if ask else ""),
            rules.by_id[name].get("remedy", ""),
        )
        for name in sorted(names)
    )


def _rules_of(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rules by id. RulesInvalid if two share one, or if a rule names nobody that could lift it.

    INVARIANT: an id is one rule's; a second one could lend its name, and its «ask», to a hard limit.
    """
    rules: dict[str, dict[str, Any]] = {}
    for name, policy in parsed["staticPolicies"].items():
        notes = policy.get("annotations") or {}
        identity = str(notes.get("id") or name)
        if identity in rules:
            raise RulesInvalid(why=f"two rules are called «{identity[:80]}»")
        if "ask" in notes and (notes["ask"] not in _STRICTER or policy["effect"] != "forbid"):
            raise RulesInvalid(why=f"«{identity[:80]}»: a forbid is lifted by one of {', '.join(_STRICTER)}")
        rules[identity] = {"effect": policy["effect"], **notes}
    return rules


def _detail(rule: str, ask: Ask, governance: Governance) -> str:
    """Return the concrete value a rule is about, as a further sentence."""
    match rule:
        case "communicate-external":
            return f" Outside: {', '.join(ask.external[:5])}."
        case "above-threshold":
            return (
                f" It is above the organisation's thresholds: {', '.join(above(governance.second_person_above, ask))}."
            )
        case "entry-phase":
            return f" It is {', '.join(too_early(ask, governance))}."
        case "skill-tools":
            return f" Skill: {ask.skill}."
        case "unknown-origin":
            return " " + " ".join(doubt_sentence(d) for d in ask.doubts[:3])
        case _:
            return ""


def doubt_sentence(doubt: Doubt) -> str:
    """Say which value is in doubt and where it was seen."""
    if doubt.odd:
        return f"«{doubt.value[:120]}» ({doubt.argument}) {doubt.odd}."
    seen = f"it was found in {doubt.found_in}" if doubt.found_in else "it was found nowhere"
    return f"«{doubt.value[:120]}» ({doubt.argument}) is not in your request nor in a trusted source; {seen}."


def _nothing_permits(ask: Ask) -> Ruling:
    """Say that no rule permits the call: for connectors that means outside every granted place."""
    why = "This place is outside what your team was given."
    if ask.writes or ask.deletes:
        why = "Your team was not given the right to change things in this place."
    return Ruling("no-permit", Effect.DENY, why, "Ask an administrator to open it to your team.")
