"""The use-case sheet and the acceptable use policy as documents, filled or as forms to fill by hand. Pure."""

from collections.abc import Mapping

from colleague.governance.document.compile import enforced_by
from colleague.governance.document.model import PARTS, Document
from colleague.governance.document.template import blank
from colleague.kit.documents.model import Block, Draft
from colleague.usecases.model import FORMATS, WRONG_CASE_WEEKS, Card
from colleague.usecases.sample import CROWD, Spread
from colleague.usecases.view import Sight

# As wide as what is written there by hand, so that a form leaves room for it.
_GAP, _LINE = "…" * 45, "…" * 30


def use_case_sheet(sight: Sight | None) -> Draft:
    """Return one use case on a sheet (PP-6, PP-7): card, baseline, friction, framework, sign-off; None: a form."""
    card, names = (sight.case.card, sight.names) if sight else (Card(""), {})
    state = f"{sight.case.state}, version {sight.case.version}" if sight else ""
    blocks = [
        Block("heading", "The workflow", 1),
        Block("table", rows=(("Field", "What is written"), *_card(card, names))),
    ]
    if sight and sight.findings:
        blocks.append(Block("heading", "What keeps it from being specific", 1))
        blocks.append(Block("table", rows=(
            ("Field", "Why", "Instead"), *((one.field, one.why, one.instead) for one in sight.findings),
        )))  # fmt: skip
    if sight and sight.weeks_added:
        text = f"Kept although flagged: the plan is {WRONG_CASE_WEEKS} weeks longer. {card.kept}"
        blocks.append(Block("paragraph", text))
    blocks += [Block("heading", "Before: measured times", 1), *_baseline(sight)]
    blocks += [Block("heading", "What gets in the way", 1), _friction(sight)]
    blocks += [Block("heading", "Prompt framework", 1), *_framework(sight)]
    blocks += [Block("heading", "Sign-off", 1), _signed(names.get(card.owner, "") if sight else "")]
    title = f"Use case: {card.name}" if sight else "Use-case sheet"
    return Draft(title, tuple(blocks), mark="", metadata={"state": state} if state else {})


def _card(card: Card, names: Mapping[str, str]) -> list[tuple[str, str]]:
    ritual = f"{card.ritual.team}, {card.ritual.weekday}: {card.ritual.artefact}" if card.ritual else ""
    rows = (
        ("What is done, in one sentence", card.work), ("Department", card.department), ("Input", card.input),
        ("Trigger", card.trigger), ("Output", card.output), ("Format", FORMATS.get(card.format, "")),
        ("Target, from input to an accepted output", f"{card.minutes} minutes" if card.minutes else ""),
        ("Owner", names.get(card.owner, "")), ("Quality check", card.quality),
        ("Class of the documents", card.data_class.name.lower() if card.name else ""),
        ("Output category, and so its review", card.category.replace("_", " ")),
        ("Ritual: team, weekday, what is made then", ritual), ("Skill", card.skill),
        ("Connectors it reads from", ", ".join(card.connectors)),
    )  # fmt: skip
    return [(title, text or ("–" if card.name else _GAP)) for title, text in rows]


def _baseline(sight: Sight | None) -> list[Block]:
    if sight is None:
        rows = tuple((str(n), *[""] * 4) for n in range(1, 11))
        return [
            Block("paragraph", "Ten times or two weeks, before it goes live. Each time by whoever did the work."),
            Block("table", rows=(("No.", "On", "Person", "Minutes", "Timed, from records, or from memory"), *rows)),
        ]  # fmt: skip
    found = (("Measured", sight.baseline.measured), ("From memory", sight.baseline.self_reported))
    lines = tuple(_spread(how, one) for how, one in found if one)
    if not lines:
        said = sight.case.new_capability
        text = (
            f"A new capability, left out of hours saved: {said}"
            if said
            else f"Not measured yet: {sight.baseline.short}."
        )
        return [Block("paragraph", text)]
    note = "What was reported from memory is labelled and never mixed with what was measured."
    return [Block("table", rows=(("How it is known", "Minutes"), *lines)), Block("note", note)]


def _spread(how: str, one: Spread) -> tuple[str, str]:
    """Return one row. A sheet is handed on: what fewer than five people measured is not told on it (B-12)."""
    if one.veiled or one.people < CROWD:
        return (how, f"n = {one.n}; the minutes are told once {CROWD} people have measured")
    return (
        how, f"median {one.median:g}, half of them between {one.lower:g} and {one.upper:g}; n = {one.n} from "
        f"{one.people} people, {one.first} to {one.last}",
    )  # fmt: skip


def _friction(sight: Sight | None) -> Block:
    heads = ("Step", "What", "Minutes", "What was done")
    if sight is None:
        return Block("table", rows=(heads, *((_LINE[:18], _LINE, "", _LINE) for _ in range(3))))
    rows = tuple((one.step, one.text, str(one.minutes or ""), one.resolution) for one in sight.frictions)
    return Block("table", rows=(heads, *rows)) if rows else Block("paragraph", "Nothing has got in the way yet.")


_ENOUGH = "A result is good enough when:"


def _framework(sight: Sight | None) -> list[Block]:
    if sight is None or not sight.frameworks:
        words = "The words that people start from, so that quality does not depend on who asks."
        return [Block("paragraph", words), Block("box", "Version 1"), Block("paragraph", f"{_ENOUGH} {_LINE}")]
    newest = sight.frameworks[0]
    lines = [Block("paragraph", line) for line in newest.text.split("\n") if line.strip()]
    whose = sight.names.get(newest.by, "")
    head = f"Version {newest.version}, {newest.at:%d %B %Y}" + (f", {whose}" if whose else "")
    enough = Block("paragraph", f"{_ENOUGH} {newest.passed or _LINE}")
    return [Block("note", head), *lines, enough]


def _signed(owner: str) -> Block:
    rows = (("Owner", owner or _LINE), ("It works as described, signed", _LINE), ("On", _LINE))
    return Block("table", rows=(("Sign-off", "By the owner"), *rows))


def acceptable_use(document: Document | None, people: Mapping[str, str]) -> Draft:
    """Return the part «acceptable use» of the governance document in force, to hand out; None: the form (GP-2)."""
    sentences = document.of("use") if document else [one for one in blank() if one.part == "use"]
    blocks = [
        Block("paragraph", "What you may give to the agent, what it may do for you, and who decides. It is one of the "
              "four parts of the governance document; the others say which connectors it may use, how its outputs are "
              "checked, and what is recorded."),
        *(Block("item", one.text, 1) for one in sentences),
    ]  # fmt: skip
    if document:
        held = [
            (one.text, enforced_by(one) or "people: nothing in the product holds anybody to it") for one in sentences
        ]
        blocks += [Block("heading", "What holds you to it", 1), Block("table", rows=(("Sentence", "Held by"), *held))]
        blocks += [Block("heading", "In force", 1), Block("paragraph", _in_force(document, people))]
    blocks += [Block("heading", "Read and understood", 1), _acknowledged()]
    title = "Acceptable use of the agent" + (f", version {document.number}" if document else "")
    return Draft(title, tuple(blocks), mark="")


def _in_force(document: Document, people: Mapping[str, str]) -> str:
    owner = document.owners.get("use", "")
    since = f"Since {document.published_at:%d %B %Y}. " if document.published_at else ""
    return f"{since}Owner of «{PARTS['use']}»: {people.get(owner, '') or 'nobody yet'}."


def _acknowledged() -> Block:
    heads = ("Name", "Date", "Signature")
    return Block("table", rows=(heads, *((_LINE, _LINE[:18], _LINE) for _ in range(3))))
