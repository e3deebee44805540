"""Find the skills in a package's files, whatever its layout, and say what in it a reviewer must look at. Pure."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from colleague.connectors.mcp.words import findings
from colleague.plugins.manifest import clean_text, parse_manifest, parse_skill, slug
from colleague.plugins.model import Manifest, Notice, Package, Skill
from colleague.policy.detect import class_of_text

DEPTH, MOST_SKILLS = 5, 500
MANIFESTS = (".claude-plugin/plugin.json", "plugin.json")
COMMAND = re.compile(r"!`([^`\n]{1,4000})`")
_HOST = re.compile(r"https?://([a-z0-9.-]+)", re.IGNORECASE)
_TEXT_ENDS = (".md", ".txt", ".json", ".yaml", ".yml", ".py", ".sh", ".js", ".ts", ".csv", ".html", ".xml", ".toml")


def read_package(files: Mapping[str, bytes], *, folder: str = "", notices: Sequence[Notice] = ()) -> Package:
    """Return the package in `files`; `folder` is the name it came under. Never raises: no skill is a notice too."""
    told = list(notices)
    manifest = Manifest()
    place = next((p for p in MANIFESTS if p in files), "")
    if place:
        manifest, found = parse_manifest(clean_text(files[place]), place)
        told += found
    skills: dict[str, Skill] = {}
    for path, kind, home in _places(files, manifest, folder):
        skill, found = parse_skill(clean_text(files[path]), path, kind=kind, home=home)
        told += found
        if skill.name in skills:
            told.append(Notice("same-name", f"«{skill.name}» is there twice: only the first is kept.", path))
        elif len(skills) >= MOST_SKILLS:
            told.append(Notice("too-many", "There are more than 500 skills: the rest is left out.", path))
        else:
            skills[skill.name] = skill
    if not skills:
        told.append(Notice("no-skill", "There is no skill in it.", "", "Add skills/NAME/SKILL.md."))
    only = next(iter(skills.values())) if len(skills) == 1 else None
    name = manifest.name or (only.name if only and not place else "") or slug(folder) or (only.name if only else "")
    if manifest.name and folder and slug(folder) != manifest.name:
        told.append(Notice("plugin-not-folder", f"The folder is «{folder[:80]}», the plugin «{manifest.name}».", place))
    manifest = Manifest(
        name=name.replace(":", "-")[:64].strip("-") or "skills", title=manifest.title, version=manifest.version,
        description=manifest.description or (only.description if only else ""),
        licence=manifest.licence or (only.licence if only else ""), author=manifest.author,
        folders=manifest.folders, commands=manifest.commands, defaults=manifest.defaults,
    )  # fmt: skip
    found_skills = tuple(skills[n] for n in sorted(skills))
    return Package(manifest, found_skills, dict(files), tuple(told), flags_of(found_skills, files), _unused(files))


def _places(files: Mapping[str, bytes], manifest: Manifest, folder: str) -> list[tuple[str, str, str]]:
    """Return (path, kind, name of its place) of every skill and command, in a fixed order."""
    found: list[tuple[str, str, str]] = []
    roots = ("skills", *manifest.folders)
    for path in sorted(files):
        at = PurePosixPath(path)
        if at.name.casefold() != "skill.md" or len(at.parts) > DEPTH + 2:
            continue
        inside = len(at.parts) <= 2 or any(path.startswith(f"{root}/") or root == "" for root in roots)
        nested = ".claude" in at.parts or "skills" in at.parts
        if inside or nested:
            found.append((path, "skill", at.parts[-2] if len(at.parts) > 1 else folder))
    for root in manifest.commands or ("commands", ".claude/commands"):
        for path in sorted(files):
            if path == root and path.endswith(".md"):
                found.append((path, "command", PurePosixPath(path).stem))
            elif path.startswith(f"{root}/") and path.endswith(".md") and path.count("/") <= DEPTH:
                home = path.removeprefix(f"{root}/").removesuffix(".md")
                if home.casefold() != "readme":
                    found.append((path, "command", home))
    if not found and len(files) == 1 and (only := next(iter(files))).casefold().endswith(".md"):
        found.append((only, "skill", PurePosixPath(only).stem))
    return list(dict.fromkeys(found))


def _unused(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Name the parts of a plugin that are read by nobody here: they open nothing and run nothing."""
    parts = {
        "agents": any(p.startswith("agents/") for p in files), "hooks": any(p.startswith("hooks/") for p in files),
        "MCP servers": ".mcp.json" in files,
        "programs": any(p.endswith((".py", ".sh", ".js", ".ts", ".rb", ".exe", ".ps1", ".bat")) for p in files),
    }  # fmt: skip
    return tuple(name for name, there in parts.items() if there)


def flags_of(skills: Sequence[Skill], files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return what a reviewer must look at: hidden text, instructions, keys, commands, hosts; with the file. Bounded."""
    found: dict[str, None] = {}
    for skill in skills:
        raw = clean_text(files[skill.path])
        found |= dict.fromkeys(f"{skill.path}: {what}" for what in findings(raw))
        for command in COMMAND.findall(skill.body)[:20]:
            found[f"{skill.path}: it wants to run «{_line(command)}»"] = None
    for path, content in files.items():
        if not path.casefold().endswith(_TEXT_ENDS):
            continue
        text = clean_text(content[:400_000])
        if "access key" in class_of_text(text).categories:
            found[f"{path}: it holds what looks like an access key"] = None
        if path.endswith(".md") and all(path != s.path for s in skills):
            found |= dict.fromkeys(f"{path}: {what}" for what in findings(text))
        hosts = sorted({h.casefold() for h in _HOST.findall(text)})
        if hosts:
            found[f"{path}: it names the hosts {', '.join(hosts[:8])}"] = None
    return tuple(found)[:200]


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else "?" for c in text).split())[:120]


def files_of(skill: Skill, paths: Sequence[str]) -> list[str]:
    """Return the paths of a skill's own files, as it names them: relative to its folder."""
    home = f"{skill.folder}/" if skill.folder else ""
    if skill.kind == "command":
        return []
    return sorted(p.removeprefix(home) for p in paths if p.startswith(home) and p != skill.path)


def find_file(skill: Skill, paths: Sequence[str], wanted: str) -> str:
    """Return the path in the package that `wanted` means: in the skill's folder, else in the package; "" if none."""
    plain = wanted.strip().removeprefix("./")
    if not plain or plain.startswith("/") or "\\" in plain or ".." in plain.split("/"):
        return ""
    home = f"{skill.folder}/" if skill.folder else ""
    return next((p for p in (home + plain, plain) if p in set(paths)), "")
