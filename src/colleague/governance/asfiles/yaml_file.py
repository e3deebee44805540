"""Reads one YAML file as plain values, and says of each where it stands. No anchors, no tags, no depth, no size.

Anchors are refused before anything is built: a few lines of them stand for gigabytes (a «billion laughs»).
"""

from collections.abc import Iterable
from typing import Any

import yaml

from colleague.kit.errors import Invalid

LARGEST, DEEPEST, MOST_NODES = 1_000_000, 8, 100_000
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "bool", "null", "timestamp", "float", "seq", "map")}


class BadFile(Invalid):
    """{file}, line {line}: {why}."""


def bad(file: str, line: int, why: str) -> BadFile:
    """Return the refusal of a file at a line, without control characters."""
    shown = "".join(c if c.isprintable() else " " for c in f"{why}"[:300])
    return BadFile(file=file, line=line, why=shown.rstrip("."))


class Marked:
    """A file's content as plain values, with the line of every part of it."""

    def __init__(self, value: Any, lines: dict[tuple[Any, ...], int]) -> None:
        """Take the values and their lines, by the path of keys and places."""
        self.value, self._lines = value, lines

    def line(self, path: Iterable[Any]) -> int:
        """Return the line of what stands at `path`, or of the nearest thing around it."""
        way = tuple(path)
        while way and way not in self._lines:
            way = way[:-1]
        return self._lines.get(way, 1)


def read_yaml(file: str, text: str) -> Marked:
    """Return the content of a YAML file. Raises BadFile with the line of what is wrong."""
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise bad(file, 1, f"a file has at most {LARGEST:,} bytes")
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise bad(file, _at(event), "anchors and aliases (& and *) are not used here; else quote it")
            if getattr(event, "tag", None) not in (None, "!"):
                raise bad(file, _at(event), "tags (!) are not used here; else quote it")
        node = _composed(file, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise bad(file, mark.line + 1 if mark else 1, error.problem or "this is not YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise bad(file, 1, "this is not YAML") from None
    lines: dict[tuple[Any, ...], int] = {}
    value = _Build(file, lines).build(node, ()) if node is not None else None
    return Marked(value, lines)


def _at(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _composed(file: str, text: str) -> yaml.Node | None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or count > MOST_NODES:
            raise bad(file, _at(event), "this is deeper or longer than any configuration")
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


class _Build:
    """Makes plain values of nodes. A time stays the text it was: what it means is for who knows the entry."""

    def __init__(self, file: str, lines: dict[tuple[Any, ...], int]) -> None:
        self._file, self._lines, self._make = file, lines, yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, path: tuple[Any, ...]) -> Any:
        line = int(node.start_mark.line) + 1
        self._lines.setdefault(path, line)
        if node.tag not in _PLAIN:
            raise bad(self._file, line, "this kind of value is not used here; quote the text if it is one")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(one, (*path, number)) for number, one in enumerate(node.value)]
        if node.tag.endswith((":str", ":timestamp")):
            return str(node.value)
        try:
            return self._make.construct_object(node)
        except (ValueError, OverflowError):
            raise bad(self._file, line, "this number cannot be read") from None

    def _mapping(self, node: yaml.MappingNode, path: tuple[Any, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in node.value:
            line = int(name.start_mark.line) + 1
            if not isinstance(name, yaml.ScalarNode) or not name.tag.endswith(":str"):
                raise bad(self._file, line, f"a key is a word; quote «{str(getattr(name, 'value', ''))[:40]}»")
            if name.value in found:
                raise bad(self._file, line, f"«{name.value[:60]}» stands here twice")
            self._lines[(*path, name.value)] = line
            found[name.value] = self.build(value, (*path, name.value))
        return found
