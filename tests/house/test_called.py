"""Every public function of the product is called by the product: what only tests call is deleted or wired up.

By name over the syntax trees of src, bench and scripts. What a decorator registers (routes, CLI verbs) is called by who
keeps the register; a method of a class that keeps somebody else's protocol by whoever wrote that. `colleague.testing`
ships for tests.
"""

import ast
import gc
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# These say how a function is called, not who calls it.
PLAIN = {
    "property", "cached_property", "classmethod", "staticmethod", "override", "cache", "lru_cache", "contextmanager",
    "asynccontextmanager", "overload", "wraps", "abstractmethod",
}  # fmt: skip
# What is named more often than that is not named by itself alone.
FEW = 6
BY_NAME = {"import_module", "import_all_of"}
Def = ast.FunctionDef | ast.AsyncFunctionDef


class Calls:
    """What a tree, or several, call: imported functions as (module, name), plain names and attributes by how often."""

    def __init__(self) -> None:
        self.imported: set[tuple[str, str]] = set()
        self.names: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.told: set[str] = set()
        self.texts: set[str] = set()
        self.classes: set[str] = set()

    def read(self, tree: ast.AST) -> "Calls":
        """Take a tree in. A name for `getattr` counts as an attribute; `texts`: strings; `told`: what one of them
        imports where it is run."""
        for node in ast.walk(tree):
            match node:
                case ast.ImportFrom(module=str(module), names=names):
                    self.imported |= {(module, one.name) for one in names}
                case ast.ClassDef(name=name):
                    self.classes.add(name)
                case ast.Name(id=name):
                    self.names[name] += 1
                case ast.Attribute(attr=name):
                    self.attributes[name] += 1
                case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
                    self.attributes[name] += 1
                case ast.Constant(value=str(text)):
                    self.texts.add(text)
                    if " import " in text:
                        self.told.update(re.findall(r" import (\w+)", text))
        return self


def modules(root: Path) -> dict[str, ast.Module]:
    """Return the tree of every module below `root`, by its dotted name."""
    found = {}
    for base in (root / "src", root / "bench", root / "scripts"):
        for file in base.rglob("*.py"):
            name = ".".join(file.relative_to(base).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = ast.parse(file.read_text())
    return found


def by_template(root: Path) -> set[str]:
    """Return the names that templates call or look at."""
    texts = (f.read_text() for f in (root / "src").rglob("*") if f.suffix in (".html", ".txt", ".xml", ".md"))
    return {name for text in texts for name in re.findall(r"\.(\w+)", text)}


def public(holder: ast.Module | ast.ClassDef) -> Iterator[tuple[ast.Module | ast.ClassDef, Def]]:
    """Give each public function and method that nothing registers, with what holds it."""
    for one in holder.body:
        if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
            yield from public(one)
        elif isinstance(one, Def) and not one.name.startswith("_") and _plain(one):
            yield holder, one


def _plain(one: Def) -> bool:
    names = [d.func if isinstance(d, ast.Call) else d for d in one.decorator_list]
    return all((d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "")) in PLAIN for d in names)


def uncalled(root: Path) -> list[str]:
    """Return the public functions of src/colleague that nothing in src, bench or scripts calls."""
    gc.disable()  # A million nodes, and none of them is garbage: looking for it takes longer than the rest.
    try:
        return list(_uncalled(modules(root), by_template(root)))
    finally:
        gc.enable()


def _uncalled(trees: dict[str, ast.Module], shown: set[str]) -> Iterator[str]:
    everywhere, each, named = Calls(), {name: Calls().read(tree) for name, tree in trees.items()}, set[str]()
    for here in each.values():
        everywhere.imported |= here.imported
        everywhere.attributes += here.attributes
        # Who imports modules by name, as the command line does its verbs, calls what it names.
        named |= here.told | (here.texts | set(here.attributes) if here.names.keys() & BY_NAME else set())
    begins = tuple(text for text in named if text.endswith("_") and text.isidentifier())
    ours = set().union(*(here.classes for here in each.values()))
    for module, tree in sorted(trees.items()):
        if not module.startswith("colleague.") or module.startswith("colleague.testing"):
            continue
        whole = tuple(module.rsplit(".", 1)) in everywhere.imported
        for of, one in public(tree):
            if (module, one.name) in everywhere.imported or one.name in named or one.name.startswith(begins):
                continue
            names, attributes = each[module].names[one.name], everywhere.attributes[one.name]
            if max(names, attributes) <= FEW:
                inside = Calls().read(one)
                names, attributes = names - inside.names[one.name], attributes - inside.attributes[one.name]
            called = names > 0 or (attributes > 0 and whole)
            if isinstance(of, ast.ClassDef):
                # A class of another library's protocol is called by that library.
                theirs = not all(isinstance(base, ast.Name) and base.id in ours for base in of.bases)
                called = attributes > 0 or one.name in shown or theirs
            if not called:
                yield f"{module}: {of.name + '.' if isinstance(of, ast.ClassDef) else ''}{one.name}"


def test_nothing_is_called_by_tests_alone() -> None:
    assert uncalled(ROOT) == [], "delete it, or let the product call it"


def test_the_search_finds_what_nobody_calls(tmp_path: Path) -> None:
    files = {
        "src/colleague/a.py": (
            "class A(Exception):\n    def theirs(self): ...\n"
            "class B:\n    def dead(self): self.dead()\n    def shown(self): ...\n"
            "    @property\n    def used(self): ...\n"
            "def gone(): gone()\ndef here(): ...\ndef there(): ...\n@router.get('/x')\ndef page(): here()\n"
        ),
        "src/colleague/b.py": "from colleague import a\nfrom colleague.a import there as x\nx(a.B().used)\n",
        "src/colleague/testing/c.py": "def fake(): ...\n",
        "src/colleague/page.html": "{{ b.shown }}",
        "tests/test_a.py": "from colleague.a import gone\ngone()\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert uncalled(tmp_path) == ["colleague.a: B.dead", "colleague.a: gone"]
