"""What all office packages share: sensitivity labels, macros, parts that nobody reads. Never raises for odd parts."""

import re
import zipfile
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from colleague.kit.documents.model import Block, Chart, ChartKind

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_KINDS: Final[dict[str, ChartKind]] = {
    "pieChart": "pie", "doughnutChart": "pie", "lineChart": "line", "areaChart": "line", "scatterChart": "line",
    "barChart": "bar",
}  # fmt: skip
MOST_SERIES, MOST_POINTS = 30, 1_000
_LABEL = re.compile(rb"<(?:\w+:)?label\b[^>]*>")
_ID = re.compile(rb"""\bid\s*=\s*["']\{?([0-9a-fA-F-]{36})""")
_OFF = re.compile(rb"""\b(?:removed\s*=\s*["'](?:1|true)|enabled\s*=\s*["'](?:0|false))""", re.IGNORECASE)
_MSIP = re.compile(
    rb"""name\s*=\s*["']MSIP_Label_([0-9a-fA-F-]{36})_Enabled["'][^>]*>\s*<(?:\w+:)?\w+>\s*(\w+)""", re.IGNORECASE
)


class Package:
    """An office file as a zip of parts."""

    def __init__(self, content: bytes) -> None:
        """Open it; BadZipFile if it is none."""
        self._zip = zipfile.ZipFile(BytesIO(content))
        self.names = self._zip.namelist()

    def part(self, name: str) -> bytes:
        """Return a part, b"" if there is none."""
        return self._zip.read(name) if name in self.names else b""

    def xml(self, name: str) -> Element | None:
        """Return a part as XML; None if it is not there, is no XML, or declares entities."""
        raw = self.part(name)
        try:
            return fromstring(raw) if raw else None
        except (ParseError, DefusedXmlException, ValueError):
            return None

    def labels(self) -> str:
        """Return the GUIDs of the sensitivity labels that are on, with blanks between.

        LabelInfo.xml first, then the custom properties MSIP_Label_<GUID>_Enabled (Microsoft Purview's two places).
        """
        found = [
            match[1].decode().lower()
            for label in _LABEL.findall(self.part("docMetadata/LabelInfo.xml"))
            if not _OFF.search(label) and (match := _ID.search(label))
        ]
        for guid, on in _MSIP.findall(self.part("docProps/custom.xml")):
            if on.lower() in (b"true", b"1"):
                found.append(guid.decode().lower())
        return " ".join(dict.fromkeys(found))

    def warnings(self) -> list[str]:
        """Return what the file holds beyond what is read."""
        said = []
        if any(n.lower().endswith("vbaproject.bin") for n in self.names):
            said.append("The file holds macros. They were not run and not read.")
        inside = sum("/embeddings/" in n for n in self.names)
        if inside:
            said.append(f"{inside} embedded files were not read.")
        return said


def chart_block(tree: Element, where: str) -> Block:
    """Return a chart as its title, kind and the data that the file keeps of it (a table, its header first)."""
    found = next((tag for tag in _KINDS if next(tree.iter(f"{_C}{tag}"), None) is not None), "barChart")
    headers, columns, names = [], [], [""]
    for series in list(tree.iter(f"{_C}ser"))[:MOST_SERIES]:
        headers.append(" ".join(v.text or "" for t in series.iter(f"{_C}tx") for v in t.iter(f"{_C}v")))
        points = _points(series, "val")
        columns.append(points)
        names = _points(series, "cat") or names
    title = next(tree.iter(f"{_C}title"), None)
    size = max(map(len, columns), default=0)
    rows = [tuple(c[n] if n < len(c) else "" for c in (names, *columns)) for n in range(size)]
    text = "" if title is None else text_of(title, f"{_A}t")
    return Block("chart", text, where=where, rows=(("", *headers), *rows) if rows else (), chart=Chart(_KINDS[found]))


def _points(series: Element, kind: str) -> list[str]:
    values: dict[int, str] = {}
    for point in (p for part in series.iter(f"{_C}{kind}") for p in part.iter(f"{_C}pt")):
        at = point.get("idx") or ""
        if at.isdecimal() and int(at) < MOST_POINTS:
            values[int(at)] = "".join(v.text or "" for v in point.iter(f"{_C}v")).removesuffix(".0")
    return [values.get(n, "") for n in range(max(values, default=-1) + 1)]


def text_of(element: Element, tag: str) -> str:
    """Return the texts of all `tag` below an element, joined, blanks folded."""
    return " ".join("".join(t.text or "" for t in element.iter(tag)).split())
