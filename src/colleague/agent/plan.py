"""The plan of a run: numbered steps and the one it is at (R2: «3 of 7»). A person may rewrite it; then it is theirs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from colleague.kit.errors import Invalid

MAX_STEPS, MAX_LENGTH = 20, 200
# Words of this length and more, found in what a person wrote, make it a saying of the agent's step.
TELLING = 4


class BadPlan(Invalid):
    """A plan has 1 to 20 steps of at most 200 characters, and `current` is one of them (or one more when done)."""


@dataclass(frozen=True, slots=True)
class Override:
    """What the agent did to a step of the person `by`: left out what they put in, put back what they took out."""

    text: str
    by: str
    how: Literal["left out", "put back"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in words; `current` counts from 1, len(steps)+1 means that all are done.

    `version` counts changes of the words (not of `current`), `authors` says whose each step is ("": the agent's),
    `removed` is what people took out, `seq` the run's step at which a person changed it last.
    """

    steps: tuple[str, ...] = ()
    current: int = 0
    version: int = 0
    authors: tuple[str, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    overrides: tuple[Override, ...] = ()
    seq: int = 0

    @staticmethod
    def make(steps: Sequence[str], current: int) -> "Plan":
        """Check and return a plan; BadPlan if it cannot be one."""
        clean = tuple(" ".join(s.split()) for s in steps)
        if not 1 <= len(clean) <= MAX_STEPS or any(not s or len(s) > MAX_LENGTH for s in clean):
            raise BadPlan
        if not 1 <= current <= len(clean) + 1:
            raise BadPlan
        return Plan(clean, current, authors=("",) * len(clean))

    def edited(self, steps: Sequence[str], by: str) -> "Plan":
        """Return the plan as the person `by` wants it: work goes on at the first step that was not done yet."""
        wanted = Plan.make(steps, 1).steps
        done = Counter(self.steps[: max(self.current - 1, 0)])
        current = len(wanted) + 1
        for number, step in enumerate(wanted, 1):
            if not done[step]:
                current = number
                break
            done[step] -= 1
        whose = self.whose
        gone = tuple((step, by) for step in self.steps if step not in wanted)
        removed = tuple(r for r in (*self.removed, *gone) if r[0] not in wanted)[-2 * MAX_STEPS :]
        authors = tuple(whose.get(step, by) for step in wanted)
        return replace(
            self,
            steps=wanted,
            current=current,
            version=self.version + 1,
            authors=authors,
            removed=removed,
            overrides=(),
        )

    def updated(self, steps: Sequence[str], current: int) -> "Plan":
        """Return the plan as the agent sets it. What it does to a person's steps is kept, to be shown."""
        fresh = Plan.make(steps, current)
        whose = self.whose
        missing = (Override(s, by, "left out") for s, by in whose.items() if by and s not in fresh.steps)
        back = (Override(s, by, "put back") for s, by in self.removed if s in fresh.steps)
        still = (o for o in self.overrides if (o.how == "put back") == (o.text in fresh.steps))
        return replace(
            self, steps=fresh.steps, current=current, version=self.version + (fresh.steps != self.steps),
            authors=tuple(whose.get(step, "") for step in fresh.steps),
            overrides=tuple(dict.fromkeys((*still, *missing, *back)))[-2 * MAX_STEPS :],
        )  # fmt: skip

    @property
    def whose(self) -> dict[str, str]:
        """Return the author of each step by its words."""
        return dict(zip(self.steps, self.authors, strict=False))

    @property
    def done(self) -> bool:
        """Say whether every step is done."""
        return bool(self.steps) and self.current > len(self.steps)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return {
            "steps": list(self.steps), "current": self.current, "version": self.version, "authors": list(self.authors),
            "removed": [list(r) for r in self.removed], "overrides": [asdict(o) for o in self.overrides],
            "seq": self.seq,
        }  # fmt: skip

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Plan":
        """Read what `to_json` wrote, in this release or one before."""
        steps = tuple(value.get("steps", ()))
        return Plan(
            steps, value.get("current", 0), value.get("version", 0),
            tuple(value.get("authors", ())) or ("",) * len(steps),
            tuple((text, by) for text, by in value.get("removed", ())),
            tuple(Override(**o) for o in value.get("overrides", ())), value.get("seq", 0),
        )  # fmt: skip


def told(before: Plan, after: Plan) -> str:
    """Return how the agent hears that a person has changed its plan."""
    lines = [f"{n}. {step}" for n, step in enumerate(after.steps, 1)]
    gone = [step for step in before.steps if step not in after.steps]
    out = f"\nNot any more: {'; '.join(gone)}." if gone else ""
    at = f"Go on with step {after.current}." if not after.done else "All of it is done."
    return "I changed the plan. It is now:\n" + "\n".join(lines) + out + f"\n{at}"


def own_words(before: Plan, after: Plan) -> str:
    """Return what of a change are the person's own words, for telling where values come from.

    INVARIANT: nothing that stood in a step of the agent counts, however it was reworded: whoever mends a word in a
    step has not vouched for the address in it.
    """
    theirs = " ".join(step for step, by in zip(before.steps, before.authors, strict=True) if not by).casefold()
    known = {core for core in map(_core, theirs.split()) if len(core) >= TELLING}
    lines = []
    for step in after.steps:
        if step not in before.steps:
            words = [w for w in step.split() if not _repeats(_core(w), theirs, known)]
            lines.append(" ".join(words))
    return "\n".join(line for line in lines if line)


def _core(word: str) -> str:
    return word.casefold().strip(".,;:!?«»\"'()<>[]{}")


def _repeats(core: str, text: str, known: set[str]) -> bool:
    return core in text or any(word in core for word in known)
