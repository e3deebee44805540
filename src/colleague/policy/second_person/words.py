"""The organisation's settings in words, for pages, terminal and documents. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from colleague.policy.governance import ENUMS
from colleague.policy.model import Zone
from colleague.policy.standards.category import Category

TITLES: Final[Mapping[str, str]] = {
    "internal_domains": "Mail domains of the organisation",
    "confirm_internal": "Mail to colleagues needs a person too",
    "highest_input": "Highest class that may reach an agent",
    "highest_external": "Highest class that may leave the organisation",
    "dispatch_ceiling": "Highest tier away from the desk",
    "phase": "Phase of the programme",
    "second_person_above": "What away from the desk needs a second person",
    "pilot_surface": "What the sponsor accepted beyond a pilot's surface",
    "entry_phases": "Skills and connectors that are meant for a later phase",
    "dispatch_free_text": "Words that fit no trigger may be read as one, after a confirmation",
    "ask_champions_early": "Champions are asked after one quiet week, not two",
    "time_zone": "Time zone of the organisation",
    "zone": "Zone that models must work in",
    "blocked_types": "Blocked kinds of files",
    "label_classes": "What sensitivity labels stand for",
    "blocked_paths": "Blocked names of files and folders",
    "input_ceilings": "Highest class for teams and skills",
    "reviewed_categories": "Outputs that need a review, besides those that always do",
    "output_categories": "Output categories and their review standards",
    "retention": "How long words and files are kept, in days after the last touch",
    "kept_by_law": "What a law keeps longer",
    "path_classes": "Classes by name of file and folder",
    "rules": "The organisation's own rules",
    "require_acknowledgement": "Nobody starts a task before they have acknowledged the governance document",
}


def setting_words(name: str, value: Any, teams: Mapping[str, str] | None = None) -> str:
    """Return the stored `value` of a setting in words; ids of `teams` as their names."""
    if name == "input_ceilings" and teams:
        value = [f"{teams.get(team, team)}{rest}" for team, rest in map(_parted, value)]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "output_categories":
        return "; ".join(_category_words(Category.read(text)) for text in value) or "as shipped"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    kind = ENUMS.get(name)
    if kind is not None and kind is not Zone:
        return str(kind(value).name).lower()
    return str(value) or "none"


def _parted(entry: str) -> tuple[str, str]:
    team, slash, rest = entry.partition("/")
    return team, slash + rest


def _category_words(category: Category) -> str:
    held = "high stakes" if category.high_stakes else f"light, {category.sample} % looked at twice"
    who = f", by {', '.join(category.reviewers)}" if category.reviewers else ""
    return f"{category.title} ({category.id}): {held}, {len(category.checklist)} points to tick{who}"
