"""Read SKILL.md, command files and plugin.json as they are found: a named notice for each fault, never a crash. Pure.

Rules: /docs/guide/skills.md. YAML is read without types: every value is a text, a list or a map of texts.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import yaml

from colleague.connectors.mcp.words import plain
from colleague.plugins.model import Manifest, Notice, Skill

HEAD_LIMIT, BODY_LIMIT, DESCRIPTION_LIMIT = 64_000, 400_000, 1024
_FENCE = re.compile(r"\A---[ \t]*\n(.*?)(?:^(?:---|\.\.\.)[ \t]*$\n?)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z][\w -]{0,40}?)[ \t]*:(?:[ \t]+(.*)|[ \t]*)$")
_H1 = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_SAID = re.compile(r"^\**(?:description)\**[ \t]*:\**[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_YES, _NO = frozenset(["yes", "true", "on", "1", "y"]), frozenset(["no", "false", "off", "0", "n"])
_TEXTS: Final = {"name": "name", "displayName": "title", "version": "version", "description": "description",
                 "license": "licence"}  # fmt: skip


class _Plain(yaml.BaseLoader):
    """YAML without types, tags or aliases: an alias could unfold into more than any memory holds."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def clean_text(raw: bytes) -> str:
    """Return a file's text: UTF-8 (with or without mark), unix lines, no NUL."""
    return raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def slug(text: str) -> str:
    """Return `text` as a name: lower-case letters, digits and single hyphens, at most 64; "" if nothing is left."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:64].strip("-")


def front_matter(text: str, where: str = "") -> tuple[dict[str, Any], str, list[Notice]]:
    """Cut `text` into front matter and body. Broken YAML is read line by line; both with a notice."""
    found = _FENCE.match(text.lstrip("\n"))
    if not found:
        return {}, text, [Notice("no-front-matter", "It has no front matter.", where, "Begin with --- and a name.")]
    head, body = found[1], text.lstrip("\n")[found.end() :]
    if len(head) > HEAD_LIMIT:
        return {}, body, [Notice("front-matter-too-long", "Its front matter is longer than 64,000 characters.", where)]
    try:
        loader = _Plain(head)
        try:
            values = loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, ValueError):
        fix = "Put values with a colon or a quotation mark into quotation marks."
        told = Notice("bad-yaml", "Its front matter is no valid YAML: it was read line by line.", where, fix)
        return _by_line(head), body, [told]
    if values in (None, ""):
        return {}, body, []
    if not isinstance(values, dict):
        return _by_line(head), body, [Notice("bad-yaml", "Its front matter is no list of names with values.", where)]
    return {str(k).strip(): v for k, v in values.items() if isinstance(k, str)}, body, []


def _by_line(head: str) -> dict[str, Any]:
    """Return `key: value` lines as they stand; indented lines belong to the value before them."""
    values: dict[str, Any] = {}
    last = ""
    for line in head.splitlines():
        found = _LINE.match(line)
        if found and not line[:1].isspace():
            last = found[1].strip()
            value = (found[2] or "").strip()
            values[last] = "" if value in (">", "|", ">-", "|-") else value.strip("\"'")
        elif last and line.strip() and not line.lstrip().startswith("#"):
            values[last] = f"{values[last]} {line.strip().removeprefix('- ')}".strip()
    return values


def words_of(value: Any) -> tuple[str, ...]:
    """Return a list of names from a list, or from a text with commas or blanks (not inside brackets)."""
    if isinstance(value, list):
        return tuple(dict.fromkeys(w for item in value[:500] for w in words_of(item) if isinstance(item, str)))
    if not isinstance(value, str):
        return ()
    parts: list[str] = [""]
    depth = 0
    for char in value[:20_000]:
        depth = max(0, depth + (char == "(") - (char == ")"))
        if depth == 0 and (char == "," or char.isspace()):
            parts.append("")
        else:
            parts[-1] += char
    return tuple(dict.fromkeys(p.strip("[]\"'") for p in parts if p.strip("[]\"'")))


def truth(value: Any, default: bool) -> bool:
    """Return a boolean written in any of the ways that are found; `default` for anything else."""
    word = str(value).strip().casefold()
    return True if word in _YES else False if word in _NO else default


def text_of(value: Any, limit: int = 2000) -> str:
    """Return a value as one line of visible text; a list as its parts."""
    if isinstance(value, list):
        value = " ".join(f"[{item}]" for item in value[:50] if isinstance(item, str))
    return " ".join(plain(value, limit).split()) if isinstance(value, str) else ""


def parse_skill(text: str, path: str, *, kind: str = "skill", home: str = "") -> tuple[Skill, list[Notice]]:
    """Read one SKILL.md or command file at `path`; `home` is the folder's name, or the command's.

    Never raises. What is missing is taken from the title, the first paragraph, or the folder.
    """
    values, body, notices = front_matter(text, path)
    if len(body) > BODY_LIMIT:
        body = body[:BODY_LIMIT]
        notices.append(Notice("body-too-long", "Its text is longer than 400,000 characters: the end is cut.", path))
    title = text_of(_H1.search(body)[1], 200) if _H1.search(body) else ""  # type: ignore[index]
    name, told = _name_of(values.get("name"), home, title, path, kind)
    description, more = _description_of(values, body, title, path)
    notices += told + more
    if body.count("\n") > 500:
        notices.append(Notice("long-body", "Its text has more than 500 lines: move details to files.", path))
    allowed = values.get("allowed-tools", values.get("allowed_tools", values.get("tools")))
    hint = text_of(values.get("argument-hint"), 200)
    return Skill(
        name=name, description=description, body=body.strip("\n"), path=path, kind=kind, title=title or name,
        hint=hint, arguments=tuple(w for w in words_of(values.get("arguments")) if w.isidentifier())[:20],
        allowed=None if allowed is None or allowed == "" else words_of(allowed)[:200],
        denied=words_of(values.get("disallowed-tools", values.get("disallowed_tools")))[:200],
        by_model=not truth(values.get("disable-model-invocation"), False),
        by_person=truth(values.get("user-invocable"), True), licence=text_of(values.get("license"), 200),
        category=_category_of(values.get("metadata")),
    ), notices  # fmt: skip


def _category_of(metadata: Any) -> str:
    """Return the output category that «metadata» names: the open format leaves that map to programs."""
    return text_of(metadata.get("category"), 40) if isinstance(metadata, dict) else ""


def _name_of(given: Any, home: str, title: str, path: str, kind: str) -> tuple[str, list[Notice]]:
    if kind == "command":
        # Its name is that of its file; sub-folders are name spaces.
        return ":".join(slug(part) or "command" for part in home.split("/"))[:128], []
    written = text_of(given, 300)
    name = slug(written) or slug(home) or slug(title) or "skill"
    notices = []
    if not written:
        notices.append(Notice("no-name", f"It has no name: it is called «{name}».", path, f"name: {name}"))
    elif written != name:
        fix = f"name: {name}"
        told = f"Its name «{written[:80]}» has characters that a name cannot have: it is called «{name}»."
        notices.append(Notice("odd-name", told, path, fix))
    if home and slug(home) != name:
        told = f"Its folder is called «{home[:80]}», it calls itself «{name}»: the latter stands."
        notices.append(Notice("name-not-folder", told, path, f"Rename the folder to {name}."))
    return name, notices


def _description_of(values: Mapping[str, Any], body: str, title: str, path: str) -> tuple[str, list[Notice]]:
    notices = []
    text = text_of(values.get("description"), 20_000)
    if not text:
        said = _SAID.search(body)
        text = text_of(said[1], 20_000) if said else ""
        if not text:
            paragraph = next((p for p in body.split("\n\n") if p.strip() and not p.lstrip().startswith("#")), "")
            text = text_of(paragraph, 400) or title
        told = "It has no description in its front matter: the model cannot know when to use it."
        notices.append(Notice("no-description", told, path, f"description: {text[:200]}"))
    when = text_of(values.get("when_to_use"), 20_000)
    if when and when not in text:
        text = f"{text} {when}"
    if len(text) > DESCRIPTION_LIMIT:
        told = f"Its description has {len(text):,} characters; the end after 1,024 is cut."
        notices.append(Notice("long-description", told, path, "Say in 1,024 characters what it does and when."))
        text = text[: DESCRIPTION_LIMIT - 1] + "…"
    return text, notices


def parse_manifest(text: str, where: str) -> tuple[Manifest, list[Notice]]:
    """Read plugin.json. Unknown fields are ignored, a wrong type is named and its field left out. Never raises."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return Manifest(), [Notice("bad-json", "plugin.json is no valid JSON: it was left out.", where)]
    if not isinstance(given, dict):
        return Manifest(), [Notice("bad-json", "plugin.json is no object: it was left out.", where)]
    notices: list[Notice] = []

    def wrong(field: str, wanted: str) -> None:
        notices.append(Notice("wrong-type", f"plugin.json: «{field}» must be {wanted}; it was left out.", where))

    values: dict[str, Any] = {}
    for field, ours in _TEXTS.items():
        if isinstance(given.get(field), str):
            values[ours] = text_of(given[field], 1024)
        elif field in given:
            wrong(field, "a text")
    author = given.get("author")
    if isinstance(author, dict):
        values["author"] = text_of(author.get("name"), 200)
    elif author is not None and not isinstance(author, str):
        wrong("author", "an object with a name")
    for field, ours in (("skills", "folders"), ("commands", "commands")):
        paths = given.get(field, [])
        paths = [paths] if isinstance(paths, str) else paths
        if not isinstance(paths, list) or not all(isinstance(p, str) for p in paths):
            wrong(field, "a path or a list of paths")
            continue
        for path in paths[:100]:
            if not path.startswith("./") or ".." in path.split("/"):
                told = f"plugin.json: the path «{path[:80]}» in «{field}» must start with ./ and stay inside."
                notices.append(Notice("path-outside", told, where))
        values[ours] = tuple(
            p[2:].strip("/") for p in paths[:100] if p.startswith("./") and ".." not in p.split("/")
        )  # fmt: skip
    values["defaults"] = _defaults(given.get("userConfig"), wrong)
    if values.get("name") and not _NAME.fullmatch(values["name"]):
        told = f"plugin.json: the name «{values['name'][:80]}» is not made of lower-case letters, digits and hyphens."
        notices.append(Notice("odd-name", told, where, f"name: {slug(values['name'])}"))
        values["name"] = slug(values["name"])
    elif not values.get("name"):
        notices.append(Notice("no-name", "plugin.json has no name.", where))
    return Manifest(**values), notices


def _defaults(given: Any, wrong: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        wrong("userConfig", "an object")
        return {}
    return {
        str(key)[:100]: text_of(str(entry["default"]), 1000)
        for key, entry in list(given.items())[:100]
        if isinstance(entry, dict) and not entry.get("sensitive")
        and isinstance(entry.get("default"), str | int | float)
    }  # fmt: skip
