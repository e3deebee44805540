"""From which phase on a skill or connector may be used: «KIND:NAME=phase» (PL-7). Pure.

What names nothing here may be used from the pilot on. The rule «entry-phase» holds to it before each call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from colleague.kit.errors import Conflict, Forbidden
from colleague.policy.model import Ask, Governance, Phase

KINDS: Final = ("skill", "connector")


class MeantForLater(Forbidden):
    """{what} is meant for phase {number} ({phase}) and later, and the programme is in phase {now}: the catalogue says
    so. It opens with that phase; from an earlier one on by two people who may change the rules (Catalogue)."""


class SaidOfAll(Conflict):
    """Every skill «{name}», whichever plugin it is of, is meant for phase {number} ({phase}) and later: say an earlier
    phase of «{name}» first."""


@dataclass(frozen=True, slots=True)
class EntryPhase:
    """One entry: nobody uses `name` (a connector's kind, or a skill's name, its plugin's before it or not) before
    `phase`."""

    kind: str
    name: str
    phase: Phase

    @staticmethod
    def read(text: str) -> "EntryPhase":
        """Read «KIND:NAME=phase». ValueError or KeyError if it is none; the pilot is every entry's and needs none."""
        thing, _, word = text.rpartition("=")
        kind, _, name = thing.strip().partition(":")
        name, phase = name.strip().removeprefix("/").casefold(), Phase[word.strip().upper()]
        if kind not in KINDS or not name or phase is Phase.PILOT:
            raise ValueError(text)
        return EntryPhase(kind, name, phase)

    def __str__(self) -> str:
        """Return the entry as it is stored."""
        return f"{self.kind}:{self.name}={self.phase.name.lower()}"

    def means(self, kind: str, name: str) -> bool:
        """Say whether the entry is of this one: a skill by its full name or by its own alone, whichever was written."""
        name = name.strip().removeprefix("/").casefold()
        if kind != self.kind or kind == "connector":
            return (kind, name) == (self.kind, self.name)
        (plugin, _, own), (of, _, other) = self.name.rpartition(":"), name.rpartition(":")
        return own == other and (not plugin or not of or plugin == of)

    def covers(self, other: "EntryPhase") -> bool:
        """Say whether all that `other` is of this one is of too: a short name covers the skills of every plugin."""
        return self.means(other.kind, other.name) and (self.name == other.name or ":" not in self.name)


def phase_of(governance: Governance, kind: str, name: str) -> Phase:
    """Return the phase from which on something may be used: the latest that is said of it."""
    entries = map(EntryPhase.read, governance.entry_phases)
    return max((entry.phase for entry in entries if entry.means(kind, name)), default=Phase.PILOT)


def too_early(ask: Ask, governance: Governance) -> tuple[str, ...]:
    """Return what of a call is meant for a later phase than the present one, in words; () if nothing is.

    Of skills it is judged what is called now: one that was called earlier in the task must not end it (`ask.called`).
    """
    named = [] if ask.builtin_connector else [("connector", ask.connector)]
    named += [("skill", one) for one in sorted(ask.called)]
    return tuple(_later(named, governance))


def _later(named: Iterable[tuple[str, str]], governance: Governance) -> Iterator[str]:
    for kind, name in named:
        phase = phase_of(governance, kind, name)
        if phase > governance.phase:
            yield f"the {kind} «{name}» from phase {int(phase)} ({phase.name.lower()}) on"


def check_entry(governance: Governance, kind: str, name: str) -> None:
    """Raise MeantForLater if something is opened or approved before its phase."""
    phase, now = phase_of(governance, kind, name), governance.phase
    if phase > now:
        raise MeantForLater(
            what=f"The {kind} «{name}»", number=int(phase), phase=phase.name.lower(), now=int(now)
        )  # fmt: skip


def with_entry(entries: Iterable[str], kind: str, name: str, phase: Phase) -> tuple[str, ...]:
    """Return `entries` with what is said of this one in place of all that was said of it; ValueError if it cannot be.

    What is said of a short name holds for the skills of every plugin: where it is later, SaidOfAll, and it stays else.
    """
    new = EntryPhase.read(f"{kind}:{name}={Phase(max(phase, Phase.EXPANSION)).name}")
    said = [one for one in map(EntryPhase.read, entries) if one.means(kind, name)]
    wider = [one for one in said if one.name != new.name and one.covers(new)]
    for one in wider:
        if one.phase > phase:
            raise SaidOfAll(name=one.name, number=int(one.phase), phase=one.phase.name.lower())
    kept = [one for one in map(EntryPhase.read, entries) if one not in said or one in wider]
    if phase is not Phase.PILOT:
        kept.append(new)
    return tuple(str(one) for one in sorted(kept, key=lambda one: (one.kind, one.name)))


def earlier(before: Iterable[str], after: Iterable[str]) -> bool:
    """Say whether `after` lets anything be used earlier: what an entry said is said no more, or of an earlier phase.

    What is said of a short name is said of the skills of every plugin.
    """
    new = [*map(EntryPhase.read, after)]
    return any(not any(n.phase >= one.phase and n.covers(one) for n in new) for one in map(EntryPhase.read, before))
