"""Notices by web push (RFC 8030): to every browser of a person that wants to be told."""

import json
from urllib.parse import urlsplit

from colleague.audit.record import Ledger
from colleague.channels.channel import Notice, NotTaken, Reader, TryLater
from colleague.channels.push.encrypt import Vapid, seal
from colleague.channels.push.subscribe import Subscription, drop_device, subscriptions_of
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Conflict, Failure, Unavailable
from colleague.kit.http import Egress
from colleague.kit.secrets import Secrets

A_DAY = "86400"
GONE, OTHER_KEY = "The push service knows this device no more.", "It was registered for another key."


class PushChannel:
    """Sends title and link, sealed for each browser. The same notice has the same tag: shown twice, it is one."""

    kind = "push"
    title = "Push notification"

    def __init__(
        self, vapid: Vapid, *, database: Database, egress: Egress, secrets: Secrets, ledger: Ledger, clock: Clock
    ) -> None:
        """Take the key towards push services, where browsers are kept, and the door out."""
        self.vapid, self._database, self._egress = vapid, database, egress
        self._secrets, self._ledger, self._clock = secrets, ledger, clock

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Send to each browser; one that is gone is let go. Delivered when one took it.

        TryLater when none did and a service may take it later; NotTaken when none ever will.
        """
        async with self._database.transaction() as session:
            devices = await subscriptions_of(session, notice.person, secrets=self._secrets)
        words = {"title": notice.title, "body": "", "link": notice.link, "tag": notice.id}
        taken, later, why = False, False, "no device of this person is registered any more"
        for device in devices:
            try:
                dead = await self._send(device, json.dumps(words).encode())
            except (Unavailable, Conflict):
                # Shown twice it is one, so that what nobody can say may be tried again.
                later = True
            except Failure as failure:
                why = failure.message
            else:
                taken = taken or not dead
                if dead:
                    async with self._database.transaction() as session:
                        await drop_device(session, device.id, dead, ledger=self._ledger)
        if taken:
            return
        if later:
            raise TryLater(channel="push")
        raise NotTaken(channel="push", why=why)

    async def _send(self, device: Subscription, words: bytes) -> str:
        """Send to one browser; return why it is to be let go, "" if it was told. NotTaken, TryLater otherwise."""
        if device.key != self.vapid.public:
            return OTHER_KEY
        headers = {
            "authorization": self.vapid.authorization(device.endpoint, self._clock.now()),
            "content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": A_DAY,
            "urgency": "high",
        }  # fmt: skip
        host = urlsplit(device.endpoint).hostname or ""
        answer = await self._egress.request(
            "POST", device.endpoint, headers=headers, content=seal(words, device.browser, device.auth), hosts=(host,),
            idempotent=True, size_limit=100_000, seconds=20,
        )  # fmt: skip
        if answer.status in (404, 410):
            return GONE
        if answer.status == 429 or answer.status >= 500:
            raise TryLater(channel="push")
        if answer.status in (401, 403):
            raise NotTaken(channel="push", why="it does not accept this installation's key; switch the device on anew")
        if answer.status not in (200, 201, 202, 204):
            raise NotTaken(channel="push", why=f"it answered {answer.status}")
        return ""
