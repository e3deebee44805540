"""A text message provider, a Slack workspace and a push service on this machine, and a browser that reads pushes."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from colleague.channels.push.encrypt import b64, point
from colleague.testing.serving import json_app, serving

TEAM = "T0000001"


class Messengers:
    """Keeps `texts` (number, words), `direct` (Slack member, words), `pushes` (path, headers, body).

    `trouble` answers instead of the usual, by kind (sms, slack, push); `first` is called before anything is kept.
    """

    def __init__(self) -> None:
        """Begin with nothing received."""
        self.texts: list[tuple[str, str]] = []
        self.direct: list[tuple[str, str]] = []
        self.pushes: list[tuple[str, dict[str, str], bytes]] = []
        self.swapped: dict[str, str] = {}
        self.looked_up: list[str] = []
        self.trouble: dict[str, tuple[int, Any]] = {}
        self.first: Callable[[], None] = lambda: None
        self.port = 0

    @property
    def url(self) -> str:
        """Return the address of all three, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, Any]:
        """Return the settings that send everything here."""
        return {
            "sms_account": "AC1", "sms_token": "sms-secret", "sms_from": "+15550000000", "sms_url": self.url,
            "slack_token": "xoxb-secret", "slack_url": f"{self.url}/api", "push_hosts": "127.0.0.1",
            "egress_private": True,
        }  # fmt: skip

    def code(self) -> str:
        """Return the code of the last message."""
        words = (self.texts or self.direct)[-1][1]
        found = re.match(r"\d{4} \d{4}", words)
        assert found
        return found[0]

    @contextmanager
    def serving(self) -> Iterator["Messengers"]:
        """Serve on a free port of this machine while the context lasts."""
        with serving(json_app(self._answer)) as port:
            self.port = port
            yield self

    def _answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        self.first()
        if path.startswith("/push/"):
            return self._pushed(path, body, headers)
        if path.startswith("/v2/PhoneNumbers/"):
            number = unquote(path.rpartition("/")[2])
            self.looked_up.append(number)
            last = {"last_sim_swap_date": self.swapped.get(number), "swapped_period": "PT24H"}
            return 200, {"phone_number": number, "sim_swap": {"last_sim_swap": last, "error_code": None}}
        if path.endswith("/Messages.json"):
            if "sms" in self.trouble:
                return self.trouble["sms"]
            form = parse_qs(body.decode())
            self.texts.append((form["To"][0], form["Body"][0]))
            return 201, {"sid": f"SM{len(self.texts)}", "status": "queued"}
        return self._slack(path.rpartition("/")[2], body)

    def _slack(self, method: str, body: bytes) -> tuple[int, Any]:
        if "slack" in self.trouble:
            return self.trouble["slack"]
        given = json.loads(body or b"{}")
        match method:
            case "auth.test":
                return 200, {"ok": True, "team_id": TEAM}
            case "conversations.open":
                return 200, {"ok": True, "channel": {"id": f"D-{given['users']}"}}
            case "chat.postMessage":
                self.direct.append((given["channel"].removeprefix("D-"), given["text"]))
                return 200, {"ok": True, "ts": "1.1"}
        return 200, {"ok": False, "error": "unknown_method"}

    def _pushed(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        if "push" in self.trouble:
            return self.trouble["push"]
        if path.endswith("/gone"):
            return 410, {}
        self.pushes.append((path, headers, body))
        return 201, {}


class Browser:
    """A browser that subscribed: its subscription, and what it reads of what is pushed to it (RFC 8291)."""

    def __init__(self) -> None:
        """Make the keys a browser makes."""
        self._key, self._auth = generate_private_key(SECP256R1()), os.urandom(16)
        self._point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """Return the JSON of its PushSubscription at a push service."""
        return {"endpoint": endpoint, "keys": {"p256dh": b64(self._point), "auth": b64(self._auth)}}

    def read(self, body: bytes) -> Any:
        """Return the JSON that was sealed for it."""
        salt, theirs, sealed = body[:16], body[21 : 21 + body[20]], body[21 + body[20] :]
        shared = self._key.exchange(ECDH(), point(theirs))
        material = HKDF(SHA256(), 32, self._auth, b"WebPush: info\0" + self._point + theirs).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        return json.loads(AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0").removesuffix(b"\2"))
