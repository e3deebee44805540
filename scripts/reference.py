"""Writes docs/reference from the code itself (`make reference`); tests/house/test_docs.py fails when forgotten."""

import ast
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "colleague"
FOLDER = ROOT / "docs" / "reference"


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(columns)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Every deployment setting."""
    from colleague.kit.settings import Settings

    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "" if default is None else "a folder in the home directory" if name == "data_dir" else f"`{default}`"
        rows.append((f"`COLLEAGUE_{name.upper()}`", field.description or "", shown))
    text = (
        "Read once at the start, from the environment or from the TOML file that `COLLEAGUE_CONFIG` names (there in\n"
    )
    text += "small letters, without the prefix). An unknown name is refused. Who may do what is never set here.\n\n"
    return "# Settings\n\n" + text + table(("Setting", "What it does", "Default"), rows)


def permissions() -> str:
    """Every permission and role."""
    from colleague.identity.permissions import PERMISSIONS, ROLES

    rows = [
        (f"`{p}`", words, ", ".join(r.replace("_", " ") for r in ROLES if p in ROLES[r]))
        for p, words in PERMISSIONS.items()
    ]
    text = "A permission is `scope:resource:action`. A person holds what their roles give;\n"
    text += "a token at most what its owner holds.\n\n"
    return "# Permissions\n\n" + text + table(("Permission", "What it allows", "Roles"), rows)


def rules() -> str:
    """Every baseline rule."""
    from colleague.policy.engine import Engine

    def kind(rule: dict[str, Any]) -> str:
        if rule["effect"] == "permit":
            return "permits"
        return f"asks ({rule['ask']})" if rule.get("ask") else "forbids"

    rows = [(f"`{name}`", kind(r), r.get("why", ""), r.get("remedy", "")) for name, r in sorted(Engine().rules.items())]
    text = "Asked before every call. They cannot be removed, only tightened. The strictest wins; any error is a denial."
    text += "\n\n"
    return "# Rules\n\n" + text + table(("Rule", "Says", "Why", "What helps"), rows)


def tools() -> str:
    """Every shipped tool with its tier."""
    from colleague.bootstrap import shipped_connectors
    from colleague.kit.clock import SystemClock
    from colleague.kit.http import Egress
    from colleague.library.tools import LIBRARY_TOOLS
    from colleague.projects.tools import PROJECT_TOOLS
    from colleague.tasks.workspace_tools import WORKSPACE_TOOLS

    shipped = shipped_connectors(Egress(), SystemClock())
    groups = [
        ("This task", WORKSPACE_TOOLS), ("Document sets", LIBRARY_TOOLS), ("Projects", PROJECT_TOOLS),
    ]  # fmt: skip
    groups += [*((c.title, c.tools()) for c in shipped)]
    text = "# Tools\n\nTier: read · communicate · modify. Each argument has a role; recipients, targets, addresses,\n"
    text += "amounts and identifiers must have a known origin.\n"
    for title, found in groups:
        rows = []
        for tool in found:
            marks = [m for m, on in (("egress", tool.egress), ("writes", tool.writes), ("deletes", tool.deletes)) if on]
            roles = ", ".join(f"{a}: {r}" for a, r in tool.roles.items() if r not in ("content", "option"))
            rows.append((f"`{tool.name}`", tool.tier.name.lower(), ", ".join(marks), tool.description, roles))
        text += f"\n## {title}\n\n" + table(("Tool", "Tier", "Marks", "What it does", "Roles of arguments"), rows)
    return text


def events() -> str:
    """Every event that is put on record, by the module that records it."""
    found: dict[str, set[str]] = {}
    for file in sorted(SRC.rglob("*.py")):
        module = ".".join(file.relative_to(SRC).with_suffix("").parts)
        if module.startswith("testing"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_event(node.value):
                found.setdefault(node.value, set()).add(module)
    rows = [(f"`{verb}`", ", ".join(sorted(modules))) for verb, modules in sorted(found.items())]
    return "# Events\n\nWhat the ledger records: `noun.verb_past`.\n\n" + table(("Event", "Recorded by"), rows)


_VERBS = ("ed", "en", "sent", "made", "read", "left", "put", "lost", "held", "gone", "unavailable", "over", "reset",
          "begun", "back", "due", "unknown", "confirm")  # fmt: skip


def _is_event(text: str) -> bool:
    noun, dot, verb = text.partition(".")
    plain = noun.replace("_", "") + verb.replace("_", "")
    return bool(dot) and plain.isalpha() and plain.islower() and verb.endswith(_VERBS) and len(noun) > 2


def cli() -> str:
    """Every verb of the command line."""
    import click
    import typer.main

    from colleague.cli import main as door

    text = (
        "# Command line\n\n`colleague VERB --help` says more. A refusal is one line on standard error and exit code 1."
    )
    text += "\n\n"
    rows: list[tuple[str, str, str]] = []

    def walk(command: Any, path: str) -> None:
        context = click.Context(command)
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            if hasattr(sub, "list_commands"):
                walk(sub, f"{path} {name}")
                continue
            options = [max(p.opts, key=len) if p.param_type_name == "option" else p.name.upper() for p in sub.params]
            words = " ".join((sub.help or "").split("\n\n")[0].split())
            rows.append((f"`{path} {name}`", words, " ".join(f"`{o}`" for o in options if o != "--help")))

    walk(typer.main.get_command(door.app), "colleague")
    return text + table(("Verb", "What it does", "Arguments and options"), rows)


def posture() -> str:
    """Every hardening check."""
    from colleague.governance.posture import checks

    text = "\n\n".join((checks.__doc__ or "").split("\n\n")[1:]).strip()
    rows = [(f"`{c.id}`", c.title, c.why, c.severity.name.lower(), c.remedy) for c in checks.CHECKS.values()]
    head = "# Posture\n\nThe hardening checks of *Set-up, Posture* and `colleague governance posture`.\n\n"
    return head + text + "\n\n" + table(("Check", "What is checked", "Why", "Severity", "What to do"), rows)


PAGES: dict[str, Callable[[], str]] = {
    "settings": settings, "permissions": permissions, "rules": rules, "tools": tools, "events": events, "cli": cli,
    "posture": posture,
}  # fmt: skip


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / f"{name}.md").write_text(make(), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    main()
