"""What another agent exports is counted once beside what was done here, by people's own ids, and holds no content."""

import asyncio
import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from sqlalchemy import select
from tests.adoption.telemetry_kit import EVER, PROMPT, SESSION, Fleet, as_json, as_protobuf, export
from tests.adoption.test_validation import live

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import visits
from colleague.adoption.facts.recount import recount
from colleague.adoption.kpis.work import completion_of
from colleague.adoption.telemetry.accept import forget_seen
from colleague.adoption.telemetry.model import ALLOWED
from colleague.adoption.telemetry.sources import (
    BadSource,
    SourceRevoked,
    SourceTaken,
    create_source,
    list_sources,
    renew_source,
    revoke_source,
)
from colleague.adoption.telemetry.tables import SeenRow
from colleague.identity.actor import PermissionMissing
from colleague.identity.sessions import open_session
from colleague.identity.tokens import create_token

pytestmark = pytest.mark.anyio
OWN = {"origin": "http://127.0.0.1:8080"}
SECRET = "Draft the termination letter of Mr Quill"


@pytest.mark.parametrize("kind", ["json", "protobuf"])
async def test_a_prompt_a_decision_and_an_answer_are_counted_as_done(fleet: Fleet, kind: str) -> None:
    at, ana = fleet.now.replace(microsecond=0), fleet.programme.home.people["ana"].id
    sent = (
        fleet.event("user_prompt", 1, at=at, prompt=SECRET, prompt_length=41),
        fleet.event("skill_activated", 2, at=at, skill__name="theirs:policy-qa"),
        fleet.event("tool_decision", 3, at=at + timedelta(seconds=2), source="config", decision="accept"),
        fleet.event("tool_decision", 4, at=at + timedelta(seconds=3), source="user_reject", decision="reject"),
        fleet.event("tool_result", 5, at=at, success="false", tool_input=SECRET, error=SECRET, tool_name=SECRET),
        fleet.event("api_request", 6, at=at, model="sonnet-5", cost_usd=0.25, input_tokens=1200, output_tokens="7"),
        fleet.event("plugin_loaded", 7, at=at, plugin__name=SECRET),
        fleet.event("assistant_response", 8, at=at + timedelta(seconds=9), response=SECRET),
        fleet.event("api_request_body", 9, at=at, body=SECRET),
    )
    answer = await fleet.send(*sent, kind=kind)
    assert answer.status_code == 200
    assert answer.content == (b"{}" if kind == "json" else b"")
    assert await fleet.acted() == [(ana, "start", at), (ana, "decide", at + timedelta(seconds=3))]
    (run,) = await fleet.ran()
    assert (run.person, run.workflow, run.end, run.asked_at) == (ana, "theirs:policy-qa", "delivered", at)
    assert run.ended_at == at + timedelta(seconds=9)
    entry = next(f for f in await _ledger(fleet) if f["verb"] == "telemetry.received")["data"]
    assert entry["events"]["api_request"] == 1
    assert entry["totals"] == {
        "accept": 1, "reject": 1, "failed tools": 1, "cost_microusd": 250_000, "input_tokens": 1200, "output_tokens": 7,
    }  # fmt: skip
    assert (entry["accepted"], entry["models"], entry["services"]) == (8, {"sonnet-5": 1}, ["claude-code"])
    (source,) = await fleet.programme.do(list_sources, fleet.programme.lead)
    assert (source.accepted, source.ignored, source.refused, source.strangers) == (8, 1, 0, 0)
    # No content, and of ids only digests: nothing else than what is allowed was ever written.
    kept = await fleet.stored()
    assert SECRET not in kept
    assert PROMPT not in kept
    assert SESSION not in kept
    assert not ALLOWED & {"prompt", "response", "tool_input", "tool_parameters", "error", "body", "tool_name"}


async def _ledger(fleet: Fleet) -> list[dict[str, Any]]:
    from colleague.audit.read import entries

    async with fleet.programme.house.database.transaction() as session:
        found = await entries(session, "system", ledger=fleet.programme.house.ledger, limit=500)
    return [{"verb": e.verb, "subject": e.subject, "actor": e.actor, "data": e.data} for e in found[::-1]]


