"""Each refusal is told in the form the caller reads: a page, a fragment, or JSON; what broke is never shown."""

from typing import Any

import pytest

from colleague.kit.db import Database
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


async def test_what_is_not_there(sign_in: Any) -> None:
    client = await sign_in("ana")
    page = await client.get("/tasks/task_nothing")
    assert page.status_code == 404
    assert "There is no such task" in page.text
    assert 'href="/"' in page.text
    part = await client.get("/tasks/task_nothing", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'role="alert"' in part.text
    assert (await client.get("/api/v1/tasks/task_nothing")).json() == {
        "code": "TaskNotFound",
        "message": "There is no such task, or you may not see it.",
    }


async def test_somebody_elses_task_does_not_exist(sign_in: Any) -> None:
    ana, ben, auditor = await sign_in("ana"), await sign_in("ben"), await sign_in("tom")
    made = (await ana.post("/api/v1/tasks", data={"goal": "Summarise the minutes"})).json()
    assert (await ben.get(f"/tasks/{made['id']}")).status_code == 404
    assert (await ben.post(f"/tasks/{made['id']}/stop")).status_code in (403, 404)
    assert (await auditor.get(f"/tasks/{made['id']}")).status_code == 200
    assert (await auditor.post(f"/tasks/{made['id']}/stop")).status_code == 403


async def test_who_is_not_signed_in_comes_back_to_where_they_were(sign_in: Any) -> None:
    client = await sign_in("")
    answer = await client.get("/tasks?everyone=true")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/tasks%3Feveryone%3Dtrue"
    part = await client.get("/approvals/count", headers={"HX-Request": "true", "HX-Current-URL": "http://x/approvals"})
    assert part.status_code == 401
    assert part.headers["hx-redirect"] == "/sign-in?next=/approvals"
    api = await client.get("/api/v1/tasks")
    assert (api.status_code, api.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb"])
async def test_signing_in_leads_nowhere_else(sign_in: Any, target: str) -> None:
    client = await sign_in("")
    form = {"person": "ana@aldermoor.example", "next": target}
    assert (await client.post("/sign-in/demo", data=form)).headers["location"] == "/"


async def test_what_was_sent_is_not_repeated(sign_in: Any) -> None:
    client = await sign_in("ana")
    answer = await client.post("/api/v1/tasks/t/answers", json={"call": 7, "text": ["my secret"]})
    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert "text" in answer.json()["message"]


async def test_a_database_that_is_away_is_said(sign_in: Any, home: TestHouse, app: Any) -> None:
    client = await sign_in("ana")
    away = Database("postgresql://127.0.0.1:1/none?connect_timeout=1")
    app.state.parts = {**app.state.parts, Database: away}
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert (await client.get("/healthz")).json()["status"] == "alive"
    await away.close()


async def test_what_nobody_expected_has_a_reference_and_no_content(sign_in: Any, app: Any) -> None:
    @app.get("/break")
    async def broken() -> None:
        raise RuntimeError("the customer's secret")

    answer = await (await sign_in("ana")).get("/break")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "reference:" in answer.text


async def test_what_the_database_cannot_hold_is_the_senders_fault(sign_in: Any) -> None:
    owner = await sign_in("owner")
    for path in ("/api/v1/ledger?subject=%00", "/api/v1/ledger?before=99999999999999999999999", "/ledger?actor=%00"):
        assert (await owner.get(path)).status_code == 422, path
