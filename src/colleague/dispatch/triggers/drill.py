"""The drill: a person writes the commands themselves, once, before the channels of Dispatch open for them (DI-5).

The questions are made from the triggers in force, the answers are judged by the parser that judges real messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.triggers.match import plans_of, said
from colleague.dispatch.triggers.model import Trigger
from colleague.dispatch.triggers.store import list_triggers
from colleague.dispatch.triggers.tables import DrillRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict

COMMANDS = 3
_LOST = "Say that it is lost on the page of your channels, or to an administrator"
_CHOICES = (
    (
        "sends",
        "A command wants to send a mail in your name. What happens?",
        ("It is sent at once", "You are shown exactly what will be sent, and it waits until you approve", "Nothing"),
        1,
    ),
    ("lost", "Your phone is gone. What do you do first?", ("Wait", _LOST, "Text STOP from another phone"), 1),
    (
        "unsure",
        "You write something that fits two commands. What happens?",
        ("The likelier one runs", "Both run", "You are asked which one you mean; until then nothing runs"),
        2,
    ),
)


class NothingToDrill(Conflict):
    """No trigger is switched on for you yet, so there is nothing to practise. An administrator switches them on."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. With `options` one of them is chosen (its number), without them a command is written."""

    id: str
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How it went: `wrong` says what to look at again, by question."""

    passed: bool
    wrong: Mapping[str, str]


def questions_of(triggers: Sequence[Trigger]) -> list[Question]:
    """Return the questions: up to three commands to write, and three choices. Raises NothingToDrill."""
    if not triggers:
        raise NothingToDrill
    asked = [
        Question(t.id, f"{t.wording.about} Write the command, for example about this: «{_rest(t)}».")
        for t in triggers[:COMMANDS]
    ]
    return asked + [Question(name, text, options) for name, text, options, _ in _CHOICES]


def _rest(trigger: Trigger) -> str:
    return trigger.wording.example.partition(" ")[2] or trigger.wording.example


def judge(triggers: Sequence[Trigger], answers: Mapping[str, str], *, today: date) -> Result:
    """Judge the answers. Pure."""
    wrong: dict[str, str] = {}
    for trigger in triggers[:COMMANDS]:
        plans = plans_of(said(answers.get(trigger.id, "")), triggers, today=today)
        if [plan.trigger for plan in plans] != [trigger.id]:
            wrong[trigger.id] = f"It looks like this: {trigger.wording.pattern}. For example: {trigger.wording.example}"
    for name, _, options, right in _CHOICES:
        if answers.get(name) != str(right):
            wrong[name] = f"{options[right]}."
    return Result(not wrong, wrong)


async def drilled(session: Session, person_id: str) -> bool:
    """Say whether a person has passed the drill."""
    row = await session.get(DrillRow, person_id)
    return row is not None and row.passed


async def triggers_for(session: Session, actor: Actor) -> list[Trigger]:
    """Return the active triggers that are open to a person."""
    active = await list_triggers(session, state="active")
    return [t for t in active if t.open_to(actor.holders)]


async def take_drill(
    session: Session, actor: Actor, answers: Mapping[str, str], *, today: date, ledger: Ledger, clock: Clock
) -> Result:
    """Judge a person's answers and keep a pass; each try is on record. Raises NothingToDrill, PermissionMissing."""
    actor.require("own:dispatch:use")
    triggers = await triggers_for(session, actor)
    questions_of(triggers)
    result = judge(triggers, answers, today=today)
    row = await session.get(DrillRow, actor.id, with_for_update=True)
    if row is None:
        row = DrillRow(person_id=actor.id, tries=0, passed_at=None)
        session.add(row)
    row.tries += 1
    row.passed_at = row.passed_at or (clock.now() if result.passed else None)
    await session.flush()
    facts = {"passed": result.passed, "tries": row.tries, "wrong": len(result.wrong)}
    await ledger.record(session, Event("dispatch.drilled", actor.id, subject=actor.id, data=facts))
    return result
