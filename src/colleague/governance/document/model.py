"""The words of the document: parts, sentences and the closed vocabulary of rules that a sentence may carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from colleague.kit.canonical import digest

PARTS: Final[dict[str, str]] = {
    "use": "Acceptable use",
    "scope": "Connector scope",
    "outputs": "Output handling",
    "audit": "Audit requirements",
}
# Settings that a sentence may set; the lists of ceilings, reviews and rules are made of sentences of their own.
SETTABLE: Final = (
    "internal_domains", "confirm_internal", "highest_input", "highest_external", "dispatch_ceiling", "zone",
    "blocked_types", "label_classes", "require_acknowledgement", "retention",
)  # fmt: skip
# What the product does by construction, whatever anybody sets.
BUILT_IN: Final[dict[str, str]] = {
    "draft_mark": "the draft mark in the text and in the file's properties, until a person has reviewed it",
    "ledger_stays": "no deed of the product takes an entry out of the ledger",
    "ledger_before_call": "the decision is written down before a call happens; where it cannot be, nothing happens",
    "reading_is_logged": "reading and exporting the ledger is an entry of the ledger",
    "tamper_evident": "signed checkpoints over a hash tree: a changed or missing entry is found by verification",
    "two_persons": "what weakens a rule waits for a second person",
    "unknown_is_confidential": "what nobody has classed counts as confidential; detectors and labels only raise",
}
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "setting": ("name", "value"),
    "input_ceiling": ("team", "skill", "class"),
    "review": ("category",),
    "forbid": ("cedar",),
    "scope": ("connector", "holder", "places", "may_write", "ceiling"),
    "readers": ("roles",),
    "shipped": ("rule",),
    "built_in": ("fact",),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a part. `rule` is data of the closed vocabulary (KINDS); None: nothing enforces the sentence."""

    id: str
    part: str
    text: str
    rule: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the sentence as JSON."""
        return {
            "id": self.id,
            "part": self.part,
            "text": self.text,
            "rule": dict(self.rule) if self.rule else None,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Sentence":
        """Read what `to_json` wrote."""
        return Sentence(value["id"], value["part"], value["text"], value.get("rule"))


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which part, and when. It holds for one text: the draft whose digest it names."""

    part: str
    person: str
    digest: str
    at: datetime
    via: str


@dataclass(frozen=True, slots=True)
class Document:
    """A draft (`number` 0) or a published version, with the signatures that hold for exactly this text.

    `owners` names the person who signs each part. `settings` are what it was compiled to when it was published.
    """

    id: str
    number: int
    state: str
    answers: Mapping[str, Any]
    sentences: tuple[Sentence, ...]
    owners: Mapping[str, str]
    changed_by: str
    changed_at: datetime
    signatures: tuple[Signature, ...] = ()
    published_by: str = ""
    published_at: datetime | None = None
    settings_version: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The digest of what is signed: every sentence with its rule, and who signs what."""
        return digest_of(self.sentences, self.owners)

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The parts that their owner has not signed."""
        signed = {s.part for s in self.signatures if s.person == self.owners.get(s.part)}
        return tuple(part for part in PARTS if part not in signed)

    @property
    def not_enforced(self) -> tuple[Sentence, ...]:
        """The sentences that carry no rule (GP-2)."""
        return tuple(s for s in self.sentences if s.rule is None)

    def of(self, part: str) -> list[Sentence]:
        """Return the sentences of a part."""
        return [s for s in self.sentences if s.part == part]

    def to_json(self) -> dict[str, Any]:
        """Return the document as JSON."""
        return {
            "id": self.id, "number": self.number, "state": self.state, "digest": self.digest,
            "sentences": [s.to_json() for s in self.sentences], "owners": dict(self.owners),
            "signatures": [
                {"part": s.part, "person": s.person, "digest": s.digest, "at": s.at.isoformat(), "via": s.via}
                for s in self.signatures
            ],
            "unsigned": list(self.unsigned), "not_enforced": [s.id for s in self.not_enforced],
            "answers": dict(self.answers), "changed_by": self.changed_by, "changed_at": self.changed_at.isoformat(),
            "published_by": self.published_by,
            "published_at": self.published_at.isoformat() if self.published_at else None,
            "settings_version": self.settings_version, "settings": dict(self.settings),
        }  # fmt: skip


def digest_of(sentences: tuple[Sentence, ...], owners: Mapping[str, str]) -> str:
    """Return what signatures are bound to."""
    return digest([[s.to_json() for s in sentences], dict(owners)])
