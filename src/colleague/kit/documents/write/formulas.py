"""Formulas that stay inside their workbook: read by a grammar that knows nothing else. Pure.

INVARIANT: what this grammar does not read is written as text. It knows no other file, no address, no program (DDE),
and of functions only those listed here, which compute from the cells of the same workbook.
"""

import re
from dataclasses import dataclass
from typing import Final

LONGEST, DEEPEST = 4_000, 40
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

# The ones that calculate.py computes …
_COMPUTED = """
ABS AND AVERAGE AVERAGEIF CHOOSE CONCATENATE COUNT COUNTA COUNTBLANK COUNTIF COUNTIFS DATE DAY DAYS EDATE EOMONTH EXP FV
HLOOKUP IF IFERROR INDEX INT ISBLANK ISNUMBER ISTEXT LARGE LEFT LEN LN LOG10 LOWER MATCH MAX MEDIAN MID MIN MOD MONTH
NOT NPER NPV OR PI PMT POWER PRODUCT PV RANK RIGHT ROUND ROUNDDOWN ROUNDUP SIGN SMALL SQRT STDEV SUM SUMIF SUMIFS
SUMPRODUCT TRIM UPPER VAR VLOOKUP YEAR
"""
# … and the ones that the office computes when the file is opened.
_LEFT = """
AVERAGEIFS CEILING COLUMN COLUMNS CONCAT CORREL DATEDIF DATEVALUE EXACT FALSE FIND FLOOR HOUR IFNA IFS INTERCEPT IRR
ISERROR LOG MAXIFS MINIFS MINUTE MROUND NETWORKDAYS NOW PERCENTILE PROPER QUARTILE QUOTIENT RATE REPT ROW ROWS SEARCH
SLOPE SUBSTITUTE SUBTOTAL SWITCH TEXT TEXTJOIN TODAY TRUE VALUE WEEKDAY WEEKNUM WORKDAY XIRR XLOOKUP XNPV
"""
COMPUTED: Final = frozenset(_COMPUTED.split())
ALLOWED: Final = COMPUTED | frozenset(_LEFT.split())

_TOKEN = re.compile(
    r"""(?P<blank>[ \n]+)|(?P<text>"(?:[^"]|"")*")
    |(?P<sheet>(?:'(?:[^'\[\]:*?/\\]|'')+'|[^\W\d]\w*)!)
    |(?P<call>[A-Za-z][A-Za-z0-9.]*)\(
    |(?P<cell>\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6})(?![\w.(!])|(?P<column>\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3})(?![\w.(!])
    |(?P<bool>TRUE|FALSE)(?![\w.(!])|(?P<number>\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,3})?)(?![\w.])
    |(?P<sign><=|>=|<>|[-+*/^&=<>%:,()])""",
    re.VERBOSE | re.IGNORECASE,
)
_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_BINDS: Final = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}


@dataclass(frozen=True, slots=True)
class Area:
    """Cells from one corner to the other, counted from 0; `sheet` is "" for the formula's own. `one`: a single cell."""

    sheet: str
    top: int
    left: int
    bottom: int
    right: int
    one: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """A function or an operator with what it is applied to. «%» and «neg» take one argument."""

    name: str
    args: "tuple[Node, ...]"


Node = Area | Op | float | str | bool


class NotOurs(ValueError):
    """This formula reaches for something that is not allowed; the message names it."""


def parse(text: str) -> Node:
    """Return the formula `text` (with its «=») as a tree; NotOurs says what cannot be used."""
    if not text.startswith("=") or len(text) > LONGEST:
        raise NotOurs("it is too long" if text.startswith("=") else "it does not begin with =")
    reader = _Reader(_tokens(text[1:]))
    node = reader.expression(0, 0)
    if reader.kind:
        raise NotOurs(f"«{reader.value}» is out of place")
    return node


def areas(node: Node) -> list[Area]:
    """Return every reference in a formula."""
    match node:
        case Area():
            return [node]
        case Op(_, args):
            return [a for arg in args for a in areas(arg)]
        case _:
            return []