async def test_the_same_is_counted_once_however_often_and_from_whom_it_comes(fleet: Fleet) -> None:
    one, two = fleet.event("user_prompt", 1), fleet.event("user_prompt", 2, prompt__id=None)
    await asyncio.gather(*(fleet.send(one, two) for _ in range(6)))
    await fleet.send(one, one, two, kind="protobuf")
    # The same number says another thing: it was taken already.
    await fleet.send(fleet.event("tool_decision", 1, source="user_temporary", decision="accept"))
    assert len(await fleet.acted()) == 2
    owner = fleet.programme.home.people["owner"]
    _, other = await fleet.programme.do(create_source, owner, "Desktops", days=1, **fleet.programme.told)
    # Another source neither takes a number away from the first, nor is it kept from its own.
    await fleet.send(fleet.event("user_prompt", 3), token=other)
    await fleet.send(fleet.event("user_prompt", 3))
    assert len(await fleet.acted()) == 4
    sources = {s.name: s for s in await fleet.programme.do(list_sources, fleet.programme.lead)}
    assert (sources["Laptops"].accepted, sources["Desktops"].accepted) == (3, 1)
    assert sources["Laptops"].repeated == 5 * 2 + 3 + 1
    # Without a number an event is known by its prompt and by what it says.
    loose = fleet.event("user_prompt", None)
    await fleet.send(loose)
    await fleet.send(loose)
    assert len(await fleet.acted()) == 5
    assert not await recount(fleet.programme.house.database)


async def test_names_come_prefixed_or_not_in_attribute_field_or_body(fleet: Fleet) -> None:
    plain, field, body = (fleet.event("user_prompt", n, event__name=None) for n in (1, 2, 3))
    plain["attributes"].append({"key": "event.name", "value": {"stringValue": "cowork.user_prompt"}})
    field["eventName"], field["body"] = "user_prompt", {"kvlistValue": {"values": []}}
    body["body"] = {"stringValue": "claude_code.user_prompt"}
    neither = fleet.event("user_prompt", 4, event__name=None)
    neither["body"] = {"stringValue": "I would like to talk about user_prompt"}
    assert (await fleet.send(plain, field, body, neither)).json() == {}
    assert len(await fleet.acted()) == 3


async def test_what_is_unknown_late_or_of_tomorrow_is_said_in_part(fleet: Fleet) -> None:
    now = fleet.now
    sent = (
        fleet.event("user_prompt", 1, user__email="stranger@elsewhere.example"),
        fleet.event("user_prompt", 2, user__email=None, user__account_uuid="somebody-unknown"),
        fleet.event("user_prompt", 3, user__email=None),
        fleet.event("user_prompt", 4, at=now + timedelta(minutes=6)),
        fleet.event("user_prompt", 5, at=now - timedelta(days=31)),
        fleet.event("user_prompt", 6, at=now + timedelta(minutes=4)),
        fleet.event("user_prompt", 7, at=now - timedelta(days=20)),
        fleet.event("user_prompt", None, prompt__id=None),
    )
    answer = (await fleet.send(*sent)).json()["partialSuccess"]
    assert answer["rejectedLogRecords"] == "3"
    for word in ("five minutes in the future", "thirty days old", "without session.id and event.sequence"):
        assert word in answer["errorMessage"]
    parsed = ExportLogsServiceResponse.FromString((await fleet.send(*sent, kind="protobuf")).content)
    assert parsed.partial_success.rejected_log_records == 3
    assert [at for _, _, at in await fleet.acted()] == [now - timedelta(days=20), now + timedelta(minutes=4)]
    (source,) = await fleet.programme.do(list_sources, fleet.programme.lead)
    assert (source.accepted, source.strangers, source.refused) == (5, 2, 6)
    kept = await fleet.stored()
    assert "stranger@elsewhere" not in kept
    assert "somebody-unknown" not in kept
    # What came is forgotten when it could not be taken any more; until then it is known.
    house, clock = fleet.programme.house, fleet.programme.clock
    assert await fleet.programme.do(forget_seen, clock=clock) == 0
    clock.advance(days=11)
    assert await fleet.programme.do(forget_seen, clock=clock) == 1
    assert (await fleet.send(sent[6])).json()["partialSuccess"]["rejectedLogRecords"] == "1"
    async with house.database.transaction() as session:
        assert len((await session.scalars(select(SeenRow.key))).all()) == 4


