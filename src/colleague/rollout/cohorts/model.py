"""The words of cohorts: a candidate, the three criteria, what a cohort is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from colleague.identity.seats.warn import warnings
from colleague.kit.seen import says
from colleague.policy.model import Phase
from colleague.rollout.phases import PHASES

Kind = Literal["pilot", "rollout"]
State = Literal["draft", "started", "closed"]
Stand = Literal["proposed", "chosen", "declined"]

# PP-1: both ends inclusive.
FEWEST, MOST = PHASES[Phase.PILOT].least, PHASES[Phase.PILOT].most or 0
KINDS: Final[Mapping[str, str]] = {
    "pilot": "pilot: 15 to 40 people, chosen one by one on three criteria",
    "rollout": "later phase: a department or a team that begins together",
}  # fmt: skip
SHORTEST_EVIDENCE: Final = 10
# PP-2. All three are needed.
CRITERIA: Final[Mapping[str, str]] = {
    "documents": "Does document-heavy work often",
    "feedback": "Can put into words what works and what does not",
    "not_sensitive": "Does not work on the most sensitive data (restricted)",
}  # fmt: skip
REPETITIONS: Final[Mapping[str, str]] = {
    "daily": "every day", "weekly": "every week", "monthly": "every month", "rarely": "less often",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes, no or not answered yet (None), with the evidence in words."""

    yes: bool | None = None
    evidence: str = ""

    @property
    def holds(self) -> bool:
        """Say whether it is a yes that names its evidence, in ten characters or more that can be read."""
        return self.yes is True and says(self.evidence, SHORTEST_EVIDENCE)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"yes": self.yes, "evidence": self.evidence}


NO_ANSWER: Final = Answer()


@dataclass(frozen=True, slots=True)
class Score:
    """What was said of a candidate. `answers` by criterion; `comparable`: whether there is a before to compare with.

    `department` and `title`: as typed; what the directory knows is added, never taken away by it.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    profile: str = ""
    repetition: str = ""
    comparable: Answer = NO_ANSWER
    department: str = ""
    title: str = ""

    def of(self, criterion: str) -> Answer:
        """Return the answer to a criterion."""
        return self.answers.get(criterion, NO_ANSWER)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the criteria that do not hold, in words."""
        return tuple(words for name, words in CRITERIA.items() if not self.of(name).holds)

    @property
    def meets(self) -> bool:
        """Say whether all three criteria hold (PP-2)."""
        return not self.missing

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            **{name: self.of(name).to_json() for name in CRITERIA}, "profile": self.profile,
            "repetition": self.repetition, "comparable": self.comparable.to_json(), "department": self.department,
            "title": self.title,
        }  # fmt: skip

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Score":
        """Read what `to_json` wrote."""
        return Score(
            {name: Answer(**value[name]) for name in CRITERIA}, value["profile"], value["repetition"],
            Answer(**value["comparable"]), value["department"], value["title"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be in the pilot. `known`: department and title as the directory has them.

    `sponsor` (a person's id) and `sponsor_reason`: why they are in although they were warned of (PP-3);
    `writer`: who wrote it down (a name), "" for the sponsor themselves.
    """

    person: str
    name: str
    score: Score
    stand: Stand = "proposed"
    known: tuple[str, str] = ("", "")
    sponsor: str = ""
    sponsor_reason: str = ""
    writer: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what the pilot is warned of in this person's work (PP-3)."""
        said = (self.score.department, self.score.title), self.known
        found = [w for department, title in said for w in warnings(department, title, self.score.profile)]
        return tuple(dict.fromkeys(found))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "person": self.person, "name": self.name, "state": self.stand, "meets": self.score.meets,
            "missing": list(self.score.missing), "warnings": list(self.warnings), "sponsor": self.sponsor,
            "sponsor_reason": self.sponsor_reason, "reason_written_by": self.writer,
        } | self.score.to_json()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cohort:
    """People who begin together. `group`: the group of the identity provider that maps to it, `team`: a team."""

    id: str
    name: str
    kind: Kind
    state: State
    group: str = ""
    team: str = ""
    started_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "id": self.id, "name": self.name, "kind": self.kind, "state": self.state, "group": self.group,
            "team": self.team, "started_at": self.started_at.isoformat() if self.started_at else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a cohort. `use_case`: the one tied to a ritual that they begin with (AD-2). `began_at`: their own
    first day, None before the cohort started."""

    person: str
    cohort: str
    use_case: str
    joined_at: datetime
    began_at: datetime | None
