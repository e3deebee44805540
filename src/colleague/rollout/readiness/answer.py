"""Answer the questionnaire: each time a version, with what it came to on that day; and read what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.rollout.readiness.decide import decide
from colleague.rollout.readiness.look import look, prefill
from colleague.rollout.readiness.model import MOST_SEATS, QUESTIONS, Answers, Assessment, Known, Result
from colleague.rollout.readiness.tables import ReadinessRow
from colleague.usecases.around import Reach

LOCK = 727_080
_YES_NO = {"yes": True, "true": True, "no": False, "false": False, "": None}


class BadReadiness(Invalid):
    """«{name}» cannot be used: {why}."""


class ReadinessAnswered(Conflict):
    """Somebody answered meanwhile: look at version {version} before you answer again."""


class NoSuchReadiness(NotFound):
    """There is no such version of the readiness assessment."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest version, the earlier ones, and the questionnaire filled with what is known and why."""

    newest: Assessment | None
    earlier: Sequence[Assessment]
    answers: Answers
    why: Mapping[str, str]
    known: Known
    now: Result

    def to_json(self) -> dict[str, Any]:
        """Return the standing as JSON; `now` is what the prefilled answers would come to."""
        return {
            "newest": self.newest.to_json() if self.newest else None,
            "earlier": [one.to_json() for one in self.earlier], "questions": dict(QUESTIONS),
            "prefilled": self.answers.to_json(), "prefilled_because": dict(self.why), "now": self.now.to_json(),
        }  # fmt: skip


def read_answers(raw: Mapping[str, Any]) -> Answers:
    """Return answers as a form or a program gives them: yes, no, true, false, "" or null for open, and a number.

    Raises BadReadiness for an unknown question or an answer that is none.
    """
    names = {f.name for f in fields(Answers)}
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in names:
            shown = "".join(c for c in str(name)[:40] if c.isprintable())
            raise BadReadiness(name=shown, why=f"the questions are {', '.join(sorted(names))}")
        found[name] = _seats(value) if name == "seats" else _yes_no(name, value)
    return Answers(**found)


def _yes_no(name: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.strip().casefold() not in _YES_NO:
        raise BadReadiness(name=name, why="answer yes or no, or leave it open")
    return _YES_NO[value.strip().casefold()]


def _seats(value: Any) -> int | None:
    plain = value.strip() if isinstance(value, str) else value
    if plain is None or plain == "":
        return None
    if isinstance(plain, str) and plain.isascii() and plain.isdecimal() and len(plain) < 10:
        plain = int(plain)
    if isinstance(plain, bool) or not isinstance(plain, int) or not 1 <= plain <= MOST_SEATS:
        raise BadReadiness(name="seats", why=f"it is a number from 1 to {MOST_SEATS:,}")
    return plain


async def answer_readiness(
    session: Session, actor: Actor, answers: Answers, *, after: int, registry: Registry, reach: Reach, ledger: Ledger,
    clock: Clock,
) -> Assessment:  # fmt: skip
    """Keep answers as the next version, with the result of this day. `after`: the version they were made from, 0 for
    none.

    What the installation shows outweighs an answer that says less: a registered server of one's own is one.
    Raises ReadinessAnswered, PermissionMissing.
    """
    actor.require("org:programme:manage")
    await advisory_lock(session, LOCK)
    newest = await session.scalar(select(func.max(ReadinessRow.version))) or 0
    if after != newest:
        raise ReadinessAnswered(version=newest)
    known = await look(session, registry=registry, reach=reach)
    answers, _ = prefill(known, answers)
    made = Assessment(newest + 1, answers, decide(answers, known), actor.id, clock.now())
    session.add(
        ReadinessRow(
            version=made.version, answers=answers.to_json(), result=made.result.to_json(), by=actor.id, at=made.at
        )
    )  # fmt: skip
    await session.flush()
    facts = {
        "version": made.version, "verdict": made.result.verdict, "missing": len(made.result.missing),
        **answers.to_json(),
    }  # fmt: skip
    await ledger.record(session, Event("readiness.answered", actor.id, subject="programme", data=facts))
    return made


async def readiness(session: Session, actor: Actor, *, registry: Registry, reach: Reach) -> Standing:
    """Return how it stands: versions, and the questionnaire prefilled. Raises PermissionMissing."""
    actor.require("org:programme:read")
    rows = (await session.scalars(select(ReadinessRow).order_by(ReadinessRow.version.desc()).limit(50))).all()
    versions = [_value(row) for row in rows]
    known = await look(session, registry=registry, reach=reach)
    answers, why = prefill(known, versions[0].answers if versions else Answers())
    return Standing(
        versions[0] if versions else None, versions[1:], answers, why, known, decide(answers, known)
    )  # fmt: skip


async def newest_answers(session: Session) -> Answers | None:
    """Return the newest answers; None if nobody has answered."""
    row = await session.scalar(select(ReadinessRow).order_by(ReadinessRow.version.desc()).limit(1))
    return Answers(**row.answers) if row else None


async def readiness_at(session: Session, actor: Actor, version: int) -> Assessment:
    """Return one version. Raises NoSuchReadiness, PermissionMissing."""
    actor.require("org:programme:read")
    row = await session.get(ReadinessRow, version)
    if row is None:
        raise NoSuchReadiness
    return _value(row)


def _value(row: ReadinessRow) -> Assessment:
    return Assessment(row.version, Answers(**row.answers), Result.from_json(row.result), row.by, row.at)