async def test_sessions_are_those_of_the_person_over_all_channels_in_whatever_order(fleet: Fleet) -> None:
    base = fleet.now
    fleet.programme.clock.advance(hours=6)

    def prompt(number: int, minutes: int) -> dict[str, Any]:
        # Foreign session ids change nothing: a person's session is told from the gaps between what they do.
        return fleet.event("user_prompt", number, at=base + timedelta(minutes=minutes), session__id=f"s{number}")

    await fleet.send(prompt(1, 100))
    await fleet.send(prompt(2, 20))
    await fleet.send(prompt(3, 60))
    await fleet.send(prompt(4, 0))
    await fleet.programme.rolled()
    await fleet.programme.record("task.steered")
    await fleet.send(prompt(5, 40))
    await fleet.send(prompt(6, 85))
    await fleet.programme.rolled()
    async with fleet.programme.house.database.transaction() as session:
        found = await visits(session, *EVER)
    assert [(v.start - base, v.end - base, v.actions) for v in found] == [
        (timedelta(0), timedelta(minutes=100), 6), (timedelta(hours=6), timedelta(hours=6), 1),
    ]  # fmt: skip
    # Counted again from nothing by other means: nothing differs.
    assert not await recount(fleet.programme.house.database)


async def test_a_run_is_told_of_in_any_order_and_a_headless_one_is_nobodys_doing(fleet: Fleet) -> None:
    at = fleet.now
    fleet.programme.clock.advance(minutes=10)
    steps = [
        fleet.event("api_error", 9, at=at + timedelta(minutes=1)),
        fleet.event("assistant_response", 8, at=at + timedelta(minutes=2)),
        fleet.event("api_error", 7, at=at + timedelta(seconds=30)),
        fleet.event("skill_activated", 6, at=at + timedelta(seconds=3), skill__name="custom_skill"),
        fleet.event("user_prompt", 5, at=at),
    ]
    for one in steps:
        await fleet.send(one)
    await fleet.send(
        fleet.event("user_prompt", 1, session__id="ci", prompt__id="other", app__entrypoint="sdk-cli"),
        fleet.event("api_error", 2, session__id="ci", prompt__id="other"),
    )
    first, second = await fleet.ran()
    assert (first.workflow, first.end, first.asked_at) == ("ad hoc", "delivered", at)
    assert first.ended_at == at + timedelta(minutes=2)
    assert second.end == "failed"
    assert [at for _, _, at in await fleet.acted()] == [at]
    assert not await recount(fleet.programme.house.database)


async def test_a_skill_of_theirs_alone_is_no_workflow_and_a_run_without_an_end_is_not_abandoned(fleet: Fleet) -> None:
    """R93, B-6, AD-7: a fleet that tells no ends is no fleet of which nobody completes anything."""
    programme = fleet.programme
    told = (("policy-qa", True), ("policy-qa", False), ("policy-qa", False), ("only-theirs", True), ("rfp", True))
    for n, (skill, answered) in enumerate(told):
        prompt = {"prompt__id": f"p{n}"}
        await fleet.send(fleet.event("user_prompt", 10 * n, **prompt))
        await fleet.send(fleet.event("skill_activated", 10 * n + 1, skill__name=skill, **prompt))
        if answered:
            await fleet.send(fleet.event("assistant_response", 10 * n + 2, **prompt))
    assert sorted(run.workflow for run in await fleet.ran()) == ["ad hoc"] * 2 + ["policy-qa"] * 3
    # A use case that was launched publishes its skill's name.
    await live(programme, [100.0] * 12)
    await fleet.send(fleet.event("skill_activated", 98, skill__name="rfp", prompt__id="p5"))
    await fleet.send(fleet.event("assistant_response", 99, prompt__id="p5"))
    ran = {run.id: run for run in await fleet.ran()}
    assert sorted(run.workflow for run in ran.values()) == ["ad hoc"] * 2 + ["policy-qa"] * 3 + ["rfp"]
    assert sorted(run.end for run in ran.values()) == ["delivered"] * 4 + ["untold"] * 2
    assert not await recount(programme.house.database)
    programme.clock.advance(days=30)
    found = completion_of(ran.values(), await programme.do(read_calendar), now=programme.clock.now())
    assert found is not None
    assert (found.rate.value, found.rate.n, found.reasons) == (1.0, 2, {})
    async with programme.client(programme.lead, "org:adoption:read") as client:
        page = (await client.get("/adoption/telemetry")).text
        (source,) = (await client.get("/api/v1/adoption/telemetry/sources")).json()
    assert "Of 2 of 6 runs in twelve weeks no end was told" in page
    assert (source["runs"], source["runs_without_end"]) == (6, 2)


