"""Migrations stand in one line: two with the same number would stop every upgrade."""

import re
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "src" / "colleague_migrations" / "versions"


def test_each_migration_follows_another_and_is_named_by_its_number() -> None:
    said = {
        file.name: dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?', file.read_text(), re.MULTILINE))
        for file in sorted(VERSIONS.glob("[0-9]*.py"))
    }
    numbers = [one["revision"] for one in said.values()]
    assert [name[:4] for name in said] == numbers == sorted(set(numbers))
    assert [one["down_revision"] for one in said.values()] == ["None", *numbers[:-1]]
