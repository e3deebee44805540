"""From sentences to what is enforced: settings, ceilings, reviews, rules; and what grants must equal. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from colleague.governance.document.model import BUILT_IN, KINDS, SETTABLE, Sentence
from colleague.kit.errors import Failure, Invalid
from colleague.policy.engine import Engine
from colleague.policy.governance import with_changes
from colleague.policy.model import Governance


class BadSentence(Invalid):
    """The sentence «{text}» cannot be compiled: {why}."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a document says in data: `governance` is enforced by policy, `scopes` by grants, `readers` by roles."""

    governance: Governance
    scopes: tuple[Mapping[str, Any], ...] = ()
    readers: frozenset[str] | None = None


def compile_document(sentences: Iterable[Sentence], before: Governance, engine: Engine) -> Compiled:
    """Return what the sentences compile to. Settings of which none speaks stay as they are in `before`; ceilings,
    reviews and rules are the document's alone.

    Raises BadSentence: an unknown rule, two that contradict each other, a rule in Cedar that is wrong or permits.
    """
    settings: dict[str, Any] = {}
    ceilings: list[str] = []
    reviewed: list[str] = []
    cedar: list[str] = []
    scopes: list[Mapping[str, Any]] = []
    readers: frozenset[str] | None = None
    for sentence in sentences:
        rule = sentence.rule
        if rule is None:
            continue
        _check(sentence, rule, engine)
        match rule["kind"]:
            case "setting":
                if settings.setdefault(rule["name"], rule["value"]) != rule["value"]:
                    raise _bad(sentence, f"another sentence says something else of «{rule['name']}»")
            case "input_ceiling":
                ceilings.append(f"{rule['team']}/{rule['skill']}={rule['class']}")
            case "review":
                reviewed.append(rule["category"])
            case "forbid":
                _rules(sentence, str(rule["cedar"]), engine)
                cedar.append(str(rule["cedar"]))
            case "scope":
                scopes.append(rule)
            case "readers":
                readers = (readers or frozenset()) | frozenset(rule["roles"])
            case _:
                pass  # shipped, built_in: the product holds to these whatever a document says
    try:
        after = with_changes(before, {**settings, "input_ceilings": ceilings, "reviewed_categories": reviewed})
        after = replace(after, rules="\n".join(cedar))
        engine.rules_in(after.rules)
    except Failure as refused:
        raise BadSentence(text="all together", why=refused.message.rstrip(".")) from refused
    return Compiled(after, tuple(scopes), readers)


def enforced_by(sentence: Sentence) -> str:
    """Return in words what enforces a sentence, "" if nothing does."""
    rule = sentence.rule
    if rule is None:
        return ""
    match rule["kind"]:
        case "setting":
            return f"the setting {rule['name']}"
        case "input_ceiling":
            return "the rule permitted-input"
        case "review":
            return "the rule output-review-missing"
        case "forbid":
            return "a rule of the organisation's own"
        case "scope":
            return "a grant; every difference is shown as drift"
        case "readers":
            return "roles; every difference is shown as drift"
        case "shipped":
            return f"the rule {rule['rule']}"
        case _:
            return BUILT_IN[rule["fact"]]


def _check(sentence: Sentence, rule: Mapping[str, Any], engine: Engine) -> None:
    kind = rule.get("kind")
    if kind not in KINDS or set(rule) != {"kind", *KINDS[kind]}:
        raise _bad(sentence, "its rule is none of the vocabulary")
    known = (
        (kind == "setting" and rule["name"] in SETTABLE)
        or (kind == "shipped" and rule["rule"] in engine.rules)
        or (kind == "built_in" and rule["fact"] in BUILT_IN)
        or kind not in ("setting", "shipped", "built_in")
    )
    if not known:
        raise _bad(sentence, "its rule names something that is not there")


def _rules(sentence: Sentence, cedar: str, engine: Engine) -> None:
    try:
        engine.rules_in(cedar)
    except Failure as refused:
        raise _bad(sentence, refused.message.rstrip(".")) from refused


def _bad(sentence: Sentence, why: str) -> BadSentence:
    return BadSentence(text=sentence.text[:80], why=why)