async def test_only_a_token_of_a_source_that_holds_opens_the_door(fleet: Fleet) -> None:
    one, programme = fleet.event("user_prompt", 1), fleet.programme
    owner = programme.home.people["owner"]
    api = await programme.do(create_token, owner, "t", ["org:settings:manage"], days=1, **programme.told)
    for token in ("otlp_" + "x" * 43, api, fleet.token + "x", "x" * 10_000):
        answer = await fleet.send(one, token=token)
        assert answer.status_code in (401, 429)
    answer = await fleet.send(one, kind="protobuf", token=api)
    assert Status.FromString(answer.content).code in (16, 8)
    assert answer.headers["retry-after"] if answer.status_code == 429 else answer.headers["www-authenticate"]
    # And it opens nothing else.
    answer = await fleet.client.get("/api/v1/adoption/weeks", headers={"authorization": f"Bearer {fleet.token}"})
    assert answer.status_code == 401
    fresh = await programme.do(renew_source, owner, fleet.source, days=2, **programme.told)
    assert (await fleet.send(one)).status_code in (401, 429)
    assert (await fleet.send(one, token=fresh)).status_code == 200
    programme.clock.advance(days=2)
    assert (await fleet.send(one, token=fresh)).status_code in (401, 429)
    fresh = await programme.do(renew_source, owner, fleet.source, days=2, **programme.told)
    await programme.do(revoke_source, owner, fleet.source, **programme.told)
    assert (await fleet.send(one, token=fresh)).status_code in (401, 429)
    with pytest.raises(SourceRevoked):
        await programme.do(renew_source, owner, fleet.source, days=2, **programme.told)
    assert len(await fleet.acted()) == 1
    kept = await fleet.stored()
    assert fleet.token not in kept
    assert fresh not in kept


async def test_sources_are_made_by_who_may_and_named_once(fleet: Fleet) -> None:
    programme = fleet.programme
    owner, ana = programme.home.people["owner"], programme.home.people["ana"]
    for name, days in (("", 1), ("x" * 81, 1), ("colleague", 1), ("a\x00b", 1), ("ok", 0), ("ok", 731)):
        with pytest.raises(BadSource):
            await programme.do(create_source, owner, name, days=days, **programme.told)
    for deed, things in ((create_source, ("New",)), (renew_source, (fleet.source,))):
        with pytest.raises(PermissionMissing):
            await programme.do(deed, ana, *things, days=1, **programme.told)
    with pytest.raises(PermissionMissing):
        await programme.do(list_sources, ana)
    found = await asyncio.gather(
        *(programme.do(create_source, owner, "Twice", days=1, **programme.told) for _ in range(4)),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, SourceTaken) for one in found) == [False, True, True, True]


