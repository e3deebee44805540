"""Rank candidates, each place with its reasons (PP-4). Pure: a person decides, the ranking only orders the list."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from colleague.rollout.cohorts.model import CRITERIA, REPETITIONS, Candidate
from colleague.usecases.model import PROFILES

# Each criterion counts more than anything beside it: nobody without all three comes before somebody who has them.
_CRITERION, _PROFILE, _COMPARABLE = 3, 2, 2
_REPEATS: Final = {"daily": 2, "weekly": 2, "monthly": 1, "rarely": 0}
HIGHEST: Final = _CRITERION * len(CRITERIA) + _PROFILE + _COMPARABLE + max(_REPEATS.values())


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with points of HIGHEST and the reasons for and against."""

    candidate: Candidate
    points: int
    reasons: tuple[str, ...]
    against: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return self.candidate.to_json() | {
            "points": self.points, "of": HIGHEST, "reasons": list(self.reasons), "against": list(self.against),
        }  # fmt: skip


def points(candidate: Candidate) -> Ranked:
    """Return one candidate with points and reasons."""
    score, reasons, against, sum_ = candidate.score, [], [], 0
    for name, words in CRITERIA.items():
        answer = score.of(name)
        if answer.holds:
            sum_ += _CRITERION
            reasons.append(f"{words}: {answer.evidence}")
        else:
            why = "not answered" if answer.yes is None else "no" if answer.yes is False else "without evidence"
            against.append(f"{words}: {f'no, {answer.evidence}' if why == 'no' and answer.evidence else why}")
    if score.profile in PROFILES:
        sum_ += _PROFILE
        reasons.append(f"Strong profile: {score.profile}")
    if gained := _REPEATS.get(score.repetition, 0):
        sum_ += gained
        reasons.append(f"Repeats {REPETITIONS[score.repetition]}")
    elif score.repetition:
        against.append("Repeats rarely: little to learn from in six weeks")
    if score.comparable.holds:
        sum_ += _COMPARABLE
        reasons.append(f"Before and after can be compared: {score.comparable.evidence}")
    elif score.comparable.yes is False:
        against.append("There is no before to compare with")
    return Ranked(candidate, sum_, tuple(reasons), (*against, *candidate.warnings))


def rank(candidates: Iterable[Candidate]) -> list[Ranked]:
    """Return candidates in the order in which they suit: who meets all three criteria first, then by points, then who
    is not warned of, then by name."""
    found = map(points, candidates)
    return sorted(
        found,
        key=lambda one: (
            not one.candidate.score.meets, -one.points, len(one.candidate.warnings), one.candidate.name.casefold(),
            one.candidate.person,
        ),
    )  # fmt: skip
