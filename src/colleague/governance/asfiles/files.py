"""Files and lists: reads the files of a configuration, and writes them in an order that never changes. Pure."""

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from colleague.governance.asfiles.shape import FILES, FORMAT, Entry, Lists, Rules, numbered
from colleague.governance.asfiles.yaml_file import LARGEST, BadFile, Marked, bad, read_yaml
from colleague.kit.errors import Invalid
from colleague.policy.governance import SETTINGS

MOST_ENTRIES = 10_000


class UnknownFile(Invalid):
    """«{name}» is no file of a configuration: {known}."""


class NoFiles(Invalid):
    """There is no file of a configuration here ({known})."""


def read_files(files: Mapping[str, str]) -> Lists:
    """Return the lists that stand in `files`, by name. A file that is not among them leaves its lists alone.

    Raises UnknownFile, NoFiles, and BadFile with file and line.
    """
    known = ", ".join(FILES)
    if strange := sorted(set(files) - set(FILES)):
        raise UnknownFile(name="".join(c if c.isprintable() else "?" for c in strange[0][:80]), known=known)
    if not files:
        raise NoFiles(known=known)
    lists: Lists = {}
    for file, text in files.items():
        lists |= _rules(file, text) if file == "rules.cedar" else _lists(file, text)
    return lists


def _rules(file: str, text: str) -> Lists:
    if len(text.encode("utf-8", "replace")) > LARGEST // 2 or "\x00" in text:
        raise bad(file, 1, "rules have at most 500,000 bytes of text")
    entry = Rules(text=text.strip())
    return {"rules": {entry.key: entry}}


def _lists(file: str, text: str) -> Lists:
    found = read_yaml(file, text)
    value, kinds = found.value, FILES[file]
    if not isinstance(value, dict):
        raise bad(file, 1, f"it begins with «format: {FORMAT}»")
    if value.get("format") != FORMAT or isinstance(value.get("format"), bool):
        raise bad(file, found.line(["format"]), f"only «format: {FORMAT}» can be read by this version")
    if strange := [name for name in value if name != "format" and name not in kinds]:
        raise bad(file, found.line([strange[0]]), f"«{strange[0][:60]}» is not known here: {', '.join(kinds)}")
    if missing := [name for name in kinds if name not in value]:
        raise bad(file, 1, f"«{missing[0]}» is missing; an empty list says that there is none")
    return {name: _list(file, found, name, kind) for name, kind in kinds.items()}


def _list(file: str, found: Marked, name: str, kind: type[Entry]) -> dict[str, Entry]:
    raw = found.value[name]
    if name == "settings" and isinstance(raw, dict):
        if strange := sorted(set(raw) - SETTINGS | set(raw) & {"rules"}):
            raise bad(file, found.line([name, strange[0]]), f"there is no setting «{strange[0][:60]}»")
        raw = [{"name": key, "value": value} for key, value in raw.items()]
        paths: list[tuple[Any, ...]] = [(name, one["name"]) for one in raw]
    elif isinstance(raw, list) and name != "settings" and len(raw) <= MOST_ENTRIES:
        paths = [(name, number) for number in range(len(raw))]
    else:
        raise bad(file, found.line([name]), f"«{name}» is a list of at most {MOST_ENTRIES:,} entries")
    entries: dict[str, Entry] = {}
    for one, path in zip(raw, paths, strict=True):
        try:
            entry = kind.model_validate(one)
        except ValidationError as error:
            first = error.errors()[0]
            line = found.line([*path, *first["loc"]])
            where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
            raise bad(file, line, f"{where or name}: {first['msg']}") from None
        if not all(text.replace("\n", "").replace("\t", "").isprintable() for text in _texts(entry.model_dump())):
            raise bad(file, found.line(path), "a text holds characters that cannot be stored")
        key = numbered(entries, entry) if name == "grants" else entry.key
        if key in entries:
            raise bad(file, found.line(path), f"«{entry.words}» stands here twice")
        entries[key] = entry
    return entries


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


def write_files(lists: Lists, notes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the files for these lists, whole files only; entries in the order of their keys, so that two exports of
    the same configuration are the same bytes. `notes`: a comment at the head of a file."""
    files: dict[str, str] = {}
    for file, kinds in FILES.items():
        if not set(kinds) <= set(lists):
            continue
        if file == "rules.cedar":
            text = next((str(getattr(e, "text", "")) for e in lists["rules"].values()), "")
            files[file] = f"{text}\n" if text else ""
            continue
        value: dict[str, Any] = {"format": FORMAT}
        for name in kinds:
            entries = [entry.written() for _, entry in sorted(lists[name].items())]
            value[name] = {e["name"]: e.get("value", []) for e in entries} if name == "settings" else entries
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
        head = "".join(f"# {line}\n" for line in (notes or {}).get(file, "").splitlines())
        files[file] = head + text
    return files


__all__ = ["BadFile", "NoFiles", "UnknownFile", "read_files", "write_files"]
