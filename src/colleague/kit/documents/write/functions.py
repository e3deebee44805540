"""The functions of formulas, as spreadsheets define them (ISO/IEC 29500-1, 18.17.7). Pure."""

import math
import statistics
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Final


class Fault(Exception):
    """An error value such as #DIV/0!; it is a value like any other until somebody computes with it."""

    def __init__(self, code: str) -> None:
        """Take the error's name."""
        super().__init__(code)
        self.code = code


Value = float | str | bool | Fault
Matrix = list[list[Value]]
_EPOCH = date(1899, 12, 30)


def number(value: Value) -> float:
    """Return a value as a number, as an operator sees it; Fault for text."""
    match value:
        case Fault():
            raise value
        case bool() | float():
            return float(value)
        case "":
            return 0.0
        case _:
            try:
                return float(str(value))
            except ValueError:
                raise Fault("#VALUE!") from None


def text_of(value: Value) -> str:
    """Return a value as text."""
    match value:
        case Fault():
            raise value
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
        case _:
            return str(value)


def _one(given: Value | Matrix) -> Value:
    if isinstance(given, list):
        if len(given) != 1 or len(given[0]) != 1:
            raise TypeError
        given = given[0][0]
    if isinstance(given, Fault):
        raise given
    return given


def _n(given: Value | Matrix) -> float:
    return number(_one(given))


def _flat(*given: Value | Matrix) -> Iterator[tuple[Value, bool]]:
    """Yield each value, and whether it came from a cell (where text and blanks do not count)."""
    for each in given:
        if isinstance(each, list):
            yield from ((v, True) for row in each for v in row)
        else:
            yield each, False


def _numbers(*given: Value | Matrix) -> list[float]:
    found = []
    for value, cell in _flat(*given):
        if isinstance(value, Fault):
            raise value
        if isinstance(value, float) and not isinstance(value, bool):
            found.append(value)
        elif not cell:
            found.append(number(value))
    return found


def _round(how: str) -> Callable[..., float]:
    def rounded(value: Value | Matrix, places: Value | Matrix = 0.0) -> float:
        at = int(_n(places))
        if abs(at) > 15:
            raise Fault("#NUM!")
        # The shortest decimal that is this number, as a person sees it: 1.005 is a tie, its binary form is not.
        return float(Decimal(repr(_n(value))).quantize(Decimal(1).scaleb(-at), how))

    return rounded


def _criterion(given: Value | Matrix) -> Callable[[Value], bool]:
    want = _one(given)
    sign, rest = "=", want
    if isinstance(want, str):
        sign = next((s for s in ("<=", ">=", "<>", "<", ">", "=") if want.startswith(s)), "")
        rest = want[len(sign) :]
        if "*" in rest or "?" in rest or "~" in rest:
            raise TypeError  # Wildcards are left to the office.
        sign = sign or "="
        with suppress(ValueError):
            rest = float(rest)

    def fits(value: Value) -> bool:
        if isinstance(rest, float) and not isinstance(rest, bool):
            if not isinstance(value, float) or isinstance(value, bool):
                return sign == "<>"
            compared = (value > rest) - (value < rest)
        else:
            same = str(value).casefold() == str(rest).casefold() and isinstance(value, str)
            if sign not in ("=", "<>"):
                raise TypeError
            compared = 0 if same else 1
        return {"=": compared == 0, "<>": compared != 0, "<": compared < 0, ">": compared > 0,
                "<=": compared <= 0, ">=": compared >= 0}[sign]  # fmt: skip

    return fits


def _chosen(pairs: tuple[Value | Matrix, ...]) -> list[bool]:
    kept: list[bool] = []
    for cells, want in zip(pairs[::2], pairs[1::2], strict=True):
        fits = _criterion(want)
        here = [fits(v) for v, _ in _flat(cells)]
        if kept and len(kept) != len(here):
            raise ValueError
        kept = [a and b for a, b in zip(kept, here, strict=True)] if kept else here
    return kept


def _sum_ifs(total: Value | Matrix, *pairs: Value | Matrix) -> float:
    values = [v for v, _ in _flat(total)]
    kept = _chosen(pairs)
    if len(kept) != len(values):
        raise TypeError
    return math.fsum(_numbers([[v for v, k in zip(values, kept, strict=True) if k]]))


def _average_if(cells: Value | Matrix, want: Value | Matrix, mean: Value | Matrix | None = None) -> float:
    values = [v for v, _ in _flat(cells if mean is None else mean)]
    kept = _numbers([[v for v, k in zip(values, _chosen((cells, want)), strict=True) if k]])
    return math.fsum(kept) / len(kept)


def _lookup(want: Value, line: list[Value], *, exact: bool) -> int:
    best = -1
    for at, value in enumerate(line):
        same = type(value) is type(want)
        key = value.casefold() if isinstance(value, str) else value
        goal = want.casefold() if isinstance(want, str) else want
        if same and key == goal:
            if exact:
                return at
            best = at
        elif same and not exact and key < goal:  # type: ignore[operator]
            best = at
    if best < 0:
        raise Fault("#N/A")
    return best


