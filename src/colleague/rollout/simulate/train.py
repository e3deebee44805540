"""Simulated people take their training: every module with the right answers, and the exercise."""

from collections.abc import Iterable
from typing import Final

from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.rollout.onboarding.learn import take_exercise, take_module
from colleague.rollout.onboarding.model import EXERCISE
from colleague.rollout.onboarding.store import modules
from colleague.rollout.simulate.parts import Parts

TASK: Final = (
    "Compare the three PDF offers in the folder Offers 2026 and draft a two-page summary as a Word document by "
    "Thursday 9:00; do not send anything."
)


async def train(parts: Parts, people: Iterable[Actor]) -> None:
    """Let people complete their onboarding, by the same deeds as at the page."""
    async with parts.database.transaction() as session:
        for who in people:
            await _one(session, parts, who)


async def _one(session: Session, parts: Parts, who: Actor) -> None:
    for module in await modules(session):
        if module.key == EXERCISE:
            await take_exercise(session, who, TASK, ledger=parts.ledger, clock=parts.clock)
        else:
            answers = [question.right for question in module.questions]
            await take_module(session, who, module.key, answers, ledger=parts.ledger, clock=parts.clock)
