"""Models and usage in the browser and for programs: who sees what, hostile input, and no key ever comes back."""

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
PROVIDER = {"name": "claude", "kind": "anthropic", "zone": "eu", "ceiling": "confidential", "key": "sk-very-secret"}
PAPER = {"document": "DPA", "signed_on": "2026-01-01", "expires_on": "2999-12-31", "covers": ["inputs", "outputs"]}


async def test_from_a_new_provider_to_a_route_a_price_and_a_ceiling(sign_in: Any) -> None:
    owner = await sign_in("owner")
    assert (await owner.post("/models/providers", data=PROVIDER)).status_code == 303
    refused = await owner.post("/models/providers/claude/enable")
    assert refused.status_code == 403
    assert "no-training attestation" in refused.text
    assert (await owner.post("/models/providers/claude/attestations", data=PAPER)).status_code == 303
    assert (await owner.post("/models/providers/claude/enable")).status_code == 303
    routed = {"target": "organisation", "chain": "claude:m\nextractive"}
    assert (await owner.post("/models/routes", data=routed)).status_code == 303
    price = {"provider": "claude", "model": "claude-sonnet-4-5", "look": "true"}
    assert (await owner.post("/models/prices", data=price)).status_code == 303
    assert (await owner.post("/usage/ceilings", data={"scope": "person:*", "usd": "5"})).status_code == 303
    page = (await owner.get("/models")).text
    assert "not for privileged" in page
    assert "published list price" in page
    shown = page + (await owner.get("/models/providers/claude")).text
    shown += (await owner.get("/api/v1/models/providers")).text
    assert "sk-very-secret" not in shown
    ana = await sign_in("ana")
    usage = (await ana.get("/usage")).text
    assert "Your own ceiling for this month (5.00 US dollars)" in usage
    assert "Set a ceiling" not in usage
    me = (await ana.get("/api/v1/usage/ceilings")).json()["mine"][0]
    wish = {"scope": f"person:{me['subject']}", "usd": "3", "reason": "A large bid"}
    assert (await ana.post("/usage/increases", data=wish)).status_code == 303
    asked = (await owner.get("/usage")).text
    assert "A large bid" in asked
    increase = asked.split('action="/usage/increases/increase_')[1].split('"')[0]
    granted = await owner.post(f"/usage/increases/increase_{increase}", data={"grant": "true", "note": "Fine"})
    assert granted.status_code == 303
    assert (await ana.get("/api/v1/usage/ceilings")).json()["mine"][0]["micros"] == 8_000_000


async def test_members_see_their_own_usage_and_no_more(sign_in: Any) -> None:
    ana = await sign_in("ana")
    assert (await ana.get("/usage")).status_code == 200
    assert (await ana.get("/usage.csv")).text.startswith("person,id,turns")
    for path in ("/models", "/models/providers/claude", "/api/v1/models/providers", "/api/v1/models/routes"):
        assert (await ana.get(path)).status_code == 403, path
    for path, data in (
        ("/models/providers", PROVIDER), ("/models/routes", {"target": "organisation", "chain": "extractive"}),
        ("/models/prices", {"provider": "p", "model": "m", "look": "true"}),
        ("/usage/ceilings", {"scope": "organisation:", "usd": "1"}),
    ):  # fmt: skip
        assert (await ana.post(path, data=data)).status_code == 403, path
    tom = await sign_in("tom")
    assert (await tom.get("/models")).status_code == 200
    assert "Add a provider" not in (await tom.get("/models")).text
    assert (await (await sign_in("")).get("/models")).status_code in (303, 401, 403)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/models/providers", {**PROVIDER, "name": "<script>"}), ("/models/providers", {**PROVIDER, "zone": "any"}),
        ("/models/providers", {**PROVIDER, "address": "https://169.254.169.254"}),
        ("/models/routes", {"target": "organisation", "chain": "no:such"}),
        ("/models/routes", {"target": "team:x", "chain": "extractive"}),
        ("/models/prices", {"provider": "p", "model": "m", "input": "NaN", "output": "1"}),
        ("/models/prices", {"provider": "", "model": "m", "input": "1", "output": "1"}),
        ("/usage/ceilings", {"scope": "person:nobody", "usd": "1"}),
        ("/usage/ceilings", {"scope": "organisation:", "usd": "1e400"}),
        ("/usage/increases", {"scope": "person:x", "usd": "1", "reason": "x"}),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused_in_words(sign_in: Any, path: str, data: dict[str, str]) -> None:
    answer = await (await sign_in("owner")).post(path, data=data)
    assert 400 <= answer.status_code < 500
    assert "<script>" not in answer.text.replace("<script defer", "")
    assert PROVIDER["key"] not in answer.text


@pytest.mark.parametrize("query", ["month=2026-99", "month=%00", "by=%27;drop", "month=9999-12&by=team"])
async def test_odd_questions_about_usage_do_no_harm(sign_in: Any, query: str) -> None:
    owner = await sign_in("owner")
    for path in ("/usage", "/usage.csv"):
        assert (await owner.get(f"{path}?{query}")).status_code in (200, 400, 422)
