"""What formulas come to, so that a file shows its numbers wherever it is opened, also where nothing computes. Pure.

The office computes again when it opens the file (the workbook asks it to). What is not known here stays None.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime

from colleague.kit.documents.write.formulas import COMPUTED, Area, Node, Op, functions
from colleague.kit.documents.write.functions import FUNCTIONS, Fault, Matrix, Value, number, text_of

Cells = Mapping[tuple[int, int], "Value | Node"]
MOST_CELLS = 400_000
_EPOCH = date(1899, 12, 30)


def serial(value: date) -> float:
    """Return a day as a spreadsheet counts it: days since the end of 1899, the time as a fraction."""
    if isinstance(value, datetime):
        return (value.date() - _EPOCH).days + (value.hour * 3600 + value.minute * 60 + value.second) / 86_400
    return float((value - _EPOCH).days)


class Unknown(Exception):
    """This formula is left to the office: it uses what is not computed here."""


class Book:
    """Sheets by their names in small letters, each a map from (row, column) to a value or a formula's tree."""

    def __init__(self, sheets: Mapping[str, Cells], formulas: set[tuple[str, int, int]]) -> None:
        """Take the cells, and say which of them are formulas."""
        self._sheets, self._formulas = sheets, formulas
        self._done: dict[tuple[str, int, int], Value | None] = {}
        self._open: set[tuple[str, int, int]] = set()
        self._ends = {
            n: (max((r for r, _ in c), default=-1), max((k for _, k in c), default=-1)) for n, c in sheets.items()
        }
        self._looked_at = 0

    def value(self, sheet: str, row: int, column: int) -> Value | None:
        """Return what a cell comes to; a Fault for an error, None if it is left to the office."""
        key = (sheet, row, column)
        if key not in self._done:
            try:
                self._done[key] = self._cell(sheet, row, column)
            except Fault as fault:
                self._done[key] = fault
            except (Unknown, RecursionError):
                self._done[key] = None
        return self._done[key]

    def _cell(self, sheet: str, row: int, column: int) -> Value:
        key = (sheet, row, column)
        found = self._sheets[sheet].get((row, column), "")
        if key not in self._formulas:
            return found  # type: ignore[return-value]
        if key in self._open or len(self._open) > 150:
            raise Fault("#REF!") if key in self._open else Unknown
        if functions(found) - COMPUTED:  # type: ignore[arg-type]
            raise Unknown
        self._open.add(key)
        try:
            return self._single(self._value(found, sheet))  # type: ignore[arg-type]
        finally:
            self._open.discard(key)

    def _single(self, value: Value | Matrix) -> Value:
        if isinstance(value, list):
            if len(value) != 1 or len(value[0]) != 1:
                raise Unknown
            value = value[0][0]
        if isinstance(value, Fault):
            raise value
        if isinstance(value, float) and not math.isfinite(value):
            raise Fault("#NUM!")
        return value

    def _value(self, node: Node, sheet: str) -> Value | Matrix:
        match node:
            case Area():
                return self._area(node, sheet)
            case Op("IF", args) if 2 <= len(args) <= 3:
                if number(self._single(self._value(args[0], sheet))):
                    return self._value(args[1], sheet)
                return self._value(args[2], sheet) if len(args) == 3 else False
            case Op("IFERROR", (first, other)):
                try:
                    return self._single(self._value(first, sheet))
                except Fault:
                    return self._value(other, sheet)
            case Op(name, args):
                given = [self._value(a, sheet) for a in args]
                if name in FUNCTIONS:
                    return self._called(FUNCTIONS[name], given)
                return self._sign(name, [self._single(g) for g in given])
            case _:
                return node

    def _called(self, function: Callable[..., Value | Matrix], given: list[Value | Matrix]) -> Value | Matrix:
        try:
            return function(*given)
        except (ZeroDivisionError, OverflowError) as error:
            raise Fault("#DIV/0!" if isinstance(error, ZeroDivisionError) else "#NUM!") from None
        except TypeError:
            raise Unknown from None
        except ValueError:
            raise Fault("#VALUE!") from None

    def _area(self, area: Area, sheet: str) -> Value | Matrix:
        name = area.sheet.casefold() or sheet
        if name not in self._sheets:
            raise Fault("#REF!")
        if area.one:
            return [[self._seen(name, area.top, area.left)]]
        bottom, right = self._ends[name]
        bottom, right = min(area.bottom, max(bottom, area.top)), min(area.right, max(right, area.left))
        self._looked_at += (bottom - area.top + 1) * (right - area.left + 1)
        if self._looked_at > MOST_CELLS:
            raise Unknown
        columns = range(area.left, right + 1)
        return [[self._seen(name, r, c) for c in columns] for r in range(area.top, bottom + 1)]

    def _seen(self, sheet: str, row: int, column: int) -> Value:
        value = self.value(sheet, row, column)
        if value is None:
            raise Unknown
        return value

    def _sign(self, sign: str, given: list[Value]) -> Value:
        match sign, given:
            case "neg", [a]:
                return -number(a)
            case "%", [a]:
                return number(a) / 100
            case "&", [a, b]:
                return text_of(a) + text_of(b)
            case (("=" | "<>" | "<" | ">" | "<=" | ">="), [a, b]):
                return _compare(sign, a, b)
            case _, [a, b]:
                x, y = number(a), number(b)
            case _:
                raise Unknown
        try:
            match sign:
                case "+":
                    return x + y
                case "-":
                    return x - y
                case "*":
                    return x * y
                case "/":
                    return x / y
                case _:
                    power = x**y
                    if isinstance(power, complex):
                        raise Fault("#NUM!")
                    return float(power)
        except ZeroDivisionError:
            raise Fault("#DIV/0!") from None
        except OverflowError:
            raise Fault("#NUM!") from None


def _compare(sign: str, a: Value, b: Value) -> bool:
    def key(value: Value, other: Value) -> tuple[int, float | str]:
        if value == "" and isinstance(other, float):
            return (0, 0.0)
        if isinstance(value, bool):
            return (2, float(value))
        return (0, value) if isinstance(value, float) else (1, str(value).casefold())

    left, right = key(a, b), key(b, a)
    match sign:
        case "=":
            return left == right
        case "<>":
            return left != right
        case "<":
            return left < right
        case ">":
            return left > right
        case "<=":
            return left <= right
        case _:
            return left >= right
