"""The words of the catalogue: one entry for each skill and connector in use, and what is missing of it (PL-7). Pure."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from colleague.plugins.overlap.measure import Overlap

Kind = Literal["skill", "connector"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A skill or connector in use. `owner`: who answers for it, by id; "" for nobody, and for what ships with the
    product (`shipped`), which is reviewed with it.

    `version` is what was reviewed, and is in use only so; `expires`: when its review is over. `since`: in use from
    then on, and `phase` the phase of that day; `meant_for`: the phase from which on it may be used, `too_early` if that
    is still to come: until then each call with it is refused. `people`, `runs`, `micros`: of the last ninety days;
    `micros` is what the models of those runs cost, None where it is not known. `unused`: in use for ninety days, and
    run by nobody.
    """

    kind: Kind
    name: str
    title: str
    owner: str
    version: str
    shipped: bool = False
    reviewed_on: date | None = None
    reviewed_by: str = ""
    expires: date | None = None
    since: date | None = None
    phase: int = 1
    teams: tuple[str, ...] = ()
    people: int = 0
    runs: int = 0
    micros: int | None = None
    use_cases: tuple[str, ...] = ()
    unused: bool = False
    faults: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    meant_for: int = 1
    too_early: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        days = {
            name: (value := getattr(self, name)) and value.isoformat() for name in ("reviewed_on", "expires", "since")
        }
        return asdict(self) | days | {"overlaps": [o.to_json() for o in self.overlaps]}


def faults_of(
    *, shipped: bool, owner: str, active: bool, reviewed_on: date | None, expires: date | None, today: date
) -> tuple[str, ...]:
    """Return what is missing of an entry, in words: an owner who is here, a review, one that is not over."""
    if shipped:
        return ()
    found = []
    if not owner:
        found.append("nobody answers for it")
    elif not active:
        found.append("who answers for it is not active any more")
    if reviewed_on is None:
        found.append("nobody has reviewed it as it is now")
    elif expires is not None and expires <= today:
        found.append(f"its review was over on {expires}")
    return tuple(found)
