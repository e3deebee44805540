"""The words of use cases: the card, where it stands, what the linter says, what was measured. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from colleague.policy.model import DataClass

State = Literal["draft", "approved", "live", "retired"]
How = Literal["timed", "records", "self_reported"]

# PP-5: what a pilot starts with. PP-10 ("wrong initial use case adds 6 weeks"): what is shown on the plan.
FEWEST, MOST = 3, 5
WRONG_CASE_WEEKS: Final = 6
FORMATS: Final[Mapping[str, str]] = {
    "docx": "Word document", "xlsx": "workbook", "pptx": "slides", "pdf": "PDF", "md": "text (Markdown)",
    "csv": "table (CSV)", "email": "mail draft", "answer": "answer in the task",
}  # fmt: skip
# PP-4: work that repeats, lives in documents, and can be compared before and after.
PROFILES: Final[tuple[str, ...]] = (
    "business development", "financial analysis", "marketing content", "procurement and vendor management",
)  # fmt: skip
WEEKDAYS: Final[tuple[str, ...]] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOWS: Final[Mapping[str, str]] = {
    "timed": "timed while it was done", "records": "from times on record",
    "self_reported": "self-reported, from memory",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ritual:
    """The team's habit that the use case serves, such as: Bids, Monday, the pipeline report."""

    team: str
    weekday: str
    artefact: str


@dataclass(frozen=True, slots=True)
class Card:
    """What is written of a use case (PP-6).

    `work` says in one sentence what is done, `output` what comes out, `minutes` is the target from input to an accepted
    output. `owner`: id of a person. `category`: the output category, and so the review standard (OH-4). `connectors`:
    kinds it reads from. `kept`: why it is kept although the linter flags it (PP-10).
    """

    name: str
    work: str = ""
    department: str = ""
    input: str = ""
    trigger: str = ""
    output: str = ""
    format: str = ""
    minutes: int = 0
    owner: str = ""
    quality: str = ""
    data_class: DataClass = DataClass.CONFIDENTIAL
    category: str = ""
    ritual: Ritual | None = None
    skill: str = ""
    profile: str = ""
    connectors: tuple[str, ...] = ()
    kept: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON."""
        return asdict(self) | {"data_class": self.data_class.name.lower(), "connectors": list(self.connectors)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Card":
        """Read what `to_json` wrote."""
        read: dict[str, Any] = {
            "data_class": DataClass[value["data_class"].upper()], "connectors": tuple(value["connectors"]),
            "ritual": Ritual(**value["ritual"]) if value["ritual"] else None,
        }  # fmt: skip
        return Card(**{**value, **read})


@dataclass(frozen=True, slots=True)
class UseCase:
    """A use case as it stands: `version` counts its cards, `by` wrote the newest. `live_at`: its first launch."""

    id: str
    version: int
    state: State
    by: str
    card: Card
    live_at: datetime | None = None
    new_capability: str = ""
    retired_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the use case as JSON."""
        return {
            "id": self.id, "version": self.version, "state": self.state, "by": self.by,
            "live_at": self.live_at.isoformat() if self.live_at else None, "new_capability": self.new_capability,
            "retired_at": self.retired_at.isoformat() if self.retired_at else None,
        } | self.card.to_json()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What the linter has against a card: `field` of it, `why`, and what to write `instead`.

    `weighs`: a refused card is not approved before it is changed; a flagged one may be kept, with a reason; what is
    noted stands in the way of nothing.
    """

    code: str
    field: str
    why: str
    instead: str
    weighs: Literal["refused", "flagged", "noted"] = "refused"

    def to_json(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured piece of work before launch: who took how many minutes on which day, and how that is known."""

    id: str
    person: str
    minutes: float
    on: date
    how: How
    by: str
    version: int
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the observation as JSON."""
        return asdict(self) | {"on": self.on.isoformat()}


@dataclass(frozen=True, slots=True)
class Friction:
    """Something that got in the way: at which step, what, how many minutes it cost; `resolution` once it is gone."""

    id: str
    step: str
    text: str
    minutes: int
    by: str
    at: datetime
    resolution: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Framework:
    """One version of the words that people start from, so that quality does not depend on who asks (PP-7). `passed`:
    when what comes of it is good enough (TP-2); "" for versions that were written before this was asked.
    """

    version: int
    text: str
    why: str
    by: str
    at: datetime
    passed: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the version as JSON."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Around:
    """What the linter is told of the organisation: connectors that are enabled, whether the owner is here and active,
    the output categories (None: not asked), and the highest class the agent may read."""

    enabled: frozenset[str] = field(default_factory=frozenset)
    owner_here: bool = True
    categories: frozenset[str] | None = None
    highest: DataClass = DataClass.RESTRICTED


def skill_of(name: str) -> str:
    """Return a skill's own name, without the plugin it is from."""
    return name.strip().rpartition(":")[2].casefold()


