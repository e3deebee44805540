"""Would other programs take this skill? The open specification, strictly: an error and a proposed fix. Pure."""

import re
import unicodedata
from typing import Any

from colleague.plugins.manifest import clean_text, front_matter, parse_manifest, slug
from colleague.plugins.model import Notice, Package

FIELDS = frozenset({"name", "description", "license", "compatibility", "metadata", "allowed-tools"})
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LENIENT = frozenset({"bad-json", "wrong-type", "path-outside", "odd-name", "no-name"})


def publishing_errors(package: Package) -> list[Notice]:
    """Return every error that keeps the package from being published, with what to write instead."""
    errors: list[Notice] = []
    for skill in package.skills:
        if skill.kind == "skill":
            home = skill.folder.rpartition("/")[2]
            errors += skill_errors(clean_text(package.files[skill.path]), skill.path, home)
    for path in (".claude-plugin/plugin.json", "plugin.json"):
        if path in package.files:
            _, notices = parse_manifest(clean_text(package.files[path]), path)
            errors += [n for n in notices if n.name in _LENIENT]
            break
    if not package.skills:
        errors.append(Notice("no-skill", "There is no skill in it.", "", "Add skills/NAME/SKILL.md."))
    return errors


def skill_errors(text: str, where: str, home: str) -> list[Notice]:
    """Return what the specification refuses in one SKILL.md in the folder `home` ("" for the root of a package)."""
    values, body, found = front_matter(text, where)
    if any(n.name in ("no-front-matter", "bad-yaml", "front-matter-too-long") for n in found):
        return found
    return [
        *_name_errors(values.get("name"), where, home),
        *_description_errors(values.get("description"), body, where),
        *_other_errors(values, where),
    ]


def _name_errors(name: Any, where: str, home: str) -> list[Notice]:
    proposed = slug(name if isinstance(name, str) else home) or "my-skill"
    if not isinstance(name, str) or not name:
        return [Notice("no-name", "«name» is missing.", where, f"name: {proposed}")]
    if unicodedata.normalize("NFKC", name) != name or len(name) > 64 or not _NAME.fullmatch(name):
        told = "«name» must be 1 to 64 lower-case letters, digits and single hyphens between them."
        return [Notice("odd-name", told, where, f"name: {proposed}")]
    if home and home != name:
        told = f"«name» must be the name of the folder, «{home[:80]}»."
        return [Notice("name-not-folder", told, where, f"Rename the folder to {name}.")]
    return []


def _description_errors(description: Any, body: str, where: str) -> list[Notice]:
    if not isinstance(description, str) or not description.strip():
        first = next((line.strip() for line in body.splitlines() if line.strip() and line[:1] != "#"), "")
        fix = f"description: {first[:200] or 'What it does, and when to use it.'}"
        return [Notice("no-description", "«description» is missing.", where, fix)]
    if len(description) > 1024:
        fix = f"description: {' '.join(description.split())[:1000].rsplit(' ', 1)[0]}"
        return [Notice("long-description", "«description» has more than 1,024 characters.", where, fix)]
    return []


def _other_errors(values: dict[str, Any], where: str) -> list[Notice]:
    errors = []
    unknown = sorted(set(values) - FIELDS)
    if unknown:
        told = f"The specification does not know: {', '.join(u[:40] for u in unknown[:10])}."
        errors.append(Notice("unknown-field", told, where, "Move them into «metadata», as texts."))
    if "compatibility" in values and not (
        isinstance(values["compatibility"], str) and 1 <= len(values["compatibility"]) <= 500
    ):
        errors.append(Notice("wrong-type", "«compatibility» must be a text of 1 to 500 characters.", where))
    metadata = values.get("metadata")
    if metadata is not None and not (isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values())):
        errors.append(Notice("wrong-type", "«metadata» must be a map of texts.", where))
    allowed = values.get("allowed-tools")
    if allowed is not None and (not isinstance(allowed, str) or "," in allowed):
        fix = "allowed-tools: " + (" ".join(map(str, allowed)) if isinstance(allowed, list) else "Read Write")
        errors.append(Notice("wrong-type", "«allowed-tools» must be one text, separated by blanks.", where, fix))
    return errors
