"""There is no second way to a tool: shown by walking the syntax of every file, the imports, the routes and the jobs.

What happens at run time is proven in tests/tasks/test_record_first.py.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from fastapi.routing import APIRoute

SRC = Path(__file__).parents[2] / "src" / "colleague"
DOOR = "colleague.tasks.governed"
RUN = "colleague.tasks.resume"
KINDS = sorted(p.parent.name for p in (SRC / "connectors").glob("*/connector.py"))


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("colleague")


def module_of(file: Path) -> str:
    return "colleague." + ".".join(file.relative_to(SRC).with_suffix("").parts)


def uses_of_call() -> Iterator[str]:
    """Yield the modules in which a method named `call` is called or handed on, awaited or not, and by any name for it.

    A variant's own transport (`session.call` inside connectors/mcp) is its own business: it is reached from within
    the variant's `call` only, and variants do not know each other.
    """
    inside = tuple(f"colleague.connectors.{kind}." for kind in KINDS)
    for file in SRC.rglob("*.py"):
        module = module_of(file)
        door = module.endswith((".api", ".console"))
        if module.startswith(("colleague.testing", "colleague.agent")) or (module.startswith(inside) and not door):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                given = [a for a in (*node.args, *(k.value for k in node.keywords)) if "connector" in ast.unparse(a)]
                named = [a for a in (node.func, *given) if _is_call(a)]
                told = isinstance(node.func, ast.Name) and node.func.id in ("getattr", "methodcaller", "attrgetter")
                if named or (told and any(isinstance(a, ast.Constant) and a.value == "call" for a in node.args)):
                    yield module


def _is_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "call"


def test_only_the_governed_wrapper_calls_a_connector() -> None:
    assert set(uses_of_call()) == {DOOR}


def test_only_one_deed_takes_back_what_a_connector_did() -> None:
    callers = {
        module_of(file)
        for file in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "undo"
    }
    assert callers == {"colleague.tasks.changes.undo"}


def test_variants_are_built_by_the_composition_root_only(graph: grimp.ImportGraph) -> None:
    assert KINDS
    for kind in KINDS:
        for importer in graph.find_modules_that_directly_import(f"colleague.connectors.{kind}.connector"):
            built = importer == "colleague.bootstrap" or importer.startswith("colleague.testing")
            assert built or importer.startswith(f"colleague.connectors.{kind}"), importer


def test_the_wrapper_is_reached_from_the_run_only(graph: grimp.ImportGraph) -> None:
    assert graph.find_modules_that_directly_import(DOOR) == {RUN}
    assert graph.find_modules_that_directly_import(RUN) == {"colleague.tasks.jobs"}
    assert graph.find_modules_that_directly_import("colleague.tasks.jobs") == {"colleague.bootstrap"}


def test_no_route_of_any_slice_reaches_the_wrapper_or_a_variant(graph: grimp.ImportGraph) -> None:
    from colleague.web.routers import routers

    handlers = {r.endpoint.__module__ for router in routers() for r in router.routes if isinstance(r, APIRoute)}
    assert {"colleague.tasks.api", "colleague.tasks.console", "colleague.approvals.api"} <= handlers
    assert len(handlers) > 8
    for module in sorted(handlers):
        # The set-up of a variant (its servers, its sign-in) stands beside it, without its `call`: checked above.
        others = [k for k in KINDS if not module.startswith(f"colleague.connectors.{k}.")]
        for target in (DOOR, RUN, *(f"colleague.connectors.{kind}.connector" for kind in others)):
            chain = graph.find_shortest_chain(importer=module, imported=target)
            assert chain is None or "colleague.bootstrap" in chain, chain


def test_no_job_but_the_run_reaches_the_wrapper_or_a_variant(graph: grimp.ImportGraph) -> None:
    jobs = [module_of(f) for f in SRC.glob("*/jobs.py")]
    assert "colleague.tasks.jobs" in jobs
    for module in jobs:
        for target in (DOOR, *(f"colleague.connectors.{kind}.connector" for kind in KINDS)):
            chain = graph.find_shortest_chain(importer=module, imported=target)
            assert chain is None or (module == "colleague.tasks.jobs" and target == DOOR), chain


def test_the_check_would_see_a_second_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Break it on purpose, in each way somebody might."""
    for number, line in enumerate(
        ("await connector.call('t', {}, a)", "create_task(bound.connector.call('t', {}, a))", "spawn(connector.call)",
         "getattr(connector, 'call')('t', {}, a)")
    ):  # fmt: skip
        (tmp_path / f"second{number}.py").write_text(f"async def f(connector, bound, a):\n    {line}\n")
    monkeypatch.setitem(globals(), "SRC", tmp_path)
    assert set(uses_of_call()) == {f"colleague.second{n}" for n in range(4)}