@dataclass(frozen=True, slots=True)
class Measured:
    """A use case that was launched. `before`: measured minutes by person; what was told from memory is no part of it.

    `told`: how many observations were self-reported. `owner`: id of who answers for it. `team`: its ritual's.
    `retired_at`: when it ended; runs of afterwards are none of it.
    """

    id: str
    name: str
    skill: str
    owner: str
    department: str
    state: str
    version: int
    live_at: datetime
    new_capability: str
    before: dict[str, list[float]]
    told: int
    team: str = ""
    retired_at: datetime | None = None

    @property
    def n(self) -> int:
        """Return how many times were measured before."""
        return sum(map(len, self.before.values()))

    @property
    def minutes(self) -> list[float]:
        """Return the times that were measured before."""
        return [minutes for values in self.before.values() for minutes in values]

    def counts(self, workflow: str) -> bool:
        """Say whether a run of this workflow may be one of it: its card names the skill, in full or short."""
        return bool(self.skill) and self.skill in (workflow, workflow.rpartition(":")[2])

    def was_live(self, at: datetime) -> bool:
        """Say whether it was launched and not retired at a moment."""
        return self.live_at <= at and (self.retired_at is None or at < self.retired_at)

    def nearness(self, names: Collection[str]) -> int:
        """Return how near it is to somebody of these departments and teams (casefolded): 0 theirs, 1 written for
        everybody, 2 another department's.
        """
        department, team = self.department.casefold(), self.team.casefold()
        return 0 if {department, team} & set(names) else 2 if department else 1


@dataclass(frozen=True, slots=True)
class Cases:
    """The use cases that were launched, and whose each run is: one use case has it, or none (B-8, B-9, AD-2).

    `names`: the departments and teams of a person, casefolded; needed where several cards name one skill.
    """

    all: Sequence[Measured] = ()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _by_workflow: dict[str, tuple[Measured, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, workflow: str, person: str, at: datetime) -> Measured | None:
        """Return the use case of a person's run that was asked for at a moment, None if it is none's.

        Of those that were live then and name the skill: that of the person's department or team, else the one written
        for everybody, else another department's; of several the first that was launched.
        """
        mine = self._by_workflow.get(workflow)
        if mine is None:
            mine = self._by_workflow[workflow] = tuple(one for one in self.all if one.counts(workflow))
        there = [one for one in mine if one.was_live(at)]
        if len(there) < 2:
            return there[0] if there else None
        names = self.names.get(person, frozenset())
        return min(there, key=lambda one: (one.nearness(names), one.live_at, one.id))

    def within(self, workflows: Collection[str]) -> "Cases":
        """Return those that one of `workflows` may be a run of."""
        return Cases([one for one in self.all if any(map(one.counts, workflows))], self.names)


def share_a_skill(cases: Sequence[Measured]) -> bool:
    """Say whether several of these name one skill, so that it matters who ran it."""
    skills = [skill_of(one.skill) for one in cases if one.skill]
    return len(set(skills)) < len(skills)


def names_by_person(*groups: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return the names of the groups each person is in, casefolded. `groups`: people by the name of a group."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for named in groups:
        for name, people in named.items():
            for person in people:
                found[person].add(name.casefold())
    return {person: frozenset(names) for person, names in found.items()}
