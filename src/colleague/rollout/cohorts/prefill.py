"""What the product knows of a candidate, as words to begin with; whether it is a yes, a person decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from colleague.connectors.grants import list_grants
from colleague.identity.directory import get_person, holders_of, teams_of
from colleague.identity.model import Person
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.inputs import permitted_input
from colleague.policy.model import DataClass
from colleague.rollout.cohorts.model import Answer, Score
from colleague.rollout.cohorts.store import known_of
from colleague.usecases.rituals import Tied, standing_cases


@dataclass(frozen=True, slots=True)
class Reached:
    """The highest class the agent reaches for somebody, None if nothing is open; and by which connectors."""

    highest: DataClass | None
    connectors: tuple[str, ...]

    def said(self) -> str:
        """Say it in a sentence."""
        if self.highest is None:
            return "No connector is open to their teams yet."
        by = ", ".join(self.connectors)
        if self.highest >= DataClass.RESTRICTED:
            return f"Their teams reach restricted data through {by}."
        return f"What is open to their teams ({by}) reaches nothing above {self.highest.name.lower()}."


async def prefill(session: Session, person: str, *, clock: Clock) -> Score:
    """Return what the product knows of a person as evidence without a decision. Raises PersonNotFound."""
    who = await get_person(session, person)
    department, title = (await known_of(session, [who.id]))[who.id]
    fit = [one for one in await standing_cases(session) if one.card.department and one.fits(department, who.teams)]
    answers = {
        "documents": Answer(None, _documents(fit)),
        "not_sensitive": Answer(None, (await reached(session, who, clock=clock)).said()),
    }
    profile = next((one.card.profile for one in fit if one.card.profile), "")
    repeats = "weekly" if any(one.ritual for one in fit) else ""
    before = [f"«{one.name}» has {one.measured} measured times before launch" for one in fit if one.measured]
    return Score(answers, profile, repeats, Answer(None, _joined(before)), department, title)


def _documents(fit: Sequence[Tied]) -> str:
    return _joined(f"«{one.name}» is their work: {one.said()}" for one in fit if one.ritual)


def _joined(found: Iterable[str]) -> str:
    text = "; ".join(list(found)[:3])
    return f"{text[:580]}." if text else ""


async def reached(session: Session, who: Person, *, clock: Clock) -> Reached:
    """Return the highest class that the agent reaches for a person by the grants in force and what is permitted."""
    holders, teams = await holders_of(session, who.id), await teams_of(session, who.id)
    governance = await current_governance(session)
    most = min(governance.highest_input, permitted_input(governance, teams, ()))
    open_ = [one.grant for one in await list_grants(session, clock=clock) if one.grant.holder in holders]
    if not open_:
        return Reached(None, ())
    highest = min(most, max(one.ceiling for one in open_))
    return Reached(highest, tuple(sorted({one.connector for one in open_})))