def _vlookup(want: Value | Matrix, table: Matrix, at: Value | Matrix, near: Value | Matrix = True) -> Value:
    row = _lookup(_one(want), [r[0] for r in table], exact=not _n(near))
    column = int(_n(at))
    if not 1 <= column <= len(table[0]):
        raise Fault("#REF!")
    return table[row][column - 1]


def _hlookup(want: Value | Matrix, table: Matrix, at: Value | Matrix, near: Value | Matrix = True) -> Value:
    return _vlookup(want, [list(c) for c in zip(*table, strict=True)], at, near)


def _match(want: Value | Matrix, line: Matrix, how: Value | Matrix = 1.0) -> float:
    kind = _n(how)
    if kind < 0:
        raise TypeError
    return float(_lookup(_one(want), [v for v, _ in _flat(line)], exact=kind == 0) + 1)


def _index(table: Matrix, row: Value | Matrix, column: Value | Matrix | None = None) -> Value:
    r, c = int(_n(row)), int(_n(column)) if column is not None else 1
    if column is None and len(table) == 1:
        r, c = 1, r
    if r == 0 or c == 0:
        raise TypeError
    if not (1 <= r <= len(table) and 1 <= c <= len(table[0])):
        raise Fault("#REF!")
    return table[r - 1][c - 1]


def _product_sum(*tables: Value | Matrix) -> float:
    lists = [[v if isinstance(v, float) else _bare(v) for v, _ in _flat(t)] for t in tables]
    return math.fsum(math.prod(row) for row in zip(*lists, strict=True))


def _bare(value: Value) -> float:
    if isinstance(value, Fault):
        raise value
    return 0.0


def _day(given: Value | Matrix) -> date:
    return _EPOCH + timedelta(days=math.floor(_n(given)))


def _serial(day: date) -> float:
    return float((day - _EPOCH).days)


def _month(given: Value | Matrix, months: Value | Matrix, *, end: bool) -> float:
    start = _day(given)
    year, month = divmod(start.year * 12 + start.month - 1 + int(_n(months)), 12)
    last = monthrange(year, month + 1)[1]
    return _serial(date(year, month + 1, last if end else min(start.day, last)))


def _date(year: Value | Matrix, month: Value | Matrix, day: Value | Matrix) -> float:
    years, months = divmod(int(_n(year)) * 12 + int(_n(month)) - 1, 12)
    return _serial(date(years, months + 1, 1)) + int(_n(day)) - 1


def _annuity(rate: float, periods: float, when: float) -> tuple[float, float]:
    """Return (growth, what one payment a period comes to), for PMT, PV and FV (ISO/IEC 29500-1, 18.17.7.249)."""
    if rate == 0:
        return 1.0, periods
    growth = (1 + rate) ** periods
    return growth, (1 + rate * when) * (growth - 1) / rate


def _pmt(*given: Value | Matrix) -> float:
    rate, periods, now, later, when = _five(given)
    growth, each = _annuity(rate, periods, when)
    return -(now * growth + later) / each


def _pv(*given: Value | Matrix) -> float:
    rate, periods, pay, later, when = _five(given)
    growth, each = _annuity(rate, periods, when)
    return -(later + pay * each) / growth


def _fv(*given: Value | Matrix) -> float:
    rate, periods, pay, now, when = _five(given)
    growth, each = _annuity(rate, periods, when)
    return -(now * growth + pay * each)


def _nper(*given: Value | Matrix) -> float:
    rate, pay, now, later, when = _five(given)
    if rate == 0:
        return -(now + later) / pay
    pay = pay * (1 + rate * when)
    return math.log((pay - later * rate) / (pay + now * rate)) / math.log(1 + rate)


def _five(given: tuple[Value | Matrix, ...]) -> tuple[float, float, float, float, float]:
    if not 3 <= len(given) <= 5:
        raise TypeError
    a, b, c, d, e = [_n(g) for g in given] + [0.0] * (5 - len(given))
    return a, b, c, d, 1.0 if e else 0.0


def _npv(rate: Value | Matrix, *flows: Value | Matrix) -> float:
    return math.fsum(v / (1 + _n(rate)) ** at for at, v in enumerate(_numbers(*flows), 1))


def _rank(value: Value | Matrix, line: Matrix, order: Value | Matrix = 0.0) -> float:
    mine, all_ = _n(value), _numbers(line)
    if mine not in all_:
        raise Fault("#N/A")
    return 1.0 + sum(v < mine if _n(order) else v > mine for v in all_)


def _nth(line: Matrix, at: Value | Matrix, *, largest: bool) -> float:
    values, n = sorted(_numbers(line), reverse=largest), int(_n(at))
    if not 1 <= n <= len(values):
        raise Fault("#NUM!")
    return values[n - 1]


