"""A person takes a module or the delegation exercise; each try is on record, a pass is kept (AG-8, TP-2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.rollout.onboarding.exercise import LONGEST, Judged, judge
from colleague.rollout.onboarding.model import EXERCISE, Module
from colleague.rollout.onboarding.store import get_module
from colleague.rollout.onboarding.tables import PassRow


class BadAnswers(Invalid):
    """Answer with the number of one option for each of the {count} questions."""


class BadTask(Invalid):
    """Write a task of 1 to 4,000 characters."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a module went: how many answers are right, and for the wrong ones (by number) why."""

    right: int
    needed: int
    wrong: Mapping[int, str]

    @property
    def passed(self) -> bool:
        """Say whether enough are right."""
        return self.right >= self.needed

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "passed": self.passed, "right": self.right, "needed": self.needed,
            "wrong": {str(n): why for n, why in self.wrong.items()},
        }  # fmt: skip


def mark(module: Module, answers: Sequence[int]) -> Result:
    """Return how answers (numbers of options, from 0) went. Raises BadAnswers. Pure."""
    asked = module.questions
    whole = len(answers) == len(asked) and all(
        0 <= a < len(q.options) for a, q in zip(answers, asked, strict=True)
    )  # fmt: skip
    if not whole:
        raise BadAnswers(count=len(asked))
    wrong = {n: q.why for n, (a, q) in enumerate(zip(answers, asked, strict=True)) if a != q.right}
    return Result(len(asked) - len(wrong), module.needed, wrong)


async def take_module(
    session: Session, actor: Actor, key: str, answers: Sequence[int], *, ledger: Ledger, clock: Clock
) -> Result:  # fmt: skip
    """Judge somebody's answers and keep a pass. Raises NoSuchModule, BadAnswers, PermissionMissing."""
    actor.require("own:tasks:use")
    module = await get_module(session, key)
    result = mark(module, answers)
    await _keep(session, actor, module, passed=result.passed, right=result.right, ledger=ledger, clock=clock)
    return result


async def take_exercise(session: Session, actor: Actor, text: str, *, ledger: Ledger, clock: Clock) -> Judged:
    """Judge the task that somebody wrote, and keep a pass; the text itself is not kept. Raises BadTask."""
    actor.require("own:tasks:use")
    if not text.strip() or len(text) > LONGEST:
        raise BadTask
    module = await get_module(session, EXERCISE)
    judged = judge(text, module.needed)
    await _keep(session, actor, module, passed=judged.passed, right=len(judged.found), ledger=ledger, clock=clock)
    return judged


async def _keep(
    session: Session, actor: Actor, module: Module, *, passed: bool, right: int, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    fresh = insert(PassRow).values(person_id=actor.id, module=module.key, tries=0, version=module.version)
    await session.execute(fresh.on_conflict_do_nothing())
    row = await session.get_one(
        PassRow, (actor.id, module.key), with_for_update=True, populate_existing=True
    )  # fmt: skip
    row.tries += 1
    if passed:
        row.passed_at, row.version = clock.now(), module.version
    await session.flush()
    facts = {"module": module.key, "version": module.version, "passed": passed, "right": right, "tries": row.tries}
    await ledger.record(session, Event("training.taken", actor.id, subject=actor.id, person=actor.id, data=facts))
