"""What a look at the posture gives: findings, and each check with its state. Values only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from colleague.governance.posture.checks import CHECKS, Check, Severity

State = Literal["ok", "to do", "deviation", "not applicable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure: of which check, what it is about, in words, since when, and who (an id, or words)."""

    check: str
    what: str
    words: str
    since: datetime | None = None
    by: str = ""
    state: State = "deviation"
    severity: Severity | None = None

    @property
    def key(self) -> str:
        """Return what the finding is known by from one look to the next."""
        return f"{self.check} {self.what}"[:300]

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {"check": self.check, "what": self.what, "words": self.words, "by": self.by, "state": self.state,
                "since": self.since.isoformat() if self.since else None}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One check with its state and what departs from it."""

    check: Check
    state: State
    findings: tuple[Finding, ...] = ()

    @property
    def severity(self) -> Severity:
        """Return how bad it is as it stands."""
        return max((f.severity or self.check.severity for f in self.findings), default=self.check.severity)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        c = self.check
        return {
            "id": c.id, "title": c.title, "why": c.why, "state": self.state, "severity": self.severity.name.lower(),
            "remedy": c.remedy, "findings": [f.to_json() for f in self.findings],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posture:
    """Every check, deviations first. `started`: when there was a first owner; `names`: people by id."""

    results: tuple[Result, ...]
    at: datetime
    started: datetime | None = None

    def of(self, state: State) -> list[Result]:
        """Return the checks in this state."""
        return [r for r in self.results if r.state == state]

    @property
    def critical(self) -> int:
        """Return how many critical deviations there are."""
        return sum(r.severity is Severity.CRITICAL for r in self.of("deviation"))

    @property
    def green(self) -> bool:
        """Say whether nothing departs."""
        return not self.of("deviation")

    @property
    def sentence(self) -> str:
        """Return how it stands in one sentence."""
        bad, todo = self.of("deviation"), len(self.of("to do"))
        first = "Nothing deviates" if not bad else f"{_many(len(bad), 'deviation')}, {self.critical} critical"
        return f"{first}; {_many(todo, 'step')} of the set-up still to do." if todo else f"{first}."

    def to_json(self) -> dict[str, Any]:
        """Return the posture as JSON."""
        return {"at": self.at.isoformat(), "green": self.green, "critical": self.critical, "sentence": self.sentence,
                "checks": [r.to_json() for r in self.results]}  # fmt: skip


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def results_of(findings: Iterable[Finding]) -> tuple[Result, ...]:
    """Put findings to their checks: deviations first, the worst of them first. Pure."""
    by: dict[str, list[Finding]] = {}
    for finding in findings:
        by.setdefault(finding.check, []).append(finding)
    found = [_result(check, by.get(name, [])) for name, check in CHECKS.items()]
    order = ("deviation", "to do", "ok", "not applicable")
    return tuple(sorted(found, key=lambda r: (order.index(r.state), -r.severity)))


def _result(check: Check, findings: Sequence[Finding]) -> Result:
    state: State = "ok"
    for one in ("deviation", "to do", "not applicable"):
        if any(f.state == one for f in findings):
            state = one
            break
    return Result(check, state, tuple(f for f in findings if f.state == state))
