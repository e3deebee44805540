"""Our client as a program, for the MCP conformance suite: lists the tools of a server and calls each, signing in first
where the server asks for it. The person who agrees is played by following the address that a person would be shown."""

import asyncio
import json
import os
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from colleague.connectors.connector import AccountExpired
from colleague.connectors.mcp.server import Server, hosts_of
from colleague.connectors.mcp.session import Conversation, Line, converse
from colleague.connectors.mcp.sign_in import SignIns
from colleague.kit.clock import SystemClock
from colleague.kit.http import Egress
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.settings import Settings

ARGUMENTS = {"add_numbers": {"a": 5, "b": 3}}


async def sign_in(egress: Egress, url: str, config: dict[str, Any], secrets: dict[str, str]) -> str:
    """Sign in as a person would, and return the token."""
    sign_ins = SignIns(egress=egress, clock=SystemClock(), base_url="http://localhost:3000")
    consent = await sign_ins.begin("ana", Server("peer", "Peer", "http", "oauth"), config, secrets)
    async with httpx.AsyncClient(timeout=60) as person:
        back = await person.get(consent.url, follow_redirects=False)
    came = {k: v[0] for k, v in parse_qs(urlsplit(back.headers["location"]).query).items()}
    _, grant = await sign_ins.finish(
        "ana", state=came.get("state", ""), code=came.get("code", ""), issuer=came.get("iss", ""),
        error=came.get("error", ""),
    )  # fmt: skip
    return str(json.loads(grant)["access_token"])


async def main(url: str) -> None:
    """Do what our product does with a server: read its tools, call them."""
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    egress = Egress(private=True)
    config = {"url": url, "auth_hosts": "localhost 127.0.0.1", "client_id": context.get("client_id")}
    secrets = {k: context[k] for k in ("client_secret",) if context.get(k)}

    async def work(talk: Conversation) -> None:
        for tool in await talk.tools():
            await talk.call(tool["name"], ARGUMENTS.get(tool["name"], {}))

    headers: dict[str, str] = {}
    for _ in range(2):
        try:
            await converse(
                Line(url, headers, hosts_of(url)), work, egress=egress, sandbox=Sandbox(Settings()), seconds=20
            )
            break
        except AccountExpired:
            headers = {"Authorization": f"Bearer {await sign_in(egress, url, config, secrets)}"}
    await egress.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
