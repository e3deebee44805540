"""The words of the readiness assessment: questions, answers, what is known already, the result. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal

Verdict = Literal["self-serve", "help", "not yet"]
# PN-2: from this many seats in year one an organisation is likely to need help.
MANY_SEATS: Final = 500
MOST_SEATS: Final = 1_000_000
QUESTIONS: Final[Mapping[str, str]] = {
    "saas_rollouts": "Has your own IT rolled out software as a service to many people before?",
    "sponsor": "Does somebody in the business, outside IT, own the change?",
    "regulated": "Will regulated or restricted data be used at the beginning?",
    "seats": "How many seats will there be in the first year?",
    "custom_mcp": "Will you connect systems through MCP servers of your own?",
    "stalled": "Has an earlier rollout of such a tool stalled?",
}
WORDS: Final[Mapping[Verdict, str]] = {
    "self-serve": "You can roll out by yourselves.",
    "help": "You had better ask for help.",
    "not yet": "You need not ask for help, but something is missing before you can roll out by yourselves.",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to the questionnaire. None: nobody has answered, which never counts in favour."""

    saas_rollouts: bool | None = None
    sponsor: bool | None = None
    regulated: bool | None = None
    seats: int | None = None
    custom_mcp: bool | None = None
    stalled: bool | None = None

    @property
    def open(self) -> tuple[str, ...]:
        """Return the questions without an answer, by their short names."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is None)

    def to_json(self) -> dict[str, Any]:
        """Return the answers as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Known:
    """What the installation itself shows.

    `servers`: names of registered MCP servers. `restricted`: why restricted or regulated data are used, in words.
    `people`: how many are active. `unsigned`: parts of the governance document without a signature, all four while none
    is in force. `unready`: what keeps the use cases from a pilot. `unmeasured`: use cases without a baseline.
    `sponsor`: the name of the programme's sponsor, who is not from IT.
    """

    servers: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    people: int = 0
    unsigned: tuple[str, ...] = ()
    unready: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    sponsor: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the result is what it is: for or against rolling out alone, with the requirement it comes from."""

    question: str
    speaks: Literal["alone", "help", "open"]
    text: str
    requirement: str

    def to_json(self) -> dict[str, str]:
        """Return the reason as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Missing:
    """One gap (PN-3): what is missing, by which requirement, and the next step with the page where it is taken."""

    requirement: str
    what: str
    step: str
    link: str

    def to_json(self) -> dict[str, str]:
        """Return the gap as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Result:
    """What the assessment comes to."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    missing: tuple[Missing, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {
            "verdict": self.verdict, "words": WORDS[self.verdict],
            "reasons": [one.to_json() for one in self.reasons], "missing": [one.to_json() for one in self.missing],
        }  # fmt: skip

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Result":
        """Read what `to_json` wrote."""
        return Result(
            value["verdict"], tuple(Reason(**one) for one in value["reasons"]),
            tuple(Missing(**one) for one in value["missing"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessment:
    """A kept version: the answers, what they came to on that day, who answered and when."""

    version: int
    answers: Answers
    result: Result
    by: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the version as JSON."""
        return {
            "version": self.version, "answers": self.answers.to_json(), "by": self.by, "at": self.at.isoformat(),
        } | self.result.to_json()  # fmt: skip
