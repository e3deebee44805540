"""There is no second way to a tool: shown by walking the syntax of every file, the imports, the routes and the jobs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
from fastapi.routing import APIRoute

SRC = Path(__file__).parents[2] / "src" / "colleague"
DOOR = "colleague.tasks.governed"


def calls_of_connectors() -> Iterator[str]:
    """Yield the modules where something like `….connector.call(…)` or `connector.call(…)` is awaited."""
    for file in SRC.rglob("*.py"):
        module = "colleague." + ".".join(file.relative_to(SRC).with_suffix("").parts)
        if module.startswith(("colleague.testing", "colleague.agent")):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
                function = node.value.func
                if isinstance(function, ast.Attribute) and function.attr == "call":
                    yield module


def test_only_the_governed_wrapper_calls_a_connector() -> None:
    assert set(calls_of_connectors()) == {DOOR}


def test_only_the_toolbox_and_the_composition_root_know_the_registry() -> None:
    graph = grimp.build_graph("colleague")
    importers = graph.find_modules_that_directly_import("colleague.connectors.registry")
    allowed = {"colleague.tasks.toolbox", "colleague.tasks.governed", "colleague.bootstrap"}
    assert {i for i in importers if not i.startswith(("colleague.connectors", "colleague.testing"))} <= allowed | {
        i for i in importers if i.startswith("colleague.cli")
    }


def test_variants_are_built_by_the_composition_root_only() -> None:
    graph = grimp.build_graph("colleague")
    for kind in ("folder", "mail"):
        for importer in graph.find_modules_that_directly_import(f"colleague.connectors.{kind}.connector"):
            assert importer == "colleague.bootstrap" or importer.startswith(f"colleague.connectors.{kind}")


def test_the_wrapper_is_reached_from_the_run_only() -> None:
    graph = grimp.build_graph("colleague")
    users = {
        line["importer"]
        for importer in graph.find_modules_that_directly_import(DOOR)
        for line in graph.get_import_details(importer=importer, imported=DOOR)
        if "Governed" in line["line_contents"]
    }
    assert users == {"colleague.tasks.resume"}


def test_no_route_and_no_job_calls_a_tool_by_itself() -> None:
    from colleague.tasks.api import router as api
    from colleague.tasks.console import router as console

    handlers = {r.endpoint.__module__ for r in (*api.routes, *console.routes) if isinstance(r, APIRoute)}
    assert handlers == {"colleague.tasks.api", "colleague.tasks.console"}
    graph = grimp.build_graph("colleague")
    for module in handlers:
        assert not graph.direct_import_exists(importer=module, imported="colleague.connectors.registry")
        assert not graph.direct_import_exists(importer=module, imported="colleague.tasks.toolbox")
