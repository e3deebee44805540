"""What the product says of a week beside what the plain SQL says, name by name."""

from collections.abc import Mapping
from typing import Any

from colleague.adoption.figures import Numbers


def told(one: Numbers) -> dict[str, Any]:
    """Return what the product says of a week, under the names that the SQL gives."""
    use, broad, old, time, done = one.frequency, one.breadth, one.tenured, one.time, one.completion
    return {
        "seats": one.people, "active": one.active, "passive": one.passive, "sessions": use and use.mean,
        "sessions_median": use and use.median, "below_two": use and use.below, "started": done and done.rate.n,
        "completed": done and round(done.rate.value * done.rate.n),
        "breadth": broad and broad.median, "three": broad and broad.three, "repeated": broad and broad.repeated,
        "diversity": broad and broad.diversity, "tenured": old and old.median, "tenured_three": old and old.three,
        "silent": time and time.silent, "cases": time and time.cases,
        "after_n": time.after if time and time.cases else None, "hours": time and time.hours,
        "reduction": time and time.reduction,
    }  # fmt: skip


def differences(row: Mapping[str, Any], one: Numbers) -> dict[str, tuple[Any, Any]]:
    """Return what differs: counts have to be the same, other numbers to a billionth.

    Of a week that is not mature, or in which nothing was started, the product tells no completion.
    """
    said = told(one)
    if one.completion is None:
        del said["started"], said["completed"]
    return {name: (row[name], value) for name, value in said.items() if differ(row[name], value)}


def differ(mine: Any, theirs: Any) -> bool:
    """Say whether two numbers differ; nothing counted is the same as none."""
    if mine is None or theirs is None:
        return mine is not theirs and (mine or theirs or 0) != 0
    return abs(float(mine) - float(theirs)) > 1e-9 * max(1.0, abs(float(theirs)))
