"""Through the doors and the real pipeline behind them: one message is one task, whoever brings it and however often."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from tests.dispatch.conftest import ANA, Away, bind
from tests.dispatch.doors.conftest import ACCOUNT, BASE, MEMBER, NUMBER, SECRET, TEAM, TOKEN, Services

from colleague.dispatch.doors.answers.tables import AnswerRow
from colleague.dispatch.doors.mail.poll import take
from colleague.dispatch.doors.parts import Doors
from colleague.dispatch.doors.slack.verify import signature as slack_signature
from colleague.dispatch.doors.sms.verify import signature
from colleague.dispatch.doors.workspace import Workspace
from colleague.identity.tokens import create_token
from colleague.tasks.tables import TaskRow
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio


@dataclass
class Street:
    """The house with its doors, seen from outside."""

    away: Away
    doors: Doors
    client: httpx.AsyncClient

    async def text(self, words: str, *, sid: str = "1", sender: str = ANA) -> str | None:
        form = [
            ("MessageSid", "SM" + sid * 32), ("AccountSid", ACCOUNT), ("From", sender), ("To", NUMBER), ("Body", words)
        ]  # fmt: skip
        headers = {
            "X-Twilio-Signature": signature(TOKEN, f"{BASE}/dispatch/in/sms", form),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = await self.client.post("/dispatch/in/sms", content=urlencode(form), headers=headers)
        assert answer.status_code == 200
        return ElementTree.fromstring(answer.text).findtext("Message")

    async def command(self, words: str, trigger: str = "1.1") -> str:
        body = urlencode(
            {"team_id": TEAM, "user_id": MEMBER, "command": "/colleague", "text": words, "trigger_id": trigger}
        ).encode()
        stamp = str(int(self.away.clock.now().timestamp()))
        headers = {
            "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": slack_signature(SECRET, stamp, body),
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        answer = await self.client.post("/dispatch/in/slack/commands", content=body, headers=headers)
        return str(answer.json()["text"]) if answer.text else ""

    async def count(self, table: Any = TaskRow) -> int:
        async with self.away.house.database.transaction() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
async def street(away: Away, services: Services) -> AsyncIterator[Street]:
    house = away.house
    settings = house.settings.model_copy(
        update={
            "base_url": BASE, "sms_account": ACCOUNT, "sms_token": SecretStr(TOKEN), "sms_from": NUMBER,
            "slack_signing_secret": SecretStr(SECRET), "slack_token": SecretStr("xoxb"),
            "slack_url": f"{services.url}/api", "egress_private": True, "mail_authserv": "mx.aldermoor.example",
        }
    )  # fmt: skip
    from colleague.kit.http import Egress

    egress = Egress(private=True)
    doors = replace(house.doors, settings=settings, slack=Workspace.of(settings, egress))

    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    app = create_app({**house.by_type(), Doors: doors}, settings=settings, lifespan=quiet)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield Street(away, doors, client)
    await egress.close()


async def test_one_text_message_delivered_five_times_at_once_is_one_task(street: Street) -> None:
    answers = await asyncio.gather(*(street.text("brief Harbour City") for _ in range(5)))
    assert len(set(answers)) == 1
    assert "task_" in (answers[0] or "")
    assert await street.count() == 1
    assert len(await street.away.entries("dispatch.started")) == 1


async def test_a_stranger_is_on_record_without_a_number_and_hears_nothing(street: Street) -> None:
    assert await street.text("brief Harbour City", sender="+15559990000") is None
    assert await street.count() == 0
    (entry,) = await street.away.entries("dispatch.unknown")
    assert "5559990000" not in json.dumps(entry)


async def test_after_stop_a_number_is_a_strangers(street: Street) -> None:
    assert await street.text("help")
    assert await street.text("STOP", sid="2") is None
    assert await street.text("help", sid="3") is None
    assert await street.text("START", sid="4") is None
    assert await street.count() == 0


async def test_a_slack_command_repeated_is_one_task(street: Street) -> None:
    assert await street.command("brief Harbour City") == ""
    await bind(street.away.home, "ana", f"{TEAM}:{MEMBER}", street.away.clock, "slack")
    first = await street.command("brief Harbour City", "2.2")
    assert "task_" in first
    assert await street.command("brief Harbour City", "2.2") == first
    assert await street.count() == 1


async def test_a_mail_taken_again_after_a_worker_died_is_one_task_and_one_answer(street: Street) -> None:
    await bind(street.away.home, "ana", "ana@aldermoor.example", street.away.clock, "email")
    mail = EmailMessage(policy=SMTP)
    mail["Authentication-Results"] = "mx.aldermoor.example; dkim=pass header.d=aldermoor.example"
    mail["From"], mail["Subject"], mail["Message-ID"] = "ana@aldermoor.example", "x", "<1@aldermoor.example>"
    mail["Date"] = format_datetime(street.away.clock.now())
    mail.set_content("brief Harbour City\n\n-- \nAna")
    for _ in range(3):
        assert await take(street.doors, mail.as_bytes())
    assert await street.count() == 1
    assert await street.count(AnswerRow) == 1


async def test_programs_dispatch_and_follow_the_task(street: Street) -> None:
    house, ana = street.away.house, street.away.home.people["ana"]
    async with house.database.transaction() as session:
        text = await create_token(
            session, ana, "t", ["own:dispatch:use", "own:tasks:use"], days=1, ledger=house.ledger,
            clock=street.away.clock,
        )  # fmt: skip
    headers = {"Authorization": f"Bearer {text}", "Accept": "application/json, text/event-stream"}

    async def use(tool: str, arguments: dict[str, str]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        answer = await street.client.post("/mcp", json=body, headers=headers)
        return json.loads(answer.json()["result"]["content"][0]["text"])

    patterns = [t["pattern"] for t in (await use("list_triggers", {}))["triggers"]]
    assert any(p.startswith("brief ") for p in patterns)
    said = {"text": "brief Harbour City", "id": "client-0001"}
    first, again = await use("dispatch", said), await use("dispatch", said)
    assert first == again
    assert first["state"] == "started"
    assert (await use("get_task", {"task": first["task"]}))["state"] == "queued"
    api = await street.client.post("/api/v1/dispatch", json={"text": "brief", "id": "client-0002"}, headers=headers)
    assert api.json()["state"] == "refused"
    assert await street.count() == 1
