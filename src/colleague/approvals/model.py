"""The words of approvals. An expiry is never a denial."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from colleague.connectors.visible import marked
from colleague.policy.borrowed import Passage, parts

# What else a colleague may be on a question: who answers in the requester's place, and who beside them.
STAND_INS, SECONDS = ("approver", "driver", "deputy"), ("approver", "second", "deputy")

State = Literal["asked", "approved", "denied", "returned", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Card:
    """An approval as a person sees it: exactly what will happen, why it is asked, and what became of it."""

    id: str
    run: str
    requester: str
    requester_name: str
    approver: str
    tool: str
    title: str
    tier: str
    digest: str
    preview: dict[str, Any]
    why: dict[str, Any]
    state: State
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    answered_by: str = ""
    reason: str = ""
    also: dict[str, str] = field(default_factory=dict)

    def answerable_by(self, person: str) -> bool:
        """Say whether the card shows its buttons to `person`; the deed checks again, with their rights."""
        own, part = person == self.requester, self.also.get(person, "")
        if self.approver == "user":
            return own or part in STAND_INS
        return not own and part != "driver"

    def parts(self, where: str, text: str) -> list[tuple[str, str]]:
        """Return the value of a field, or the body, in pieces: (text, the source it was taken from, "" for none).

        Letters that cannot be seen are written out: what is approved is what is shown.
        """
        passages = [Passage(**p) for p in self.preview.get("borrowed", ()) if p["where"] == where]
        return [(marked(piece), source) for piece, source in parts(str(text), passages)]

    def seen(self, text: str) -> str:
        """Return a value with letters that cannot be seen written out."""
        return marked(text)

    @property
    def lenders(self) -> list[str]:
        """Return the sources that passages of this card were taken from."""
        return list(dict.fromkeys(p["found_in"] for p in self.preview.get("borrowed", ())))

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON for the API."""
        return {
            "id": self.id, "run": self.run, "requester": self.requester, "approver": self.approver, "tool": self.tool,
            "title": self.title, "tier": self.tier, "digest": self.digest, "preview": self.preview, "why": self.why,
            "state": self.state, "asked_at": self.asked_at, "expires_at": self.expires_at,
            "answered_at": self.answered_at, "answered_by": self.answered_by, "reason": self.reason,
        }  # fmt: skip
