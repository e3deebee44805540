"""What a reviewer should look at: grants that reach further than needed or permitted (CN-8), unused (CN-9). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from colleague.connectors.grants import LONGEST
from colleague.connectors.overview import Shown
from colleague.policy.model import Governance

UNUSED, SOON = timedelta(days=90), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `explanation` is the reason on record for the grant; without one it is unexplained."""

    grant: str
    connector: str
    holder: str
    kind: str
    words: str
    explanation: str

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {"grant": self.grant, "connector": self.connector, "holder": self.holder, "kind": self.kind,
                "words": self.words, "explanation": self.explanation, "explained": bool(self.explanation)}  # fmt: skip


def is_unused(shown: Shown, now: datetime) -> bool:
    """Say whether a grant was used by no call for more than 90 days."""
    return now - (shown.opened.used_at or shown.opened.granted_at) > UNUSED


def findings_of(grants: Iterable[Shown], governance: Governance, now: datetime) -> list[Finding]:
    """Return what is in excess of need or of policy, grant by grant."""
    return [
        Finding(s.opened.id, s.opened.grant.connector, s.holder, kind, words, s.opened.reason)
        for s in grants
        for kind, words in _of(s, governance, now)
    ]


def _of(shown: Shown, governance: Governance, now: datetime) -> Iterable[tuple[str, str]]:
    opened, grant = shown.opened, shown.opened.grant
    highest = governance.highest_input
    if shown.state == "ended":
        yield "ended", "It has ended and opens nothing. Revoke it, or give it anew."
        return
    if shown.state == "no exception":
        yield "no exception", "It opens everything without an exception, and so opens nothing."
        return
    if grant.ceiling > highest:
        yield (
            "above policy",
            (
                f"It may read up to {grant.ceiling.name.lower()}; the organisation lets nothing above "
                f"{highest.name.lower()} reach the agent."
            ),
        )
    if grant.ceiling > grant.place_class:
        there, up_to = grant.place_class.name.lower(), grant.ceiling.name.lower()
        yield "wider than needed", f"What lies there is {there}, but it may read up to {up_to}."
    if opened.everything and opened.expires_at is not None:
        days = (opened.expires_at - now).days
        yield "full access", f"It opens everything, as an exception that ends in {days} days."
    elif opened.expires_at is None and now - opened.granted_at > LONGEST:
        yield "no end", "It has no end and was not looked at for more than a year."
    if is_unused(shown, now):
        yield "unused", "No call rested on it for more than 90 days."
    if opened.expires_at is not None and opened.expires_at - now < SOON:
        yield "ends soon", f"It ends on {opened.expires_at.date().isoformat()}."


def deviations(governance: Governance) -> list[dict[str, str]]:
    """Return where the organisation's settings differ from those that ship, which are the strict ones (CT-2)."""
    shipped = Governance()
    names = ("confirm_internal", "highest_input", "highest_external", "dispatch_ceiling", "zone", "blocked_types",
             "blocked_paths")  # fmt: skip
    return [
        {"setting": n, "now": _shown(getattr(governance, n)), "shipped": _shown(getattr(shipped, n))}
        for n in names
        if getattr(governance, n) != getattr(shipped, n)
    ]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(getattr(value, "name", value)).lower()