def functions(node: Node) -> set[str]:
    """Return the names of all functions in a formula."""
    match node:
        case Op(name, args):
            return {name if name.isupper() else ""}.union(*map(functions, args)) - {""}
        case _:
            return set()


def column_number(letters: str) -> int:
    """Return a column's number from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Return a column's letters: 0 is A, 26 is AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotOurs(f"«{text[at : at + 12]}» is not allowed in a formula")
        at = match.end()
        if match.lastgroup != "blank":
            found.append((str(match.lastgroup), match[str(match.lastgroup)]))
    return found


class _Reader:
    """Goes over the tokens once (precedence climbing)."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def value(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else "the end"

    def _take(self) -> tuple[str, str]:
        if not self.kind:
            raise NotOurs("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def expression(self, least: int, depth: int) -> Node:
        if depth > DEEPEST:
            raise NotOurs("it is nested too deeply")
        left = self._unary(depth)
        while self.kind == "sign" and _BINDS.get(self.value, 0) > least:
            sign = self._take()[1]
            left = Op(sign, (left, self.expression(_BINDS[sign], depth + 1)))
        return left

    def _unary(self, depth: int) -> Node:
        if self.kind == "sign" and self.value in "+-":
            sign = self._take()[1]
            if depth > DEEPEST:
                raise NotOurs("it is nested too deeply")
            inner = self._unary(depth + 1)
            return Op("neg", (inner,)) if sign == "-" else inner
        node = self._primary(depth)
        while self.kind == "sign" and self.value == "%":
            self._take()
            node = Op("%", (node,))
        return node

    def _primary(self, depth: int) -> Node:
        kind, value = self._take()
        match kind:
            case "number":
                return float(value)
            case "text":
                return value[1:-1].replace('""', '"')
            case "bool":
                return value.upper() == "TRUE"
            case "call":
                return self._call(value.upper(), depth)
            case "sheet":
                sheet = value[:-1]
                sheet = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
                return self._area(*self._take(), sheet)
            case "cell" | "column":
                return self._area(kind, value, "")
            case _ if value == "(":
                node = self.expression(0, depth + 1)
                self._close()
                return node
        raise NotOurs(f"«{value}» is out of place")

    def _call(self, name: str, depth: int) -> Node:
        if name not in ALLOWED:
            raise NotOurs(f"the function {name} is not allowed")
        args: list[Node] = []
        if self.value != ")":
            args.append(self.expression(0, depth + 1))
            while self.kind == "sign" and self.value == ",":
                self._take()
                args.append(self.expression(0, depth + 1))
        self._close()
        return Op(name, tuple(args))

    def _close(self) -> None:
        if self._take()[1] != ")":
            raise NotOurs("a bracket is not closed")

    def _area(self, kind: str, value: str, sheet: str) -> Area:
        if kind == "column":
            left, right = sorted(column_number(c.strip("$")) for c in value.split(":"))
            return _inside(Area(sheet, 0, left, LAST_ROW - 1, right))
        if kind != "cell":
            raise NotOurs(f"«{value}» is out of place")
        row, column = _corner(value)
        if self.kind == "sign" and self.value == ":":
            self._take()
            kind, value = self._take()
            if kind != "cell":
                raise NotOurs(f"«{value}» is out of place")
            to_row, to_column = _corner(value)
            rows, columns = sorted((row, to_row)), sorted((column, to_column))
            return _inside(Area(sheet, rows[0], columns[0], rows[1], columns[1]))
        return _inside(Area(sheet, row, column, row, column, one=True))


def _corner(text: str) -> tuple[int, int]:
    match = _CELL.fullmatch(text)
    assert match
    return int(match[2]) - 1, column_number(match[1])


def _inside(area: Area) -> Area:
    if area.bottom >= LAST_ROW or area.right >= LAST_COLUMN:
        raise NotOurs("it names a cell that no sheet has")
    return area
