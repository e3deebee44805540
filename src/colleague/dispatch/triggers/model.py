"""The words of triggers: what a command looks like, and the plan that a message becomes. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from colleague.kit.canonical import digest
from colleague.policy.model import Governance, Phase, Tier

State = Literal["draft", "active", "off"]
# DI-4: how many are on in a pilot, both ends inclusive.
FEWEST_IN_PILOT, MOST_IN_PILOT = 5, 10
DELIVERIES: Final[Mapping[str, str]] = {
    "reply": "where the command came from", "sms": "my phone, as a text message", "slack": "my Slack account",
    "email": "my mailbox", "document": "a document in the task", "thread": "the task's page only",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """What an administrator writes of a trigger.

    `pattern`: literal words and typed fields, see pattern.py. `goal`: what the agent is told, with the fields in it.
    `who`: ids of teams and `role:NAME`; empty: everybody who may use Dispatch. `micros`: ceiling of one run, in
    millionths of the organisation's currency. `phase`: from which phase of the programme on (C-3).
    """

    name: str
    pattern: str
    about: str
    example: str
    goal: str
    use_case: str
    tier: Tier
    who: tuple[str, ...] = ()
    micros: int = 1_000_000
    delivery: str = "reply"
    phase: Phase = Phase.PILOT

    def to_json(self) -> dict[str, Any]:
        """Return the wording as JSON."""
        words = {"tier": self.tier.name.lower(), "phase": self.phase.name.lower(), "who": list(self.who)}
        return asdict(self) | words

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Wording":
        """Read what `to_json` wrote."""
        read = {
            "tier": Tier[value["tier"].upper()], "phase": Phase[value["phase"].upper()], "who": tuple(value["who"]),
        }  # fmt: skip
        return Wording(**{**value, **read})


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger as it stands: `version` counts its wordings, `by` wrote the newest."""

    id: str
    version: int
    state: State
    by: str
    wording: Wording

    @property
    def phase(self) -> Phase:
        """The phase from which it works: its own, and never before its tier opens."""
        return Phase(max(self.wording.phase, self.wording.tier))

    def open_to(self, holders: frozenset[str]) -> bool:
        """Say whether it is for somebody with these teams and roles."""
        return not self.wording.who or bool(holders & set(self.wording.who))

    def allowed_by(self, governance: Governance) -> bool:
        """Say whether the organisation's ceiling and phase let it run now (DI-6)."""
        return self.wording.tier <= governance.away and self.phase <= governance.phase

    def to_json(self) -> dict[str, Any]:
        """Return the trigger as JSON."""
        return {"id": self.id, "version": self.version, "state": self.state, "by": self.by} | self.wording.to_json()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a message becomes: which trigger, which fields, what the agent is told, how far it may go, where to answer.

    The same words on the same day are the same plan (DI-3), and `digest` names it.
    """

    trigger: str
    name: str
    version: int
    fields: tuple[tuple[str, str], ...]
    goal: str
    use_case: str
    tier: Tier
    micros: int
    delivery: str

    @property
    def digest(self) -> str:
        """Return what names exactly this plan."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return asdict(self) | {"tier": self.tier.name.lower(), "fields": [list(pair) for pair in self.fields]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Plan":
        """Read what `to_json` wrote."""
        fields = tuple((str(name), str(text)) for name, text in value["fields"])
        return Plan(**{**value, "tier": Tier[value["tier"].upper()], "fields": fields})

    @property
    def words(self) -> str:
        """Return the plan in one line, for the person who is asked whether it is meant."""
        said = ", ".join(f"{name}: {value}" for name, value in self.fields if value)
        return f"{self.name} ({said})" if said else self.name
