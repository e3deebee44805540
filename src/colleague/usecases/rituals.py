"""The ritual registry (AD-2): which habit of which team is served by which use case."""

from dataclasses import dataclass
from typing import Any

from colleague.kit.db import Session
from colleague.usecases.model import Card, Ritual
from colleague.usecases.sample import CROWD, ENOUGH, baseline
from colleague.usecases.store import frameworks_of, frictions_of, list_use_cases, observations_of


@dataclass(frozen=True, slots=True)
class Tied:
    """A use case that stands (approved or live), with the ritual it serves if it serves one.

    `measured`: how many times before launch were measured. `before`: their median in minutes, None below
    ten times or five people.
    """

    id: str
    card: Card
    measured: int
    before: float | None

    @property
    def name(self) -> str:
        """Return its name."""
        return self.card.name

    @property
    def ritual(self) -> Ritual | None:
        """Return its ritual."""
        return self.card.ritual

    def fits(self, department: str, teams: tuple[str, ...] = ()) -> bool:
        """Say whether somebody of this department and these teams does such work: it names their department, its
        ritual is one of their teams', or it is written for everybody."""
        of = self.card.department.casefold()
        team = self.card.ritual.team.casefold() if self.card.ritual else ""
        named = {name.casefold() for name in (department, *teams) if name}
        return not of or of in named or (bool(team) and team in named)

    def said(self) -> str:
        """Say the ritual in words: «Bids, Monday: the bid pipeline report»; "" without one."""
        one = self.ritual
        return f"{one.team}, {one.weekday}: {one.artefact}" if one else ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        ritual = self.ritual
        return {
            "use_case": self.id, "name": self.name, "department": self.card.department, "skill": self.card.skill,
            "ritual": {"team": ritual.team, "weekday": ritual.weekday, "artefact": ritual.artefact} if ritual else None,
        }  # fmt: skip


async def standing_cases(session: Session) -> list[Tied]:
    """Return every use case that is approved or live, those with a ritual first, by name."""
    found = await list_use_cases(session, states=("approved", "live"))
    times = await observations_of(session, *(one.id for one in found))
    ties = []
    for one in found:
        measured = baseline(times[one.id]).measured
        enough = measured if measured and measured.n >= ENOUGH and measured.people >= CROWD else None
        ties.append(Tied(one.id, one.card, measured.n if measured else 0, enough.median if enough else None))
    return sorted(ties, key=lambda tie: tie.ritual is None)


async def starting_words(session: Session, tied: Tied) -> str:
    """Return the words that somebody begins a task of this use case with: its prompt framework, else its work."""
    frameworks = await frameworks_of(session, tied.id)
    return frameworks[0].text if frameworks else f"{tied.card.work}."


async def upkeep(session: Session, *use_cases: str) -> dict[str, tuple[int, bool]]:
    """Return for each use case how many entries of its friction log are unanswered, and whether it has a framework."""
    return {
        one: (
            sum(not entry.resolution for entry in await frictions_of(session, one)),
            bool(await frameworks_of(session, one)),
        )
        for one in use_cases
    }