async def test_what_is_too_much_or_no_export_is_refused_in_words(fleet: Fleet) -> None:
    one = fleet.event("user_prompt", 1)
    packed = gzip.compress(as_json(export(one)))
    assert (await fleet.post(packed, content_encoding="gzip")).json() == {}
    assert (await fleet.post(packed[: len(packed) // 2] + packed[-20:], content_encoding="gzip")).status_code == 400
    bomb = gzip.compress(b" " * 40_000_000)
    assert len(bomb) < 100_000
    cases: list[tuple[bytes, str, dict[str, str], int]] = [
        (bomb, "json", {"content_encoding": "gzip"}, 413),
        (bomb, "protobuf", {"content_encoding": "gzip"}, 413),
        (b"x" * 4_000_001, "json", {}, 413),
        # Empty parts hold no record and are counted all the same; so are the members of a packed body.
        (b"\x0a\x00" * 5_001, "protobuf", {}, 413),
        (b"\x0a\x94\x4e" + b"\x12\x00" * 5_002, "protobuf", {}, 413),
        (b'{"resourceLogs": [' + b"{}," * 5_000 + b"{}]}", "json", {}, 413),
        (b'{"resourceLogs": [{"scopeLogs": [' + b"{}," * 5_000 + b"{}]}]}", "json", {}, 413),
        (gzip.compress(b"") * 17, "json", {"content_encoding": "gzip"}, 413),
        (as_json(export(*[one] * 5_001)), "json", {}, 413),
        (gzip.compress(as_protobuf(export(*[one] * 30_000))), "protobuf", {"content_encoding": "gzip"}, 413),
        (b"[" * 100_000, "json", {}, 400),
        (b'{"resourceLogs":' + b'[{"a":' * 50_000, "json", {}, 400),
        (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": NaN}]}]}]}', "json", {}, 400),
        (b"\xff\xfe", "json", {}, 400),
        (b"", "json", {}, 400),
        (b"\x0a\xff", "protobuf", {}, 400),
        (b"\x0a\x04\x0a" * 2000, "protobuf", {}, 400),
        (b"{}", "json", {"content_encoding": "br"}, 415),
        (b"{}", "json", {"content_type": "text/plain"}, 415),
    ]
    for body, kind, headers, status in cases:
        answer = await fleet.post(body, kind, **headers)
        assert answer.status_code == status, (body[:40], kind, headers, answer.text)
        if kind == "protobuf":
            assert answer.headers["content-type"] == "application/x-protobuf"
            assert Status.FromString(answer.content).message
        else:
            assert answer.json()["message"]
    assert (await fleet.post(b"", "protobuf")).status_code == 200
    assert (await fleet.client.get("/v1/logs")).status_code == 405
    assert len(await fleet.acted()) == 1


async def test_too_many_at_once_are_told_when_to_come_again(fleet: Fleet) -> None:
    object.__setattr__(fleet.programme.house.telemetry.rate, "per_second", 1.0)
    found = [await fleet.send(fleet.event("user_prompt", 1), kind="protobuf") for _ in range(4)]
    slow = [one for one in found if one.status_code == 429]
    assert slow
    assert slow[0].headers["retry-after"] == "1"
    assert Status.FromString(slow[0].content).code == 8


async def test_odd_values_are_left_out_and_never_break_anything(fleet: Fleet) -> None:
    odd = [
        fleet.event("user_prompt", 1, prompt__id="a\x00b"),
        fleet.event("skill_activated", 2, skill__name="../../etc\x00"),
        fleet.event("api_request", 3, cost_usd="NaN", input_tokens=-4, output_tokens="1e400", model="x" * 5000),
        fleet.event("user_prompt", 4, user__email="ana\x00@aldermoor.example"),
        fleet.event("user_prompt", 5, event__timestamp="0001-01-01T00:00:00+14:00"),
        fleet.event("user_prompt", 6, event__timestamp="not a time"),
        fleet.event("user_prompt", None, event__sequence="²", prompt__id=None),
    ]
    odd[0]["attributes"].append({"key": "user.id", "value": {"arrayValue": {"values": []}}})
    odd[3]["attributes"].append({"key": "user.id", "value": {"stringValue": "\ud800"}})
    answer = await fleet.send(*odd)
    assert answer.status_code == 200
    assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "2"
    assert len(await fleet.acted()) == 2


async def test_a_source_is_made_renewed_and_revoked_on_the_page_and_by_program(fleet: Fleet) -> None:
    programme = fleet.programme
    owner = programme.home.people["owner"]
    async with programme.client(programme.lead, "org:adoption:read") as client:
        page = await client.get("/adoption/telemetry")
        assert "Laptops" in page.text
        assert "New source" not in page.text
        assert (await client.get("/api/v1/adoption/telemetry/sources")).json()[0]["accepted"] == 0
    async with programme.client(owner, "org:settings:manage", "org:adoption:read") as client:
        # A token makes no tokens: somebody must be there.
        answer = await client.post("/api/v1/adoption/telemetry/sources", json={"name": "New"})
        assert answer.status_code == 403
        assert (await client.post(f"/api/v1/adoption/telemetry/sources/{fleet.source}/revoke")).status_code == 204
        assert (await client.post("/api/v1/adoption/telemetry/sources/nothing/revoke")).status_code == 404
    async with programme.house.database.transaction() as session:
        cookie = await open_session(session, owner.id, how="demo", device="x", **programme.told)
    fleet.client.cookies.set("colleague", cookie)
    made = await fleet.client.post("/adoption/telemetry", data={"name": "Tablets", "days": "3"}, headers=OWN)
    assert made.status_code == 200
    token = re.findall(r"otlp_[\w-]{43}", made.text)[0]
    assert (await fleet.send(fleet.event("user_prompt", 1), token=token)).status_code == 200
    assert "otlp_" not in (await fleet.client.get("/adoption/telemetry")).text
