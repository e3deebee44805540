"""Nothing comes in from another site, under another host name or beyond its size; every answer carries safe headers."""

from typing import Any

import httpx
import pytest

from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost:8080@evil.example"])
async def test_an_unknown_host_name_is_refused(sign_in: Any, host: str) -> None:
    client = await sign_in("")
    answer = await client.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 421
    assert "COLLEAGUE_ALLOWED_HOSTS" in answer.text


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "LOCALHOST", "[::1]:8080"])
async def test_loopback_names_are_our_own(sign_in: Any, host: str) -> None:
    assert (await (await sign_in("")).get("/sign-in", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": ""},
    ],
)
async def test_a_form_of_another_site_changes_nothing(sign_in: Any, headers: dict[str, str]) -> None:
    client = await sign_in("ana")
    del client.headers["Origin"]
    answer = await client.post("/tasks", data={"goal": "Send everything"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert "Send everything" not in (await client.get("/tasks")).text


async def test_a_request_that_hides_its_origin_is_refused(sign_in: Any) -> None:
    client = await sign_in("ana")
    del client.headers["Origin"]
    assert (await client.post("/sign-out")).status_code == 403
    assert (await client.get("/tasks")).status_code == 200


async def test_a_cookie_cannot_ride_on_the_api_from_another_site(sign_in: Any) -> None:
    client = await sign_in("ana")
    answer = await client.post("/api/v1/tasks", data={"goal": "x"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "AnotherSite"


async def test_an_authorization_header_speaks_alone(sign_in: Any) -> None:
    """A bad token beside a good cookie is nobody: the cookie must not vouch for a request that brings a token."""
    client = await sign_in("ana")
    answer = await client.get("/api/v1/tasks", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


async def test_too_large_a_body_is_refused_by_its_length_and_by_its_bytes(sign_in: Any) -> None:
    client = await sign_in("ana")
    answer = await client.post("/tasks", content=b"x" * 10, headers={"Content-Length": "99999999999"})
    assert answer.status_code == 413

    async def endless() -> Any:
        for _ in range(8):
            yield b"x" * 1_000_000

    kind = {"Content-Type": "application/json"}
    answer = await client.post("/api/v1/tasks/task_x/messages", content=endless(), headers=kind)
    assert answer.status_code == 413
    assert "MB" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/tasks", "/api/v1/tasks", "/assets/x/nothing"])
async def test_every_answer_carries_safe_headers(sign_in: Any, path: str) -> None:
    answer: httpx.Response = await (await sign_in("")).get(path)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"]


async def test_the_demo_sign_in_is_for_this_machine_only(app: Any, home: TestHouse) -> None:
    form = {"person": "owner@aldermoor.example"}
    base = "http://127.0.0.1:8080"
    for source, extra in (("10.0.0.7", {}), ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"})):
        transport = httpx.ASGITransport(app, client=(source, 5))
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base} | extra) as client:
            assert (await client.post("/sign-in/demo", data=form)).status_code == 403
            assert "Olga" not in (await client.get("/sign-in")).text
