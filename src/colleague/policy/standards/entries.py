"""From which phase on a skill or connector may be used: «KIND:NAME=phase» (PL-7). Pure.

What names nothing here may be used from the pilot on. The rule «entry-phase» holds to it before each call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from colleague.kit.errors import Forbidden
from colleague.policy.model import Ask, Governance, Phase

KINDS: Final = ("skill", "connector")


class MeantForLater(Forbidden):
    """{what} is meant for phase {number} ({phase}) and later, and the programme is in phase {now}: the catalogue says
    so. It opens with that phase; from an earlier one on by two people who may change the rules (Catalogue)."""


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


def phase_of(governance: Governance, kind: str, name: str) -> Phase:
    """Return the phase from which on something may be used: the latest that is said of it."""
    entries = map(EntryPhase.read, governance.entry_phases)
    return max((entry.phase for entry in entries if entry.means(kind, name)), default=Phase.PILOT)


def too_early(ask: Ask, governance: Governance) -> tuple[str, ...]:
    """Return what of a call is meant for a later phase than the present one, in words; () if nothing is."""
    named = [] if ask.builtin_connector else [("connector", ask.connector)]
    named += [("skill", one) for one in sorted(ask.workflows)]
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
    """Return `entries` with what is said of exactly this one; ValueError if it cannot be said."""
    kept = [one for one in map(EntryPhase.read, entries) if (one.kind, one.name) != (kind, name.strip().casefold())]
    if phase is not Phase.PILOT:
        kept.append(EntryPhase.read(f"{kind}:{name}={phase.name}"))
    return tuple(str(one) for one in sorted(kept, key=lambda one: (one.kind, one.name)))


def earlier(before: Iterable[str], after: Iterable[str]) -> bool:
    """Say whether `after` lets anything be used earlier: what an entry said is said no more, or of an earlier phase."""
    new = {(one.kind, one.name): one.phase for one in map(EntryPhase.read, after)}
    return any(new.get((one.kind, one.name), Phase.PILOT) < one.phase for one in map(EntryPhase.read, before))
