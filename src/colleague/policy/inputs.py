"""What may reach the agent for these teams with these skills (SC-2, GP-2): class × workflow × team. Pure.

Every entry that fits counts, and the lowest class wins: one more entry never opens anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from colleague.policy.model import DataClass, Governance

ANY = "*"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One entry: nothing above `highest` for members of `team` (an id) when they follow `skill`; `*` is any."""

    team: str
    skill: str
    highest: DataClass

    @staticmethod
    def read(text: str) -> "Ceiling":
        """Read «TEAM/SKILL=class». ValueError or KeyError if it is none, or if it is for everybody and everything."""
        who, _, word = text.partition("=")
        team, slash, skill = (part.strip() for part in who.partition("/"))
        if not slash or not team or not skill or (team, skill) == (ANY, ANY):
            raise ValueError
        return Ceiling(team, skill.casefold(), DataClass[word.strip().upper()])

    def __str__(self) -> str:
        """Return the entry as it is stored."""
        return f"{self.team}/{self.skill}={self.highest.name.lower()}"

    def fits(self, teams: Iterable[str], workflows: Iterable[str]) -> bool:
        """Say whether the entry is about somebody in `teams` who follows `workflows`.

        A skill is meant by its full name (`plugin:skill`) and by its own alone, whichever was written, here or there.
        """
        mine = self.team == ANY or self.team in teams
        return mine and (self.skill == ANY or any(self._means(w.casefold().removeprefix("/")) for w in workflows))

    def _means(self, skill: str) -> bool:
        (plugin, _, name), (of, _, other) = self.skill.rpartition(":"), skill.rpartition(":")
        return name == other and (":" not in self.skill or ":" not in skill or plugin == of)


def permitted_input(governance: Governance, teams: Iterable[str], workflows: Iterable[str]) -> DataClass:
    """Return the highest class that may reach the agent for somebody in `teams` who follows `workflows`."""
    teams, workflows = frozenset(teams), frozenset(workflows)
    entries = map(Ceiling.read, governance.input_ceilings)
    return min((e.highest for e in entries if e.fits(teams, workflows)), default=DataClass.RESTRICTED)


def narrowed(governance: Governance, teams: Iterable[str], workflows: Iterable[str] = ()) -> Governance:
    """Return the settings with `highest_input` as it is for these teams and skills: for what comes in at a door."""
    highest = min(governance.highest_input, permitted_input(governance, teams, workflows))
    return replace(governance, highest_input=highest)
