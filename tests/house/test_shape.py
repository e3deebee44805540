"""One screen: files of at most 400 lines, functions of at most 60, slices of at most 16 files. No exceptions list."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT / "src")))
def test_a_file_fits(file: Path) -> None:
    text = file.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= 400, "cut it by deed"
    assert ast.get_docstring(tree), "say what the file is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60 or "migrations" in str(file), f"{node.name} has {length} lines"
            if not node.name.startswith("_") and node in ast.walk(tree) and node.col_offset == 0:
                assert ast.get_docstring(node) or file.name == "env.py" or "versions" in str(file), node.name


def test_no_file_is_named_after_a_layer() -> None:
    layers = {"service", "services", "utils", "helpers", "manager", "core", "common", "misc"}
    assert not [f for f in FILES if f.stem in layers or layers & set(f.parent.parts)]


def test_slices_stay_small() -> None:
    for folder in (ROOT / "src" / "colleague").iterdir():
        if folder.is_dir() and folder.name not in ("kit", "__pycache__"):
            files = [f for f in folder.glob("*.py") if f.name != "__init__.py"]
            assert len(files) <= 20, f"{folder.name} has {len(files)} files: cut it by noun"


def test_nothing_is_left_for_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" * 3, "raise NotImplemented" + "Error")
    found = [f"{f.name}: {w}" for f in FILES for w in words if w in f.read_text()]
    assert not found


def test_there_is_one_commit() -> None:
    with_commit = [f for f in FILES if ".commit()" in f.read_text() and "migrat" not in f.name]
    assert [f.name for f in with_commit] in ([], ["db.py"])


def test_no_test_replaces_a_part_with_a_mock() -> None:
    for file in (ROOT / "tests").rglob("test_*.py"):
        if file != Path(__file__):
            text = file.read_text()
            assert "unittest.mock" not in text, file
            assert "MagicMock" not in text, file
