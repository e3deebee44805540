"""People acknowledge the version in force with five questions made from it (SC-3); a new version asks again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.categories import CATEGORIES
from colleague.governance.document.model import Document
from colleague.governance.document.store import acknowledgements, has_acknowledged, in_force, last_number
from colleague.governance.document.tables import AcknowledgementRow
from colleague.identity.actor import Actor
from colleague.identity.directory import list_active
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.policy.governance import read_settings
from colleague.policy.model import DataClass, Governance, Tier, Zone

CLASSES: Final = tuple(c.name.lower() for c in DataClass)
FIVE: Final = 5


class NothingToAcknowledge(NotFound):
    """No governance document has been published yet."""


class AcknowledgeFirst(Forbidden):
    """Before you hand a task over, read and acknowledge version {number} of the governance document, under Governance
    (/governance/acknowledge)."""


class NotAllRight(Invalid):
    """Not yet: {wrong} of the five answers {are} not what the document says. Read it again and try once more."""

    @classmethod
    def of(cls, wrong: int) -> "NotAllRight":
        """Return it for so many wrong answers."""
        return cls(wrong=wrong, are="is" if wrong == 1 else "are")


class VersionChanged(Conflict):
    """A newer version has been published meanwhile: read that one."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its options as they are shown, and the right one (by its text; never sent to a page)."""

    id: str
    text: str
    options: tuple[str, ...]
    right: str

    def to_json(self) -> dict[str, Any]:
        """Return the question as a person sees it."""
        return {"id": self.id, "text": self.text, "options": list(self.options)}


def questions(document: Document) -> tuple[Question, ...]:
    """Return the five questions of a version: made from what it was compiled to, the same for everybody. Pure."""
    governance = read_settings(document.settings, document.settings_version)
    bank = [made for make in _BANK if (made := make(governance)) is not None]
    # Which five, and in which order the options stand, comes from the text of the version.
    chosen = sorted(bank, key=lambda q: digest([document.digest, q.id]))[:FIVE]
    return tuple(
        Question(q.id, q.text, tuple(sorted(q.options, key=lambda o: digest([document.digest, q.id, o]))), q.right)
        if q.options != CLASSES
        else q
        for q in chosen
    )


def _input(g: Governance) -> Question:
    text = "What is the highest class of data that may be given to the agent, unless your team or the skill has less?"
    return Question("input", text, CLASSES, g.highest_input.name.lower())


def _external(g: Governance) -> Question:
    text = "What is the highest class of data that the agent may send outside the organisation?"
    return Question("external", text, CLASSES, min(g.highest_external, DataClass.CONFIDENTIAL).name.lower())


def _unknown(g: Governance) -> Question:
    return Question("unknown", "A document has no class. What does it count as?", CLASSES, "confidential")


def _draft(g: Governance) -> Question:
    right = "A first draft: it is checked against its sources before anybody relies on it"
    others = ("A final decision, because the agent has read everything", "Correct, as long as it names its sources")
    return Question("draft", "What is an output of the agent?", (right, *others), right)


def _review(g: Governance) -> Question | None:
    strict = [c.title for c in CATEGORIES.values() if c.high_stakes or c.id in g.reviewed_categories]
    light = [c.title for c in CATEGORIES.values() if c.title not in strict]
    if not light:
        return None
    text = "Which of these leaves the organisation only after a qualified person other than you has reviewed it?"
    return Question("review", text, (strict[-1], *light[:3]), strict[-1])


def _inside(g: Governance) -> Question:
    asks, sends = "A person is asked first", "It is sent without a question"
    text = "The agent wants to send a message to a colleague. What happens?"
    return Question("inside", text, (asks, sends, "It is refused"), asks if g.confirm_internal else sends)


def _away(g: Governance) -> Question:
    words = {Tier.READ: "Only read", Tier.COMMUNICATE: "Read and send", Tier.MODIFY: "Read, send and change things"}
    text = "A task is started from a phone or by a schedule. What may the agent do unattended?"
    return Question("away", text, tuple(words.values()), words[g.dispatch_ceiling])


def _zone(g: Governance) -> Question | None:
    words = {Zone.EU: "In the EU", Zone.US: "In the US", Zone.APAC: "In Asia and the Pacific",
             Zone.OWN: "On our own machines", Zone.ANY: "Wherever their providers run them"}  # fmt: skip
    return Question("zone", "Where do the models work?", tuple(words.values()), words[g.zone])


_BANK: Final[tuple[Callable[[Governance], Question | None], ...]] = (
    _input, _external, _unknown, _draft, _review, _inside, _away, _zone,
)  # fmt: skip


async def acknowledge(
    session: Session, actor: Actor, number: int, answers: Mapping[str, str], *, ledger: Ledger, clock: Clock
) -> bool:
    """Answer the questions about version `number`; True once all five are right. A token cannot do it.

    A wrong try is on record too (without the answers) and changes nothing: the caller says NotAllRight after the
    commit. Raises NothingToAcknowledge, VersionChanged, SignInYourself.
    """
    actor.require_presence()
    document = await in_force(session)
    if document is None:
        raise NothingToAcknowledge
    if document.number != number:
        raise VersionChanged
    wrong = wrong_of(document, answers)
    if wrong:
        tried = {"number": number, "wrong": wrong}
        await ledger.record(session, Event("governance.check_failed", actor.id, subject=document.id, data=tried))
        return False
    row = {"number": number, "person_id": actor.id, "via": actor.via, "at": clock.now()}
    # Two clicks at once: the first one counts.
    statement = insert(AcknowledgementRow).values(row).on_conflict_do_nothing().returning(AcknowledgementRow.number)
    if await session.scalar(statement) is not None:
        facts = {"number": number, "digest": document.digest}
        await ledger.record(session, Event("governance.document_acknowledged", actor.id, document.id, data=facts))
    return True


def wrong_of(document: Document, answers: Mapping[str, str]) -> int:
    """Return how many of the five answers are not right."""
    return sum(answers.get(q.id) != q.right for q in questions(document))


async def acknowledged(session: Session, person: str) -> bool:
    """Say whether a person has acknowledged the version in force; True where none was ever published."""
    number = await last_number(session)
    return number == 0 or await has_acknowledged(session, number, person)


async def acknowledged_first(session: Session, actor: Actor) -> None:
    """Refuse somebody who has not: AcknowledgeFirst. Asked before a task begins where the document says so."""
    if not await acknowledged(session, actor.id):
        raise AcknowledgeFirst(number=await last_number(session))


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is to acknowledge, and when they did ("" if not)."""

    id: str
    name: str
    email: str
    at: str


async def readers(session: Session, actor: Actor) -> list[Reader]:
    """Return everybody active with when they acknowledged the version in force; who has not comes first.

    Raises PermissionMissing.
    """
    actor.require("org:policy:read")
    actor.require("org:people:read")
    done = await acknowledgements(session, await last_number(session))
    people = [
        Reader(p.id, p.name, p.email, done[p.id].at.isoformat() if p.id in done else "")
        for p in await list_active(session)
    ]
    return sorted(people, key=lambda r: (bool(r.at), r.name))
