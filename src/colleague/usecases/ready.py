"""Whether the use cases are what a pilot starts with: three to five, approved, each still standing (PP-5, R83)."""

from dataclasses import dataclass
from typing import Any

from colleague.kit.db import Session
from colleague.usecases.around import Reach, here
from colleague.usecases.lint import is_kept, standing
from colleague.usecases.model import FEWEST, MOST, WRONG_CASE_WEEKS, UseCase
from colleague.usecases.sample import baseline
from colleague.usecases.store import list_use_cases, observations_of


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether a pilot may start as far as use cases go, with the `reasons` against it.

    `unmeasured`: baselines that are not measured enough yet; they keep a use case from going live, not from counting.
    `measured`: names of those that are; `new`: of new capabilities, with why there is no before.
    `weeks_added`: six if a flagged use case is kept, whatever their number: they run side by side (PP-10).
    """

    approved: tuple[UseCase, ...]
    reasons: tuple[str, ...]
    unmeasured: tuple[str, ...]
    kept: tuple[str, ...]
    weeks_added: int
    measured: tuple[str, ...] = ()
    new: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether nothing speaks against it."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "ready": self.ok, "approved": [one.id for one in self.approved], "fewest": FEWEST, "most": MOST,
            "reasons": list(self.reasons), "unmeasured": list(self.unmeasured), "kept": list(self.kept),
            "weeks_added": self.weeks_added, "measured": list(self.measured),
            "new_capabilities": [{"name": name, "why": why} for name, why in self.new],
        }  # fmt: skip


async def ready(session: Session, *, reach: Reach) -> Ready:
    """Say whether a pilot may start with the use cases that are approved or live, and why not."""
    found = tuple(await list_use_cases(session, states=("approved", "live")))
    organisation = await here(session, [one.card for one in found], reach=reach)
    times = await observations_of(session, *(one.id for one in found))
    reasons, unmeasured, kept, measured, new = [], [], [], [], []
    if len(found) < FEWEST:
        reasons.append(
            f"A pilot starts with {FEWEST} to {MOST} approved use cases, and there are {len(found)}: approve more."
        )
    if len(found) > MOST:
        reasons.append(
            f"A pilot starts with {FEWEST} to {MOST} approved use cases, and there are {len(found)}: retire some."
        )
    for one in found:
        findings = organisation.lint(one.card)
        reasons += [f"«{one.card.name}»: {f.why} {f.instead}" for f in standing(one.card, findings)]
        if is_kept(one.card, findings):
            kept.append(one.card.name)
        if one.new_capability:
            new.append((one.card.name, one.new_capability))
        elif short := baseline(times[one.id]).short:
            unmeasured.append(f"«{one.card.name}»: {short}.")
        else:
            measured.append(one.card.name)
    return Ready(
        found, tuple(reasons), tuple(unmeasured), tuple(kept), WRONG_CASE_WEEKS if kept else 0, tuple(measured),
        tuple(new),
    )  # fmt: skip
