"""Which settings of one version are weaker than those of another: what needs a second person (CT-3). Pure.

What cannot be compared counts as weaker.
"""

import json
from collections.abc import Mapping
from itertools import product

import cedarpy

from colleague.policy.inputs import ANY, Ceiling
from colleague.policy.model import DataClass, Governance, Zone
from colleague.policy.standards.category import categories_weaker
from colleague.policy.standards.entries import earlier
from colleague.policy.standards.retention import days_of
from colleague.policy.standards.surface import wider
from colleague.policy.standards.thresholds import weaker_thresholds

_UNMAPPED = DataClass.CONFIDENTIAL


def weaker(before: Governance, after: Governance) -> tuple[str, ...]:
    """Return the names of the settings that allow more in `after` than in `before`.

    Naming mail domains where there were none is no weakening: until then everybody is outside, and nothing works. So
    taking the last one away is one: after that, one person alone could name others.
    """
    b, a = before, after
    found = {
        "internal_domains": bool(b.internal_domains) and not set() < set(a.internal_domains) <= set(b.internal_domains),
        "confirm_internal": b.confirm_internal and not a.confirm_internal,
        "highest_input": a.highest_input > b.highest_input,
        "highest_external": a.highest_external > b.highest_external,
        "dispatch_ceiling": a.dispatch_ceiling > b.dispatch_ceiling,
        "phase": a.phase > b.phase,
        "second_person_above": weaker_thresholds(b.second_person_above, a.second_person_above),
        "pilot_surface": wider(b.pilot_surface, a.pilot_surface),
        "entry_phases": earlier(b.entry_phases, a.entry_phases),
        "dispatch_free_text": a.dispatch_free_text and not b.dispatch_free_text,
        # Flags of more people reach a champion (B-12).
        "ask_champions_early": a.ask_champions_early and not b.ask_champions_early,
        "time_zone": False,
        "zone": a.zone is not b.zone and b.zone is not Zone.ANY and a.zone is not Zone.OWN,
        "blocked_types": not set(b.blocked_types) <= set(a.blocked_types),
        "blocked_paths": not set(b.blocked_paths) <= set(a.blocked_paths),
        "label_classes": _labels_weaker(b.label_classes, a.label_classes),
        "input_ceilings": _ceilings_weaker(b.input_ceilings, a.input_ceilings),
        "reviewed_categories": not set(b.reviewed_categories) <= set(a.reviewed_categories),
        "output_categories": categories_weaker(b, a),
        # Longer keeps what was to go, shorter takes away what cannot come back: two people stand behind both.
        "retention": days_of(b.retention) != days_of(a.retention),
        "kept_by_law": not set(b.kept_by_law) <= set(a.kept_by_law),
        "path_classes": _paths_weaker(b.path_classes, a.path_classes),
        "rules": _rules_weaker(b.rules, a.rules),
        "require_acknowledgement": b.require_acknowledgement and not a.require_acknowledgement,
    }
    return tuple(name for name, is_weaker in found.items() if is_weaker)


def _labels_weaker(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    old, new = (_classes(entries) for entries in (before, after))
    return any(new.get(g, _UNMAPPED) < old.get(g, _UNMAPPED) for g in old.keys() | new.keys())


def _classes(entries: tuple[str, ...]) -> dict[str, DataClass]:
    return {g: DataClass[word.upper()] for g, _, word in (entry.partition("=") for entry in entries)}


def _paths_weaker(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Say whether what a pattern named has a lower class after, or none: patterns are compared by their words alone."""
    old, new = ({p: DataClass[w.upper()] for p, _, w in (e.rpartition("=") for e in side)} for side in (before, after))
    return any(new.get(pattern, DataClass.PUBLIC) < held for pattern, held in old.items())


def _ceilings_weaker(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Say whether any team with any skill, named in either or not, may be given more after."""
    old, new = ([Ceiling.read(text) for text in entries] for entries in (before, after))
    teams = {c.team for c in (*old, *new)} | {ANY}
    skills = {c.skill for c in (*old, *new)} | {ANY}
    # What is said of `skill` alone is said of any plugin's, those that nobody has named too.
    skills |= {f":{skill.rpartition(':')[2]}" for skill in skills - {ANY}}
    return any(_highest(new, t, s) > _highest(old, t, s) for t, s in product(teams, skills))


def _highest(entries: list[Ceiling], team: str, skill: str) -> DataClass:
    return min((e.highest for e in entries if e.fits({team}, {skill})), default=DataClass.RESTRICTED)


def _rules_weaker(before: str, after: str) -> bool:
    """Say whether a rule of `before` is missing in `after`, or reads differently there."""
    if before == after:
        return False
    new = _policies(after)
    return any(new.get(name) != policy for name, policy in _policies(before).items())


def _policies(text: str) -> Mapping[str, object]:
    if not text.strip():
        return {}
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return {str((p.get("annotations") or {}).get("id") or name): p for name, p in parsed.items()}
