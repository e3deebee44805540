"""Documentation that cannot rot: the reference is what the code says, links lead somewhere, examples are real."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings", "permissions", "rules", "tools", "events", "cli", "posture"])
def test_the_reference_is_up_to_date(name: str) -> None:
    written = (ROOT / "docs" / "reference" / f"{name}.md").read_text("utf-8")
    assert reference().PAGES[name]() == written, "run `make reference`"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?make ([a-z-]+)`?", (ROOT / "README.md").read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_verbs_in_the_pages_exist() -> None:
    known = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    groups = {m.split()[0] for m in re.findall(r"`colleague ([a-z]+(?: [a-z]+)?)`", known)}
    for page in PAGES:
        for verb, sub in re.findall(r"colleague ([a-z]+)(?: ([a-z]+))?[` ]", page.read_text("utf-8")):
            if f"`colleague {verb} {sub}`" in known or f"`colleague {verb}`" in known or verb not in groups:
                continue
            assert not sub or f"`colleague {verb} {sub}" in known or f"colleague {verb}`" in page.read_text(), (
                page,
                verb,
                sub,
            )


def test_each_setting_rule_permission_and_tool_is_named() -> None:
    from colleague.identity.permissions import PERMISSIONS
    from colleague.kit.settings import Settings
    from colleague.policy.engine import Engine

    folder = ROOT / "docs" / "reference"
    for names, page in (
        ([f"COLLEAGUE_{n.upper()}" for n in Settings.model_fields], "settings"),
        (list(PERMISSIONS), "permissions"),
        (list(Engine().rules), "rules"),
    ):
        text = (folder / f"{page}.md").read_text("utf-8")
        assert [n for n in names if f"`{n}`" not in text] == []
