"""Past calls, put again to a draft: what would change is named before it applies, and nothing happens meanwhile."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.web.conftest import BASE

from colleague.agent.messages import Turn
from colleague.governance.replay.replay import BadPeriod, Replay, replay
from colleague.identity.actor import SYSTEM
from colleague.identity.people import assign_role
from colleague.identity.sessions import open_session
from colleague.policy.asked import NotReadable, from_json, to_json, under
from colleague.policy.engine import RulesInvalid, RulesLoosen
from colleague.policy.governance import change_governance, current_governance
from colleague.policy.model import Approval, Ask, DataClass, Doubt, Effect, Governance, Label, Role, Scope, Tier
from colleague.testing.llm import call
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
_WORDS = st.text(max_size=8)


@given(
    st.builds(
        Ask, person=_WORDS, teams=st.frozensets(_WORDS), connector=_WORDS, tool=_WORDS, tier=st.sampled_from(Tier),
        scopes=st.tuples(st.builds(Scope, id=_WORDS, connector=_WORDS, team=_WORDS, covers=st.booleans())),
        label=st.builds(Label, data_class=st.sampled_from(DataClass), sources=st.frozensets(_WORDS)),
        doubts=st.tuples(st.builds(Doubt, argument=_WORDS, value=_WORDS, role=st.sampled_from(Role))),
        recipients=st.tuples(_WORDS), workflows=st.frozensets(_WORDS),
        approval=st.none() | st.builds(Approval, by=_WORDS, not_self=st.booleans()),
    )
)  # fmt: skip
def test_a_question_comes_back_as_it_was(ask: Ask) -> None:
    assert from_json(to_json(ask)) == ask


@pytest.mark.parametrize("junk", [None, [], {}, {"person": 1}, {"person": "a", "teams": [], "scopes": [{}]}, "x"])
def test_what_is_no_question_is_refused(junk: Any) -> None:
    with pytest.raises(NotReadable):
        from_json(junk)


def test_who_is_outside_rests_on_the_draft() -> None:
    ask = Ask("p", frozenset(), (), "mail", "mail_send", Tier.COMMUNICATE, recipients=("a@in.example", "b@b.example"))
    now = under(ask, Governance(internal_domains=("in.example",)))
    assert now.external == ("b@b.example",)
    assert under(now, Governance(internal_domains=("in.example", "b.example"))).external == ()


async def _replay(desk: Any, **changes: Any) -> Replay:
    house = desk.house
    async with house.database.transaction() as session:
        now = await current_governance(session)
    return await replay(house.database, house.engine, now, replace(now, **changes), days=30, clock=desk.clock)


async def _work(desk: Any) -> list[str]:
    """Three tasks: one reads, one sends inside, one sends outside."""
    tasks = [await desk.run(call("fake_read", shelf="bids", note="price"), Turn("Read."))]
    for to in ("dana@aldermoor.example", "eve@elsewhere.example"):
        goal = f"Send it to {to}"
        tasks.append(await desk.run(call("fake_send", to=to, text="Hello"), Turn("Sent."), goal=goal))
        await desk.answer(tasks[-1], "approved")
        await desk.work()
    return tasks


async def test_what_would_change_is_counted_and_named(desk: Any) -> None:
    await _work(desk)
    sent = len(desk.fake.effects)
    same = await _replay(desk)
    assert (same.calls, same.changed) == (3, 0)
    assert "None of 3 past calls" in same.sentence
    free = await _replay(desk, confirm_internal=False)
    assert free.moves == {(Effect.ASK, Effect.ALLOW): 1}
    assert free.weakens == ("confirm_internal",)
    assert [c.after < c.before for c in free.changes] == [True]
    strict = await _replay(desk, highest_input=DataClass.PUBLIC)
    assert strict.changed >= 1
    assert {c.after for c in strict.changes} == {Effect.DENY}
    assert any("highest-input" in c.rules for c in strict.changes)
    domains = await _replay(desk, internal_domains=(), confirm_internal=True)
    assert domains.moves == {}, "who is outside changes the reason, not the answer"
    rule = '@id("no-sends") @why("We send nothing.") forbid (principal, action == Action::"call", resource) '
    rule += "when { context.tier == 2 };"
    own = await _replay(desk, rules=rule)
    assert own.moves == {(Effect.ASK, Effect.DENY): 2}
    assert own.changes[0].why == "We send nothing."
    assert own.people == 1
    assert len(desk.fake.effects) == sent


async def test_rules_that_cannot_be_used_are_refused(desk: Any) -> None:
    for rules, error in (("forbid (principal, action, resource) when { nonsense };", RulesInvalid),
                         ("permit (principal, action, resource);", RulesLoosen)):  # fmt: skip
        with pytest.raises(error):
            await _replay(desk, rules=rules)


async def test_only_the_days_asked_for_and_what_can_be_read(desk: Any) -> None:
    await _work(desk)
    house = desk.house
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE calls SET question = '{\"v\": 0}' WHERE tool = 'fake_read'"))
    seen = await _replay(desk, confirm_internal=False)
    assert (seen.calls, seen.unread) == (2, 1)
    desk.clock.advance(days=40)
    assert (await _replay(desk, confirm_internal=False)).calls == 0
    for days in (0, 366):
        with pytest.raises(BadPeriod):
            await replay(house.database, house.engine, Governance(), Governance(), days=days, clock=desk.clock)


async def test_pages_and_programs(desk: Any) -> None:
    await _work(desk)
    house, owner = desk.house, desk.home.people["owner"]
    async with house.database.transaction() as session:
        before = await change_governance(
            session, owner, {"highest_external": "public"}, ledger=house.ledger, clock=desk.clock
        )

    app = create_app(house.by_type(), settings=house.settings, lifespan=None)
    clients = {}
    async with house.database.transaction() as session:
        lead = desk.home.people["rita"].id
        await assign_role(session, SYSTEM, lead, "programme_lead", ledger=house.ledger)
    for who in ("owner", "ana", "rita"):
        async with house.database.transaction() as session:
            cookie = await open_session(
                session, desk.home.people[who].id, how="password", device="t", ledger=house.ledger, clock=desk.clock
            )
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        clients[who] = httpx.AsyncClient(
            transport=transport, base_url=BASE, cookies={"colleague": cookie}, headers={"Origin": BASE}
        )
    form = {"internal_domains": "aldermoor.example", "highest_input": "confidential", "highest_external": "public",
            "dispatch_ceiling": "read", "zone": "any"}  # fmt: skip
    shown = await clients["owner"].post("/policies/replay", data=form)
    assert shown.status_code == 200, shown.text
    assert "1 of 3 past calls, of 1 person, would have been decided otherwise: 1 from ask to allow" in shown.text
    assert "Propose it" in shown.text
    assert "fake_send" in shown.text
    said = await clients["owner"].post("/api/v1/policy/replay", json={"changes": {"highest_input": "public"}})
    assert said.json()["changed"] >= 1
    assert {"task", "person"} <= said.json()["changes"][0].keys()
    # Who reads the rules and no tasks hears how many and by which rules, not who was written to.
    for who, sees in (("owner", True), ("rita", False)):
        page = await clients[who].post("/policies/replay", data={**form, "highest_input": "public"})
        assert ("<code>highest-input</code>" in page.text, "above the class" in page.text) == (True, sees)
    bad = await clients["owner"].post("/api/v1/policy/replay", json={"changes": {"nonsense": 1}})
    assert bad.status_code == 422
    for method, path in (("POST", "/policies/replay"), ("POST", "/api/v1/policy/replay")):
        refused = await clients["ana"].request(method, path, json={"changes": {}} if "api" in path else None)
        assert refused.status_code == 403, path
    assert (await clients["owner"].get("/policies/replay?proposal=proposal_none")).status_code == 404
    async with house.database.transaction() as session:
        assert await current_governance(session) == before, "nothing has changed"
    for client in clients.values():
        await client.aclose()


async def test_whose_calls_they_were_and_to_whom_they_went_is_for_who_sees_tasks(desk: Any) -> None:
    await _work(desk)
    house = desk.house
    now = Governance(internal_domains=("aldermoor.example",), confirm_internal=False)
    draft = replace(now, internal_domains=("elsewhere.example",))
    seen = await replay(house.database, house.engine, now, draft, days=30, clock=desk.clock)
    assert "dana@aldermoor.example" in str(seen.to_json(people=True))
    hidden = seen.to_json(people=False)
    assert "dana" not in str(hidden)
    assert [c["to"] for c in hidden["changes"]] == ["allow", "ask"]
    assert all(c["rules"] for c in hidden["changes"])


async def test_the_draft_of_the_governance_document(office: Any) -> None:
    await office.draft(highest_input="internal")
    app = create_app(office.house.by_type(), settings=office.house.settings, lifespan=None)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE}) as owner:
        assert (await owner.post("/sign-in/demo", data={"person": "owner@aldermoor.example"})).status_code == 303
        assert 'href="/governance/draft/replay"' in (await owner.get("/governance/draft")).text
        page = await owner.get("/governance/draft/replay")
        assert "Highest class that may reach an agent" in page.text
        assert "There are no past calls to compare with yet." in page.text
        said = (await owner.post("/api/v1/policy/replay", json={"document": True})).json()
        assert (said["calls"], said["weakens"]) == (0, [])
        assert (await owner.post("/governance/draft/discard")).status_code == 303
        assert (await owner.get("/governance/draft/replay")).status_code == 404
