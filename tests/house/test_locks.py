"""Advisory locks: each number is one thing's, or two that have nothing to do with each other wait."""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2] / "src" / "colleague"
# The last owner is looked after where people change and where groups settle: one lock on purpose.
SHARED = {727011: {"identity/people.py", "identity/groups/settle.py"}}


def test_each_lock_has_a_number_of_its_own() -> None:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for file in ROOT.rglob("*.py"):
        for number in re.findall(r"\b727_?\d{3}\b", file.read_text("utf-8")):
            found[int(number)].add(str(file.relative_to(ROOT)))
    assert len(found) > 40
    twice = {number: files for number, files in found.items() if len(files) > 1}
    assert twice == SHARED
