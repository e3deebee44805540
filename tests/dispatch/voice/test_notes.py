"""A voice note is decided on, written down, shown, and acts only after a tap; the recording is gone after a day."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from tests.dispatch.voice.recordings import amr, ogg, wav

from colleague.audit.tables import EntryRow
from colleague.dispatch.triggers.tables import DrillRow
from colleague.dispatch.voice.hear import MayNotHear, NotSetUp, NotWrittenDown
from colleague.dispatch.voice.notes import forget_old, transcribe
from colleague.dispatch.voice.tables import VoiceNoteRow
from colleague.identity.tokens import create_token
from colleague.models.papers import BadPaper
from colleague.policy.model import Zone
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, agreed, furnish
from colleague.testing.transcription import Transcription, transcription
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
NOTES = "/api/v1/dispatch/voice"
PAPER = "DPA 2026-17; 2026-01-15; 2027-01-14; all"


@pytest.fixture
def service() -> Iterator[Transcription]:
    with transcription() as service:
        yield service


class Phone:
    """Homes with this or that in the settings, and doors of their people."""

    def __init__(self, url: str, folder: Path, clock: TestClock) -> None:
        self._url, self._folder, self.clock = url, folder, clock
        self.home: TestHouse

    async def open(self, **settings: Any) -> TestHouse:
        self.home = await furnish(self._url, self._folder, clock=self.clock, **settings)
        return self.home

    @asynccontextmanager
    async def door(self, who: str = "ana") -> AsyncIterator[httpx.AsyncClient]:
        house = self.home.house
        async with house.database.transaction() as session:
            token = await create_token(
                session, self.home.people[who], "t", ["own:dispatch:use", "own:tasks:use"], days=1,
                ledger=house.ledger, clock=self.clock,
            )  # fmt: skip
        app = create_app(house.by_type(), settings=house.settings, lifespan=None)
        headers = {"authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as client:
            yield client

    async def told(self, *verbs: str) -> list[dict[str, Any]]:
        """Return the data of entries of the ledger, in order; `verb` stands beside."""
        async with self.home.house.database.transaction() as session:
            query = select(EntryRow).where(EntryRow.verb.in_(verbs)).order_by(EntryRow.id)
            return [{"verb": row.verb, **json.loads(row.body)["data"]} for row in await session.scalars(query)]

    async def rows(self) -> list[VoiceNoteRow]:
        async with self.home.house.database.transaction() as session:
            return list(await session.scalars(select(VoiceNoteRow)))


@pytest.fixture
async def phone(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Phone]:
    phone = Phone(database_url, tmp_path, clock)
    yield phone
    await phone.home.house.close()


def own(service: Transcription, **more: Any) -> dict[str, Any]:
    return {"transcription_url": service.url, "transcription_zone": "own", "transcription_key": "sk-of-ours", **more}


async def say(door: httpx.AsyncClient, content: bytes = b"", **headers: str) -> httpx.Response:
    return await door.post(NOTES, files={"audio": ("a.bin", content or wav(2), "text/plain")}, headers=headers)


async def test_words_are_shown_changed_and_act_after_a_tap(phone: Phone, service: Transcription) -> None:
    await phone.open(**own(service))
    async with phone.door() as door:
        answer = await say(door, ogg(4))
        assert answer.status_code == 201
        note = answer.json()
        assert (note["state"], note["transcript"]) == ("written", "brief Harbour City")
        headers, body = service.asked[0]
        assert headers["authorization"] == "Bearer sk-of-ours"
        assert b'name="model"\r\n\r\nwhisper-1\r\n' in body
        assert b'filename="voice.ogg"\r\nContent-Type: audio/ogg\r\n\r\nOggS' in body
        assert (await door.get("/api/v1/tasks")).json() == [], "nothing happens before a tap"

        page = await door.get(f"/dispatch/voice/{note['id']}")
        assert "brief Harbour City</textarea>" in page.text
        assert (await door.get(f"/dispatch/voice/{note['id']}/audio")).content == ogg(4)

        words = {"words": "Brief me on Harbour City", "how": "task"}
        sent = [await door.post(f"{NOTES}/{note['id']}/send", json=words) for _ in range(3)]
        assert len({a.json()["task"] for a in sent}) == 1
        tasks = (await door.get("/api/v1/tasks")).json()
        assert [t["title"] for t in tasks] == ["Brief me on Harbour City"]
        assert (await door.get(f"/dispatch/voice/{note['id']}/audio")).status_code == 404
        assert (
            await door.post(f"{NOTES}/{note['id']}/send", json={"words": "Other", "how": "task"})
        ).status_code == 409
        assert (await door.post(f"{NOTES}/{note['id']}/send", json={"words": "Other"})).status_code == 409
    (row,) = await phone.rows()
    assert (row.content, row.transcript, row.state) == (None, "", "sent")
    entries = await phone.told("voice.received", "voice.decided", "voice.transcribed", "voice.sent")
    verbs = ["voice.received", "voice.decided", "voice.transcribed", "voice.sent"]
    assert list(dict.fromkeys(e["verb"] for e in entries)) == verbs, "on record before anything left"
    record = json.dumps(entries)
    assert "Harbour" not in record
    assert "sk-of-ours" not in record


async def test_what_dispatch_refuses_keeps_the_note_and_what_it_does_ends_it(
    phone: Phone, service: Transcription
) -> None:
    home = await phone.open(**own(service))
    async with phone.door() as door:
        note = (await say(door)).json()["id"]
        for _ in range(2):
            phone.clock.advance(seconds=5)
            refused = (await door.post(f"{NOTES}/{note}/send", json={"words": "status"})).json()
            assert refused["state"] == "refused"
            assert "/dispatch/drill" in refused["text"]
        page = await door.get(f"/dispatch/voice/{note}")
        assert "/dispatch/drill" in page.text
        assert "status</textarea>" in page.text
        async with home.house.database.transaction() as session:
            session.add(DrillRow(person_id=home.people["ana"].id, tries=1, passed_at=phone.clock.now()))
        done = (await door.post(f"{NOTES}/{note}/send", json={"words": "status"})).json()
        assert (done["state"], done["text"]) == ("answered", "You have no tasks.")
        assert "You have no tasks." in (await door.get(f"/dispatch/voice/{note}")).text
        assert (await door.post(f"{NOTES}/{note}/send", json={"words": "status"})).status_code == 409
    assert (await phone.rows())[0].content is None


async def test_the_same_recording_sent_again_is_one_note(phone: Phone, service: Transcription) -> None:
    await phone.open(**own(service))
    key = {"Idempotency-Key": "voice-0123456789abcdef"}
    async with phone.door() as door:
        answers = await asyncio.gather(*(say(door, **key) for _ in range(4)))
        # One of them has it written down; the others find it being written, or written.
        assert {a.status_code for a in answers} == {201}
        assert {a.json()["state"] for a in answers} <= {"kept", "writing", "written"}
        assert len(await phone.rows()) == 1
        assert len(service.asked) == 1
        assert (await say(door, **key)).json()["transcript"] == "brief Harbour City"
        assert (await say(door, wav(3), **key)).status_code == 409


async def test_without_settings_it_is_absent_and_says_so(phone: Phone, service: Transcription) -> None:
    await phone.open()
    async with phone.door() as door:
        answer = await say(door)
        assert (answer.status_code, answer.json()["code"]) == (409, "NotSetUp")
        page = await door.get("/dispatch/voice")
        assert "not set up here" in page.text
        assert '<form method="post" action="/dispatch/voice"' not in page.text
    with pytest.raises(NotSetUp):
        await transcribe(phone.home.people["ana"], wav(1), ears=phone.home.house.ears)


@pytest.mark.parametrize(
    ("paper", "rule"), [(None, "think-no-training"), ("DPA; 2025-01-01; 2026-02-01; all", "think-no-training"),
                        (PAPER, "think-zone")],
)  # fmt: skip
async def test_a_service_that_may_not_hear_is_given_nothing(
    phone: Phone, service: Transcription, paper: str | None, rule: str
) -> None:
    home = await phone.open(
        transcription_url=service.url, transcription_zone="us", transcription_attestation=paper, egress_private=True
    )
    if rule == "think-zone":
        async with home.house.database.transaction() as session:
            await agreed(
                session, home.people["owner"], {"zone": Zone.EU}, ledger=home.house.ledger, clock=home.house.clock
            )
    async with phone.door() as door:
        note = (await say(door)).json()
    assert note["state"] == "failed"
    assert "COLLEAGUE_TRANSCRIPTION" in note["why"]
    assert not service.asked
    (decided,) = await phone.told("voice.decided")
    assert decided["effect"] == "deny"
    assert rule in decided["rules"]
    with pytest.raises(MayNotHear):
        await transcribe(phone.home.people["ana"], wav(1), ears=phone.home.house.ears)


async def test_an_attested_service_hears_and_another_channel_may_ask(phone: Phone, service: Transcription) -> None:
    await phone.open(
        transcription_url=service.url, transcription_zone="eu", transcription_attestation=PAPER, egress_private=True
    )
    ana, ears = phone.home.people["ana"], phone.home.house.ears
    assert await transcribe(ana, amr(3), ears=ears) == "brief Harbour City"
    assert await phone.rows() == [], "what another channel brought is not kept"


async def test_a_paper_that_is_none_stops_the_start(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(BadPaper, match="COLLEAGUE_TRANSCRIPTION_ATTESTATION"):
        await furnish(database_url, tmp_path, transcription_attestation="yes")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": "sk-of-ours"}),
        (401, {}),
        (200, b"not json"),
        (200, {"text": "  "}),
        (200, {"text": 7}),
        (200, []),
    ],
)
async def test_a_service_that_fails_loses_nothing(phone: Phone, service: Transcription, status: int, body: Any) -> None:
    await phone.open(**own(service))
    service.status, service.body = status, body
    async with phone.door() as door:
        note = (await say(door)).json()
        assert note["state"] == "failed"
        assert "try again" in note["why"]
        assert "sk-of-ours" not in note["why"]
        service.status, service.body = 200, {"text": "Now\x00 it works"}
        await door.post(f"/dispatch/voice/{note['id']}/write")
        assert (await door.get(f"{NOTES}/{note['id']}")).json()["transcript"] == "Now it works"
    service.status, service.body = status, body
    with pytest.raises(NotWrittenDown):
        await transcribe(phone.home.people["ana"], wav(1), ears=phone.home.house.ears)


async def test_what_is_no_voice_note_is_refused(phone: Phone, service: Transcription) -> None:
    await phone.open(**own(service))
    async with phone.door() as door:
        for content, code in ((b"%PDF-1.7", "NotARecording"), (wav(301), "RecordingTooLarge"),
                              (b"#!AMR\n" + b"\x3c" * 10_000_001, "RecordingTooLarge")):  # fmt: skip
            answer = await say(door, content)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert not await phone.rows()
        for number in range(20):
            assert (await say(door, wav(1 + number / 10))).status_code == 201
        assert (await say(door)).json()["code"] == "TooManyNotes"
    assert len(service.asked) == 20


async def test_a_note_is_its_owners_alone_and_can_be_deleted(phone: Phone, service: Transcription) -> None:
    await phone.open(**own(service))
    async with phone.door() as ana, phone.door("ben") as ben, phone.door("owner") as owner:
        note = (await say(ana)).json()["id"]
        for other in (ben, owner):
            for path in (f"{NOTES}/{note}", f"/dispatch/voice/{note}", f"/dispatch/voice/{note}/audio"):
                assert (await other.get(path)).status_code == 404
            assert (await other.post(f"{NOTES}/{note}/send", json={"words": "x"})).status_code == 404
            assert (await other.delete(f"{NOTES}/{note}")).status_code == 404
            assert (await other.get(NOTES)).json() == []
        assert (await ana.delete(f"{NOTES}/{note}")).status_code == 204
        assert (await ana.get(f"{NOTES}/{note}")).status_code == 404
        assert (await ana.delete(f"{NOTES}/{note}")).status_code == 404
    (row,) = await phone.rows()
    assert (row.content, row.transcript, row.state) == (None, "", "deleted")


async def test_nobody_keeps_the_service_busy(phone: Phone, service: Transcription) -> None:
    await phone.open(**own(service))
    async with phone.door() as door:
        for _ in range(60):
            note = (await say(door)).json()["id"]
            assert (await door.delete(f"{NOTES}/{note}")).status_code == 204
        assert (await say(door)).json()["code"] == "TooOften"
        phone.clock.advance(hours=1)
        assert (await say(door)).status_code == 201
    assert len(service.asked) == 61


async def test_recordings_go_after_a_day(phone: Phone, service: Transcription, clock: TestClock) -> None:
    home = await phone.open(**own(service))
    async with phone.door() as door:
        await say(door)
    things = {"database": home.house.database, "ledger": home.house.ledger, "clock": clock}
    clock.advance(hours=23)
    assert await forget_old(**things) == 0
    clock.advance(hours=1)
    assert await forget_old(**things) == 1
    async with home.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(VoiceNoteRow)) == 0
    (gone,) = await phone.told("voice.deleted")
    assert gone["why"] == "a day has passed"
    assert hashlib.sha256(wav(2)).hexdigest() not in str(await phone.told("voice.received"))
