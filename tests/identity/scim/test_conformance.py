"""The protocol, as scim2-tester reads RFC 7643 and 7644, against the real app on a real port: no miss."""

import asyncio

import httpx2
import pytest
import uvicorn
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.identity.scim.conftest import Idp

pytestmark = pytest.mark.anyio


async def test_the_tester_finds_nothing(idp: Idp) -> None:
    server = uvicorn.Server(uvicorn.Config(idp.app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]

    def check() -> list[str]:
        headers = {"Authorization": f"Bearer {idp.token}"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}/scim/v2", headers=headers, timeout=60) as http:
            results = check_server(SyncSCIMClient(http))
        assert len(results) > 60
        good = (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED)
        return [f"{r.status.name} {r.title} {r.resource_type}: {r.reason}" for r in results if r.status not in good]

    misses = await asyncio.to_thread(check)
    server.should_exit = True
    await serving
    assert misses == [], "\n".join(misses)
