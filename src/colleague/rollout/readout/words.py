"""Numbers of the readout in words: with their interval and n, or why there is none. Pure."""

from colleague.rollout.readout.model import Cost, Figure


def number(value: float | None, unit: str, currency: str = "") -> str:
    """Return one number as it is printed."""
    if value is None:
        return "–"
    match unit:
        case "share":
            return f"{100 * value:.0f} %"
        case "hours":
            return f"{value:,.0f} h" if abs(value) >= 10 else f"{value:,.1f} h"
        case "money":
            return f"{currency} {value:,.0f}".strip()
        case "minutes":
            return f"{value:,.0f} min" if value >= 10 else f"{value:,.1f} min"
        case "ratio":
            return f"{value:.2f}"
        case _:
            return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def interval(one: Figure, currency: str = "") -> str:
    """Return the 95 % interval, "" where there is none."""
    if one.low is None or one.high is None:
        return ""
    low, high = number(one.low, one.unit, currency), number(one.high, one.unit, currency)
    for tail in (" %", " h", " min"):
        low = low.removesuffix(tail) if high.endswith(tail) else low
    return f"{low} to {high.removeprefix(f'{currency} ') if currency else high}"


def shown(one: Figure, currency: str = "") -> str:
    """Return a number with its interval and n, or why it is absent."""
    if one.value is None:
        return one.absent
    more = [text for text in (interval(one, currency), f"n {one.n:,}" if one.n is not None else "") if text]
    return number(one.value, one.unit, currency) + (f" ({'; '.join(more)})" if more else "")


def break_even(cost: Cost) -> tuple[str, str]:
    """Return from how many seats on and after how many months it pays, at the estimate and at its lower bound."""

    def seats(value: float | None) -> str:
        return "at no number of seats" if value is None else f"from {value:,.0f} seat{'s' if value != 1 else ''} on"

    def months(value: float | None) -> str:
        if value is None:
            return "not at this rate"
        return "at once, nothing was spent beforehand" if value == 0 else f"after {value:,.1f} months"

    bound = cost.net.low is not None
    return (
        seats(cost.break_even_seats) + (f"; at the lower bound {seats(cost.break_even_seats_low)}" if bound else ""),
        months(cost.break_even_months)
        + (f"; at the lower bound {months(cost.break_even_months_low)}" if bound and cost.assumptions.once else ""),
    )
