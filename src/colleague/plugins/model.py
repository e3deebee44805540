"""The words of skills: notices, a skill as it was read, a package of skills, and who may use one now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from colleague.kit.canonical import digest

SHIPPED = "shipped"
# Among the teams of an approved package: champions have it before everybody.
EARLY = "role:champion"


class State(StrEnum):
    """Where a package of somebody's stands. Only an approved one is for others; a denied one is for nobody."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    DENIED = "denied"
    REPLACED = "replaced"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was read in spite of a fault. `name` is a fixed word for programs, `text` says it to people.

    `where` is the file; `fix` what to write instead, if that is known.
    """

    name: str
    text: str
    where: str = ""
    fix: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the notice as JSON."""
        return {"name": self.name, "text": self.text, "where": self.where, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill (or command) as it was read. `allowed` is None where the author names no tools.

    `by_model`: the model may choose it; `by_person`: it can be called with a slash. `path` is its file in the package.
    `category`: of which output category is what it writes (OH-4), "" while nobody has said so.
    """

    name: str
    description: str
    body: str
    path: str
    kind: str = "skill"
    title: str = ""
    hint: str = ""
    arguments: tuple[str, ...] = ()
    allowed: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()
    by_model: bool = True
    by_person: bool = True
    licence: str = ""
    category: str = ""

    @property
    def folder(self) -> str:
        """Return the folder of the skill in the package, "" for its root."""
        return self.path.rpartition("/")[0]

    def to_json(self) -> dict[str, Any]:
        """Return the skill as JSON."""
        return {
            "name": self.name, "description": self.description, "body": self.body, "path": self.path,
            "kind": self.kind, "title": self.title, "hint": self.hint, "arguments": list(self.arguments),
            "allowed": None if self.allowed is None else list(self.allowed), "denied": list(self.denied),
            "by_model": self.by_model, "by_person": self.by_person, "licence": self.licence,
            "category": self.category,
        }  # fmt: skip

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Skill":
        """Read what `to_json` wrote."""
        listed = {name: tuple(value[name]) for name in ("arguments", "denied")}
        allowed = value["allowed"]
        return Skill(**{**value, **listed, "allowed": None if allowed is None else tuple(allowed)})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of itself. `defaults` are the values of its `userConfig` that are no secrets."""

    name: str = ""
    title: str = ""
    version: str = ""
    description: str = ""
    licence: str = ""
    author: str = ""
    folders: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Package:
    """Skills with their files, read from a folder or an archive. `unused` names the parts that are not run here."""

    manifest: Manifest
    skills: tuple[Skill, ...]
    files: Mapping[str, bytes] = field(repr=False)
    notices: tuple[Notice, ...] = ()
    flags: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The pin: changes with any file's path or content."""
        import hashlib

        return digest({path: hashlib.sha256(content).hexdigest() for path, content in self.files.items()})


@dataclass(frozen=True, slots=True)
class Usable:
    """A skill that a person may use now: from which package, pinned how, and who stands behind its text.

    `plugin` is the package's name as it is called, `package` the row's id ("shipped" for what comes with the product).
    """

    plugin: str
    package: str
    sha256: str
    skill: Skill
    approved: bool
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the full name: `plugin:skill`."""
        return f"{self.plugin}:{self.skill.name}"


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text: four bytes each, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // 4)
