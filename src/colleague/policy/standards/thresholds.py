"""From which size on a call away from the desk needs a second person (DI-9): «amount=1000», «class=confidential». Pure.

Whoever asked for it may approve what lies below; nobody approves their own call above.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from colleague.policy.model import Ask, DataClass, Role
from colleague.policy.numbers import read_amount

WHAT: Final[Mapping[str, str]] = {
    "amount": "a sum of money in the call",
    "records": "how many things the call names",
    "recipients": "how many would receive it",
    "class": "the class of what the task has read",
}


UNREADABLE: Final = "?"


@dataclass(frozen=True, slots=True)
class Threshold:
    """«WHAT=LIMIT»: what is above the limit (for a class: what is of it, or above) needs a second person."""

    what: str
    limit: Decimal

    @staticmethod
    def read(text: str) -> "Threshold":
        """Return the threshold that `text` says; ValueError or KeyError if it says none."""
        what, _, limit = (part.strip().lower() for part in text.partition("="))
        if what not in WHAT:
            raise ValueError(what)
        if what == "class":
            return Threshold(what, Decimal(int(DataClass[limit.upper()])))
        amount = read_amount(limit)
        if amount is None or amount < 0 or (what != "amount" and amount != int(amount)):
            raise ValueError(limit)
        return Threshold(what, amount)

    def __str__(self) -> str:
        """Return it in its one spelling."""
        shown = DataClass(int(self.limit)).name.lower() if self.what == "class" else f"{self.limit:f}"
        return f"{self.what}={shown}"


def limits_of(thresholds: Iterable[str]) -> dict[str, Decimal]:
    """Return the lowest limit of each kind."""
    limits: dict[str, Decimal] = {}
    for threshold in map(Threshold.read, thresholds):
        limits[threshold.what] = min(threshold.limit, limits.get(threshold.what, threshold.limit))
    return limits


def weaker_thresholds(before: Sequence[str], after: Sequence[str]) -> bool:
    """Say whether anything that needed a second person before does not after."""
    old, new = limits_of(before), limits_of(after)
    return any(what not in new or new[what] > limit for what, limit in old.items())


def measured(arguments: Mapping[str, Any], roles: Mapping[str, Role]) -> tuple[str, int]:
    """Return the largest amount in a call («»: none, «?»: one cannot be read), and how many things it names."""
    amounts = [read_amount(value) for value in _of(arguments, roles, Role.AMOUNT)]
    known = [abs(amount) for amount in amounts if amount is not None and amount.is_finite()]
    largest = "" if not amounts else f"{max(known):f}" if len(known) == len(amounts) else UNREADABLE
    return largest, max(len(_of(arguments, roles, role)) for role in (Role.TARGET, Role.IDENTIFIER))


def above(thresholds: Iterable[str], ask: Ask) -> tuple[str, ...]:
    """Return which thresholds a call lies above, in words. An amount that cannot be read lies above every limit."""
    found: list[str] = []
    for what, limit in limits_of(thresholds).items():
        match what:
            case "amount":
                if ask.amount == UNREADABLE or (ask.amount and Decimal(ask.amount) > limit):
                    found.append(f"an amount above {limit:,}")
            case "records":
                if ask.records > limit:
                    found.append(f"{ask.records} records")
            case "recipients":
                if len(ask.recipients) > limit:
                    found.append(f"{len(ask.recipients)} recipients")
            case _:
                if ask.label.data_class >= limit:
                    found.append(f"it rests on {ask.label.data_class.name.lower()} data")
    return tuple(found)


def _of(arguments: Mapping[str, Any], roles: Mapping[str, Role], role: Role) -> list[Any]:
    """Return every single value of a call's arguments of one role."""
    values: list[Any] = []
    for name, value in arguments.items():
        if roles.get(name, Role.CONTENT) is role:
            values += _flat(value)
    return values


def _flat(value: Any) -> list[Any]:
    match value:
        case Mapping():
            return [one for part in value.values() for one in _flat(part)]
        case list() | tuple():
            return [one for part in value for one in _flat(part)]
        case None:
            return []
        case bool():
            return [str(value)]
        case int() | float() | str():
            return [value]
        case _:
            return [str(value)]
