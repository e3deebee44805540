"""The names of WordprocessingML (ISO/IEC 29500-1) that proposing needs, and how its elements are made."""

from typing import Any, Final

from lxml import etree

_NS: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W: Final = f"{{{_NS}}}"
SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
GONE: Final = frozenset({f"{W}del", f"{W}moveFrom"})
NEW: Final = frozenset({f"{W}ins", f"{W}moveTo"})


def element(name: str, **attributes: str) -> Any:
    """Return a new w: element with w: attributes."""
    made = etree.Element(f"{W}{name}", nsmap={"w": _NS})
    for key, value in attributes.items():
        made.set(f"{W}{key}", value)
    return made


def text_element(text: str, name: str = "t") -> Any:
    """Return a w:t (or w:delText) that keeps its blanks."""
    made = element(name)
    made.text = text
    made.set(SPACE, "preserve")
    return made