def _logic(kind: Callable[[list[bool]], bool]) -> Callable[..., bool]:
    def decided(*given: Value | Matrix) -> bool:
        return kind([bool(number(v)) for v, cell in _flat(*given) if not (cell and isinstance(v, str))])

    return decided


def _left(text: Value | Matrix, count: Value | Matrix = 1.0) -> str:
    return text_of(_one(text))[: int(_n(count))]


def _right(text: Value | Matrix, count: Value | Matrix = 1.0) -> str:
    whole, n = text_of(_one(text)), int(_n(count))
    return whole[-n:] if n else ""


def _mid(text: Value | Matrix, start: Value | Matrix, count: Value | Matrix) -> str:
    at = int(_n(start)) - 1
    return text_of(_one(text))[at : at + int(_n(count))]


def _choose(at: Value | Matrix, *options: Value | Matrix) -> Value | Matrix:
    n = int(_n(at))
    if not 1 <= n <= len(options):
        raise Fault("#VALUE!")
    return options[n - 1]


def _mod(a: Value | Matrix, b: Value | Matrix) -> float:
    return _n(a) - _n(b) * math.floor(_n(a) / _n(b))


def _root(value: Value | Matrix) -> float:
    if _n(value) < 0:
        raise Fault("#NUM!")
    return math.sqrt(_n(value))


def _spread(kind: Callable[[list[float]], float]) -> Callable[..., float]:
    def spread(*given: Value | Matrix) -> float:
        values = _numbers(*given)
        if len(values) < 2:
            raise Fault("#DIV/0!")
        return kind(values)

    return spread


FUNCTIONS: Final[dict[str, Callable[..., Value | Matrix]]] = {
    "SUM": lambda *g: math.fsum(_numbers(*g)), "PRODUCT": lambda *g: float(math.prod(_numbers(*g))),
    "AVERAGE": lambda *g: math.fsum(_numbers(*g)) / len(_numbers(*g)),
    "MIN": lambda *g: min(_numbers(*g), default=0.0), "MAX": lambda *g: max(_numbers(*g), default=0.0),
    "COUNT": lambda *g: float(sum(isinstance(v, float) for v, _ in _flat(*g))),
    "COUNTA": lambda *g: float(sum(v != "" for v, _ in _flat(*g))),
    "COUNTBLANK": lambda g: float(sum(v == "" for v, _ in _flat(g))),
    "MEDIAN": _spread(statistics.median), "STDEV": _spread(statistics.stdev), "VAR": _spread(statistics.variance),
    "ABS": lambda g: abs(_n(g)), "SIGN": lambda g: float((_n(g) > 0) - (_n(g) < 0)), "EXP": lambda g: math.exp(_n(g)),
    "INT": lambda g: float(math.floor(_n(g))), "LN": lambda g: math.log(_n(g)), "LOG10": lambda g: math.log10(_n(g)),
    "MOD": _mod, "PI": lambda: math.pi, "POWER": lambda a, b: _n(a) ** _n(b), "SQRT": _root,
    "ROUND": _round(ROUND_HALF_UP), "ROUNDUP": _round(ROUND_UP), "ROUNDDOWN": _round(ROUND_DOWN),
    "AND": _logic(all), "OR": _logic(any), "NOT": lambda g: not _n(g),
    "ISNUMBER": lambda g: isinstance(_one(g), float), "ISTEXT": lambda g: isinstance(_one(g), str) and _one(g) != "",
    "ISBLANK": lambda g: _one(g) == "",
    "COUNTIF": lambda c, w: float(sum(_chosen((c, w)))), "COUNTIFS": lambda *g: float(sum(_chosen(g))),
    "SUMIF": lambda c, w, t=None: _sum_ifs(c if t is None else t, c, w), "SUMIFS": _sum_ifs, "AVERAGEIF": _average_if,
    "SUMPRODUCT": _product_sum, "VLOOKUP": _vlookup, "HLOOKUP": _hlookup, "MATCH": _match, "INDEX": _index,
    "CHOOSE": _choose, "LARGE": lambda g, n: _nth(g, n, largest=True), "SMALL": lambda g, n: _nth(g, n, largest=False),
    "RANK": _rank, "CONCATENATE": lambda *g: "".join(text_of(_one(v)) for v in g),
    "LEFT": _left, "RIGHT": _right, "MID": _mid, "LEN": lambda g: float(len(text_of(_one(g)))),
    "TRIM": lambda g: " ".join(text_of(_one(g)).split()), "UPPER": lambda g: text_of(_one(g)).upper(),
    "LOWER": lambda g: text_of(_one(g)).lower(),
    "DATE": _date, "YEAR": lambda g: float(_day(g).year), "MONTH": lambda g: float(_day(g).month),
    "DAY": lambda g: float(_day(g).day), "DAYS": lambda a, b: float((_day(a) - _day(b)).days),
    "EDATE": lambda d, m: _month(d, m, end=False), "EOMONTH": lambda d, m: _month(d, m, end=True),
    "PMT": _pmt, "PV": _pv, "FV": _fv, "NPER": _nper, "NPV": _npv,
}  # fmt: skip
