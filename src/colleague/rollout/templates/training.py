"""The training programme as a document: the modules with owner, version and pass mark, and the first month. Pure."""

from collections.abc import Iterator, Sequence

from colleague.kit.documents.model import Block, Draft
from colleague.rollout.onboarding.model import EXERCISE, Module, Week

_BY = {"person": "you", "champion": "champion", "lead": "lead"}
_PLACES = {
    "{use_case}": "the use case", "{team}": "the team", "{weekday}": "weekday", "{artefact}": "regular output",
}  # fmt: skip


def training_programme(modules: Sequence[Module], weeks: Sequence[Week], playbook: str = "as shipped") -> Draft:
    """Return the programme as people get it: texts and questions without the right answers, and four weeks (TP-2).
    `playbook`: the version of the four weeks, in words.
    """
    blocks = [
        Block("paragraph", "Before the first real task: short modules, each with a pass mark, and a task handed over "
              "in writing. Then four weeks tied to the work of each team. Nobody is trained for what a use case "
              "gets wrong: that is redesigned."),
        Block("heading", "Modules", 1),
        Block("table", rows=(("Module", "Min.", "Kept by", "Passed with", "Version"), *map(_row, modules))),
    ]  # fmt: skip
    for one in modules:
        blocks += _module(one)
    blocks.append(Block("heading", "The first month", 1))
    blocks.append(Block(
        "note", f"Playbook: {playbook}; kept by the programme lead. A week is done when each line of it is."
    ))  # fmt: skip
    for week in weeks:
        blocks.append(Block("heading", f"Week {week.number}: {week.title}", 2))
        rows = ((_filled(a.title), _filled(a.text), _BY[a.owner], a.means) for a in week.activities)
        blocks.append(Block("table", rows=(("What", "How", "By", "Done when"), *rows)))
    return Draft("Training programme", tuple(blocks), mark="")


def _row(one: Module) -> tuple[str, ...]:
    whole = f"{one.needed} of 4 parts" if one.key == EXERCISE else f"{one.needed} of {len(one.questions)} answers"
    return (one.title, str(one.minutes), one.owner, whole, str(one.version) if one.version else "as shipped")


def _module(one: Module) -> Iterator[Block]:
    yield Block("heading", one.title, 2)
    for paragraph in one.paragraphs:
        if all(line.startswith("- ") for line in paragraph):
            yield from (Block("item", line.removeprefix("- "), 1) for line in paragraph)
        else:
            yield Block("paragraph", " ".join(paragraph))
    for number, question in enumerate(one.questions, 1):
        yield Block("paragraph", f"{number}. {question.text}")
        yield from (Block("item", option, 1, label="☐") for option in question.options)


def _filled(text: str) -> str:
    for place, words in _PLACES.items():
        text = text.replace(place, words)
    return text
