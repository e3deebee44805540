"""What the product imports it also demands: a machine that has only Python gets everything from pyproject.toml."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = {"colleague", "colleague_assets", "colleague_migrations"}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).casefold()


def test_every_import_is_demanded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    demanded = {plain(re.split(r"[\[<>=!~ ;]", line, maxsplit=1)[0]) for line in project["dependencies"]}
    # Parts of what is demanded: FastAPI stands on Starlette, an extra of pydantic-ai brings its provider's client.
    demanded |= {"starlette", "anyio", "pydantic-core", "lxml", "click", "httpcore", "httpcore2", "mcp-types"}
    # Of extras, imported when such a provider is connected; without them a refusal names the extra.
    demanded |= {"boto3", "botocore", "google-auth", "google-genai", "python3-saml", "opentelemetry-sdk"}
    homes = packages_distributions()
    missing: dict[str, str] = {}
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in {n.partition(".")[0] for n in names} - OWN - set(sys.stdlib_module_names):
                if not {plain(home) for home in homes.get(name, [name])} & demanded:
                    missing[name] = str(file.relative_to(ROOT))
    assert missing == {}
