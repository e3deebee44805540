"""Whether a cohort may start, and why not (PP-1, PP-2, PP-3, ID-4, AD-2). Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colleague.rollout.cohorts.model import FEWEST, MOST, Candidate, Cohort


@dataclass(frozen=True, slots=True)
class Start:
    """Whether a cohort may start: `seats` counts its active members, `reasons` says what stands against it."""

    seats: int
    reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Say whether nothing stands against it."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"may_start": self.ok, "seats": self.seats, "reasons": list(self.reasons)}


def may_start(
    cohort: Cohort, members: Mapping[str, str], active: Collection[str], chosen: Sequence[Candidate] = (), *,
    sponsor: str = "", unmapped: str = "", others: Sequence[str] = (),
) -> Start:  # fmt: skip
    """Say whether `cohort` may start.

    `members`: each person's use case to begin with, "" for none. `active`: who of them holds a seat. `chosen`: the
    candidates that were chosen, looked at again: what is known of a person may have changed since. `sponsor`: the
    programme's own, whose reason alone counts (PP-3). `unmapped`: why no group maps to it. `others`: what stands
    against it elsewhere, such as use cases.
    """
    seats, reasons = len(set(members) & set(active)), []
    if cohort.state != "draft":
        reasons.append(f"It is {cohort.state} already.")
    if cohort.kind == "pilot" and not FEWEST <= seats <= MOST:
        waiting = len(members) - seats
        more = f" {waiting} more {'is' if waiting == 1 else 'are'} chosen and not active yet." if waiting else ""
        reasons.append(f"A pilot starts with {FEWEST} to {MOST} active seats, and there are {seats}.{more}")
    if cohort.kind == "rollout" and not seats:
        reasons.append("Nobody in it is active.")
    unfit = [c for c in chosen if not c.score.meets]
    if unfit:
        reasons.append(f"{len(unfit)} chosen without all three criteria: {_names(unfit)}.")
    warned = [c for c in chosen if c.warnings and not (c.sponsor_reason and sponsor and c.sponsor == sponsor)]
    if warned:
        reasons.append(f"{len(warned)} warned of, without a reason of the programme's sponsor: {_names(warned)}.")
    untied = sum(not use_case for use_case in members.values())
    if untied:
        reasons.append(
            f"{untied} of {len(members)} have no use case tied to a ritual for their first week: write one for their"
            " department or team, with the weekday and what the team makes then."
        )
    if unmapped:
        reasons.append(unmapped)
    return Start(seats, (*reasons, *others))


def _names(found: Sequence[Candidate]) -> str:
    shown = ", ".join(sorted(c.name for c in found)[:5])
    return shown if len(found) <= 5 else f"{shown} and {len(found) - 5} more"
