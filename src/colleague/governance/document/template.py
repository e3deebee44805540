"""The shipped template, filled with answers: a draft, or the empty form for everybody (GP-6). Pure but for its file."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from colleague.files.categories import CATEGORIES
from colleague.governance.document.model import Sentence
from colleague.governance.document.questionnaire import Answers, holder_words
from colleague.kit.canonical import digest
from colleague.policy.inputs import ANY
from colleague.policy.standards.retention import days_of

_TIERS = {"read": "only read", "communicate": "read and send", "modify": "read, send and change things"}
_ZONES = {
    "any": "wherever their providers run them", "own": "on our own machines only",
    "us": "inside the zone US only", "eu": "inside the zone EU only", "apac": "inside the zone APAC only",
}  # fmt: skip


@cache
def template() -> tuple[Mapping[str, Any], ...]:
    """Return the sentences of the template as they stand in its file."""
    text = resources.files("colleague.governance.document").joinpath("template.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["sentence"])


def blank() -> tuple[Sentence, ...]:
    """Return the template with its gaps shown as «…»: what anybody may take away and fill by hand."""
    return tuple(
        Sentence(one["id"], one["part"], _fill(one["text"], _Gaps()), None)
        for one in template()
        if one.get("each") != "own"
    )


def fill(answers: Answers, teams: Mapping[str, str]) -> tuple[Sentence, ...]:
    """Return the sentences that the answers give; `teams` are names by id."""
    return tuple(sentence for one in template() for sentence in _filled(one, answers, teams))


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(text: str, words: Mapping[str, str]) -> str:
    return text.format_map(words)


def _filled(one: Mapping[str, Any], answers: Answers, teams: Mapping[str, str]) -> Iterator[Sentence]:
    text, part = one["text"], one["part"]
    if "each" in one:
        for words, entry, key in _entries(one["each"], part, answers, teams):
            yield Sentence(f"{one['id']}-{digest(key)[:8]}", part, _fill(text, words), entry)
        return
    rule: dict[str, Any] | None = None
    if "setting" in one:
        value = getattr(answers, one["setting"])
        if one["setting"] == "internal_domains" and not value:
            return
        rule = {"kind": "setting", "name": one["setting"], "value": list(value) if isinstance(value, tuple) else value}
    elif "shipped" in one:
        rule = {"kind": "shipped", "rule": one["shipped"]}
    elif "built_in" in one:
        rule = {"kind": "built_in", "fact": one["built_in"]}
    elif one.get("readers"):
        rule = {"kind": "readers", "roles": list(answers.readers)}
    yield Sentence(one["id"], part, _fill(text, _words(answers)), rule)


def _words(answers: Answers) -> dict[str, str]:
    strict = [c.title for c in CATEGORIES.values() if c.high_stakes]
    return {
        "highest_input": answers.highest_input, "highest_external": answers.highest_external,
        "internal_domains": ", ".join(answers.internal_domains),
        "confirm_internal": "are looked at by a person too" if answers.confirm_internal else "are sent unasked",
        "dispatch_ceiling": _TIERS[answers.dispatch_ceiling], "zone": _ZONES[answers.zone],
        "require_acknowledgement": (
            "Nobody hands a task to the agent before they have acknowledged this document."
            if answers.require_acknowledgement
            else "Everybody is asked to acknowledge this document; work does not wait for it."
        ),
        "readers": ", ".join(r.replace("_", " ") for r in answers.readers) or "nobody",
        "retention": ", ".join(f"{surface} {days} days" for surface, days in days_of(answers.retention).items()),
        "high_stakes": ", ".join([*strict[:-1]]) + f" and {strict[-1]}",
    }  # fmt: skip


Entry = tuple[dict[str, str], dict[str, Any] | None, Any]


def _entries(each: str, part: str, answers: Answers, teams: Mapping[str, str]) -> Iterator[Entry]:
    """Return words, rule and identity of every entry of a list."""
    match each:
        case "ceilings":
            for one in answers.ceilings:
                team, skill = one["team"], one["skill"]
                whose = "Everybody" if team == ANY else f"Team {teams.get(team, team)}"
                who = whose if skill == ANY else f"{whose} with the skill {skill}"
                yield {"who": who, "class": one["class"]}, {"kind": "input_ceiling", **one}, [team, skill]
        case "scopes":
            for scope in answers.scopes:
                words = {
                    "holder": holder_words(scope["holder"], teams), "connector": scope["connector"],
                    "places": ", ".join(p if p not in ("", "*") else "everything" for p in scope["places"]),
                    "rights": "may read and change" if scope["may_write"] else "may read",
                    "ceiling": scope["ceiling"],
                }  # fmt: skip
                yield words, {"kind": "scope", **scope}, [scope["connector"], scope["holder"], list(scope["places"])]
        case "reviewed":
            for name in answers.reviewed:
                yield {"title": CATEGORIES[name].title}, {"kind": "review", "category": name}, name
        case _:
            for own in answers.own:
                if own["part"] == part:
                    rule = {"kind": "forbid", "cedar": own["cedar"]} if own.get("cedar") else None
                    yield {"text": own["text"]}, rule, own["text"]
