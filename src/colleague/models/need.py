"""What a turn needs of a model: whose task it is, what it has read and been told, what kind of work it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from colleague.agent.llms.extractive.choose import wish_of
from colleague.agent.messages import Message, Said
from colleague.identity.directory import teams_of
from colleague.kit.db import Session
from colleague.kit.documents.model import Document
from colleague.policy.detect import class_of_text
from colleague.policy.model import Label

CASES = {
    "rfp": "rfp_response", "contract": "contract_review", "meeting": "meeting_prep", "brief": "competitive_brief",
    "qa": "policy_answer", "summary": "internal_summary", "synthesis": "internal_summary",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """Who thinks about what: the run and its person, the use case as far as it is known, what was read so far.

    `workflows` are the skills that the run follows, as they were written. `model` is what the run was given when it was
    handed over: where no route fits, a built-in one stays, and every other gives way to the deployment's. `charged_to`
    is the run whose usage it is, where that is another one.
    """

    run: str
    person: str
    teams: frozenset[str]
    label: Label
    model: str
    use_case: str = ""
    workflows: frozenset[str] = frozenset()
    charged_to: str = ""


def use_case_of(goal: str) -> str:
    """Return the output category that a person's words ask for, as far as they say; "" if they do not."""
    return CASES.get(wish_of(goal).skill or "", "")


def told(label: Label, texts: Sequence[str]) -> Label:
    """Return `label` joined with what the detectors find in a person's own words: they reach the provider too."""
    found = class_of_text("\n".join(texts))
    return label.join(Label(data_class=found.data_class, categories=found.categories))


def characters_of(document: Document) -> int:
    """Return how many characters a document gives a model to read."""
    return sum(len(b.text) + sum(len(cell) for row in b.rows for cell in row) for b in document.blocks)


async def need_of(
    session: Session, run: str, person: str, goal: str, model: str, label: Label, messages: Sequence[Message] = (),
    workflows: frozenset[str] = frozenset(),
    *, charged_to: str = "",
) -> Need:  # fmt: skip
    """Return what the next turn of a run needs; `label` is what it has read, the words of `messages` are added."""
    texts = [goal, *(m.text for m in messages if isinstance(m, Said) and m.who == "person")]
    teams = await teams_of(session, person)
    return Need(run, person, teams, told(label, texts), model, use_case_of(goal), workflows, charged_to or run)
