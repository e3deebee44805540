"""The words of models: kinds of providers, their papers, routes, and what may be asked of them. Values only."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from colleague.kit.errors import NotFound
from colleague.policy.model import DataClass, Zone


class Kind(StrEnum):
    """Which wire format a provider speaks."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    AZURE = "azure"
    COMPATIBLE = "compatible"
    BEDROCK = "bedrock"
    GOOGLE = "google"
    VERTEX = "vertex"


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What a kind is called and what it needs. `hosts`: words for whose address it is without one of its own."""

    title: str
    key: str
    needs: tuple[str, ...] = ("key",)
    home: str = ""


KINDS: Final = {
    Kind.ANTHROPIC: KindInfo("Anthropic", "The API key.", home="https://api.anthropic.com"),
    Kind.OPENAI: KindInfo("OpenAI", "The API key.", home="https://api.openai.com/v1"),
    Kind.AZURE: KindInfo("Azure OpenAI", "The key of the resource.", ("key", "address")),
    Kind.COMPATIBLE: KindInfo(
        "OpenAI-compatible (vLLM, Ollama, …)", "The key, if the server asks for one.", ("address",)
    ),
    Kind.BEDROCK: KindInfo(
        "Amazon Bedrock", "A Bedrock API key, or ACCESS_KEY_ID:SECRET[:SESSION_TOKEN].", ("key", "region")
    ),
    Kind.GOOGLE: KindInfo("Google Gemini", "The API key.", home="https://generativelanguage.googleapis.com"),
    Kind.VERTEX: KindInfo("Google Vertex AI", "The JSON text of a service account.", ("key", "region")),
}

DATA_KINDS: Final = ("inputs", "outputs", "files", "feedback", "telemetry", "aggregates")
BUILT_IN, DEPLOYMENT = "extractive", "deployment"
SCOPES: Final = ("organisation", "team", "person")
TARGETS: Final = ("organisation", "use case", "team", "zone")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document on record. A `no-training` one names the kinds of data it covers (DA-5), a `baa` its counterparty."""

    id: str
    kind: str
    document: str
    counterparty: str
    covers: tuple[str, ...]
    scope: str
    signed_on: date
    expires_on: date | None
    stored_by: str
    stored_at: datetime

    def holds(self, today: date) -> bool:
        """Say whether it holds on that day."""
        return self.signed_on <= today and (self.expires_on is None or today <= self.expires_on)

    @property
    def whole(self) -> bool:
        """Say whether it names every kind of data (DA-5)."""
        return set(DATA_KINDS) <= set(self.covers)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider on record. Its key is never part of it: only whether there is one."""

    id: str
    name: str
    kind: Kind
    address: str
    region: str
    project: str
    version: str
    streams: bool
    zone: Zone
    ceiling: DataClass
    enabled: bool
    has_key: bool
    papers: tuple[Paper, ...] = ()
    healthy: bool | None = None
    health: str = ""
    checked_at: datetime | None = None

    @property
    def own(self) -> bool:
        """Say whether it runs on the organisation's own machines: its address is then held to private networks."""
        return self.zone is Zone.OWN

    def lasting(self, kind: str, today: date) -> tuple[Paper, ...]:
        """Return the papers of a kind that hold on that day."""
        return tuple(p for p in self.papers if p.kind == kind and p.holds(today))

    def attested(self, today: date) -> bool:
        """Say whether a no-training attestation holds on that day (DA-4)."""
        return bool(self.lasting("no-training", today))

    def attested_fully(self, today: date) -> bool:
        """Say whether one that holds names every kind of data (DA-5): one document, not a patchwork."""
        return any(p.whole for p in self.lasting("no-training", today))

    def agreed(self, today: date) -> bool:
        """Say whether a signed agreement on health data holds on that day (RG-5)."""
        return bool(self.lasting("baa", today))


@dataclass(frozen=True, slots=True)
class Route:
    """Where the thinking of some tasks goes: an ordered chain; the next one is asked when one cannot or may not."""

    id: str
    target: str
    subject: str
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """Millionths of a US dollar for a million tokens. `source` says where the numbers come from.

    `window`: how many tokens the model can be given at once; 0 if that is not known.
    """

    provider: str
    model: str
    input: int
    output: int
    cached: int
    stored: int
    source: str = ""
    window: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run may use: a range, before it starts, with the rule it comes from. No money: there is no price."""

    low_tokens: int
    high_tokens: int
    low_micros: int | None
    high_micros: int | None
    rule: str


class NoSuchProvider(NotFound):
    """There is no such model provider."""
