"""A house whose doors of Dispatch are open, and hands that knock at them as the services do."""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.channels.addresses.find import find_bound
from colleague.dispatch.doors.answers.tables import AnswerRow
from colleague.dispatch.doors.parts import Doors
from colleague.dispatch.doors.slack.verify import signature as slack_signature
from colleague.dispatch.doors.sms.verify import signature as sms_signature
from colleague.identity.actor import Actor
from colleague.testing.addresses import bind
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.pipeline import Pipeline
from colleague.testing.serving import serving
from colleague.web.app import create_app

BASE = "https://colleague.example"
ACCOUNT, TOKEN, NUMBER, PHONE = "AC" + "0" * 32, "sms-token", "+15551234567", "+447911123456"
SECRET, TEAM, MEMBER = "slack-secret", "T1DC2JH3J", "U2CERLKJA"


@dataclass
class Services:
    """The far side of the doors: a provider's files and Slack's Web API. `asked` lists the paths that were called."""

    files: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    slack: dict[str, Any] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(body) for one, _, body in self.asked if one == path]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            piece = await receive()
            body += piece.get("body", b"")
            if not piece.get("more_body"):
                break
        path = scope["path"]
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.asked.append((path, headers, body))
        status, more, content = self.files.get(path, (404, {}, b""))
        if path.startswith("/api/"):
            content = {"ok": True, "team_id": TEAM, "channel": {"id": "D1"}, "ts": "1.1"}
            content = json.dumps(content | self.slack.get(path.removeprefix("/api/"), {})).encode()
            status, more = 200, {}
        elif path.startswith("/actions/"):
            status, content = 200, b"ok"
        pairs = [(k.encode(), v.encode()) for k, v in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})


@dataclass
class Knocker:
    """The house, its doors, and what it takes to knock."""

    home: TestHouse
    doors: Doors
    pipeline: Pipeline
    client: httpx.AsyncClient
    clock: TestClock
    services: Services
    app: Any
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    deaf: Exception | None = None

    async def hear(self, actor: Actor, recording: bytes) -> str:
        """Write down what is said in a recording, or fail."""
        self.heard.append((actor.id, recording))
        if self.deaf is not None:
            raise self.deaf
        return "brief acme"

    async def text(self, url: str = f"{BASE}/dispatch/in/sms", **changes: str) -> httpx.Response:
        """Send a text message, signed for `url`."""
        sid = "SM" + hashlib.sha256(changes.pop("sid", "1").encode()).hexdigest()[:32]
        form = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": PHONE, "To": NUMBER, "Body": "brief acme", **changes}
        return await self.post_form(list(form.items()), url=url)

    async def post_form(
        self, pairs: list[tuple[str, str]], *, url: str = f"{BASE}/dispatch/in/sms", sign: str | None = None
    ) -> httpx.Response:
        headers = {
            "X-Twilio-Signature": sms_signature(TOKEN, url, pairs) if sign is None else sign,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await self.client.post("/dispatch/in/sms", content=urlencode(pairs), headers=headers)

    async def slack(self, door: str, body: bytes | Mapping[str, Any], **headers: str) -> httpx.Response:
        """Send a request of Slack, signed now."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode() if door == "events" else urlencode(body).encode()
        stamp = str(int(self.clock.now().timestamp()))
        sent = {
            "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": slack_signature(SECRET, stamp, body),
            "Content-Type": "application/x-www-form-urlencoded", **{k.replace("_", "-"): v for k, v in headers.items()},
        }  # fmt: skip
        return await self.client.post(f"/dispatch/in/slack/{door}", content=body, headers=sent)

    def command(self, text: str, **changes: str) -> dict[str, str]:
        return {
            "team_id": TEAM, "user_id": MEMBER, "command": "/colleague", "text": text, "trigger_id": "1.2.3",
            "channel_id": "C01234567", **changes,
        }  # fmt: skip

    def event(self, text: str, *, id_: str = "Ev01", **changes: Any) -> dict[str, Any]:
        inner = {
            "type": "message", "channel_type": "im", "user": MEMBER, "text": text, "ts": f"{time.time():.4f}",
            "channel": "D01234567", **changes,
        }  # fmt: skip
        return {"type": "event_callback", "team_id": TEAM, "event_id": id_, "event": inner}

    async def bind(self, kind: str, address: str, who: str = "ana") -> None:
        async with self.home.house.database.transaction() as session:
            await bind(session, self.home.people[who].id, kind, address, at=self.clock.now())
        self.pipeline.known.add(address)

    async def bound(self, kind: str, address: str) -> bool:
        async with self.home.house.database.transaction() as session:
            return await find_bound(session, kind, address) is not None

    async def entries(self, verb: str) -> list[dict[str, Any]]:
        async with self.home.house.database.transaction() as session:
            rows = await session.scalars(select(EntryRow).where(EntryRow.verb == verb).order_by(EntryRow.id))
            return [json.loads(row.body)["data"] for row in rows]

    async def answers(self) -> list[AnswerRow]:
        async with self.home.house.database.transaction() as session:
            return list(await session.scalars(select(AnswerRow).order_by(AnswerRow.changed_at)))


@pytest.fixture
def services() -> Iterator[Services]:
    far = Services()
    with serving(far) as port:
        far.url = f"http://127.0.0.1:{port}"
        yield far


@pytest.fixture
async def knocker(
    database_url: str, tmp_path: Path, clock: TestClock, services: Services
) -> AsyncIterator[Knocker]:  # fmt: skip
    home = await furnish(
        database_url, tmp_path, connectors=(), clock=clock, base_url=BASE, sms_account=ACCOUNT, sms_token=TOKEN,
        sms_from=NUMBER, sms_url=services.url, slack_signing_secret=SECRET, slack_token="xoxb-1",
        slack_url=f"{services.url}/api", egress_private=True, mail_authserv="mx.aldermoor.example",
        mail_from="Colleague <colleague@aldermoor.example>",
    )  # fmt: skip
    house, pipeline = home.house, Pipeline()

    async def triggers(session: Any, actor: Any) -> list[dict[str, Any]]:
        return [{"name": "brief", "pattern": "brief {company}"}]

    async def hear(actor: Actor, recording: bytes) -> str:
        return await hand.hear(actor, recording)

    doors = replace(house.doors, receive=pipeline.receive, triggers=triggers, hear=hear)

    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    app = create_app({**house.by_type(), Doors: doors}, settings=house.settings, lifespan=quiet)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        hand = Knocker(home, doors, pipeline, client, clock, services, app)
        yield hand
    await house.close()
