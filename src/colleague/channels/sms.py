"""Text messages through a Twilio-compatible provider: notices, codes, results (Twilio's REST API of 2010-04-01)."""

import base64
import json
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from colleague.channels.channel import Message, Notice, NotTaken, Reader, TakenUnknown, TryLater
from colleague.kit.http import Answer, Egress
from colleague.kit.settings import Settings

# https://www.twilio.com/docs/api/errors: the words are ours, theirs repeat the number.
_WORDS = {
    21211: "the number is none",
    21408: "your provider does not send to that country",
    21610: "the phone answered STOP: it must answer START first",
    21612: "your provider cannot reach that number",
    21614: "the number is no mobile phone",
    20003: "your provider does not accept COLLEAGUE_SMS_ACCOUNT and COLLEAGUE_SMS_TOKEN",
}
LONGEST = 1600


class SmsChannel:
    """Sends text messages. A notice goes as its title and a link: its text may hold what is no thing for a text."""

    kind = "sms"
    title = "Text message"

    def __init__(self, settings: Settings, *, egress: Egress) -> None:
        """Take the account from the settings (sms_account, sms_token, sms_from must be set)."""
        assert settings.sms_account is not None
        assert settings.sms_token is not None
        assert settings.sms_from is not None
        self._account, self._from, self._base = settings.sms_account, settings.sms_from, settings.url
        self._token = settings.sms_token.get_secret_value()
        self._url, self._egress = settings.sms_url.rstrip("/"), egress

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Send title and link to the reader's own number; NotTaken if they have none that holds."""
        number = reader.addresses.get(self.kind)
        if number is None:
            raise NotTaken(channel="text message", why="no number of this person is bound any more")
        link = f"\n{self._base}{notice.link}" if notice.link else ""
        await self.write(Message(number, "", f"{notice.title}{link}", f"{notice.id}:{self.kind}"))

    async def write(self, message: Message) -> None:
        """Send one text. TryLater, Unreachable: surely not sent; TakenUnknown, AnswerLost: nobody can say."""
        form = {"To": message.to, "From": self._from, "Body": message.text[:LONGEST]}
        url = f"{self._url}/2010-04-01/Accounts/{quote(self._account, safe='')}/Messages.json"
        answer = await self._call("POST", url, urlencode(form).encode())
        if answer.status == 429:
            raise TryLater(channel="text message")
        if answer.status >= 500 or 300 <= answer.status < 400:
            raise TakenUnknown(channel="text message")
        if answer.status >= 400:
            code = _read(answer).get("code")
            known = _WORDS.get(code) if isinstance(code, int) else None
            raise NotTaken(channel="text message", why=known or f"it answered {answer.status}")

    async def swapped_at(self, number: str) -> datetime | None:
        """Return when the SIM of `number` was last changed (Twilio Lookup v2, `sim_swap`); None if it cannot say."""
        parts = urlsplit(self._url)
        host = "https://lookups.twilio.com" if parts.hostname == "api.twilio.com" else self._url
        answer = await self._call("GET", f"{host}/v2/PhoneNumbers/{quote(number, safe='')}?Fields=sim_swap")
        if answer.status != 200:
            return None
        found = _read(answer).get("sim_swap")
        last = found.get("last_sim_swap") if isinstance(found, dict) else None
        text = last.get("last_sim_swap_date") if isinstance(last, dict) else None
        try:
            when = datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            return None
        return when if when is not None and when.tzinfo is not None else None

    async def _call(self, method: str, url: str, content: bytes | None = None) -> Answer:
        basic = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "accept": "application/json"}
        if content is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        hosts = (urlsplit(url).hostname or "",)
        return await self._egress.request(
            method, url, headers=headers, content=content, hosts=hosts, size_limit=200_000, seconds=20
        )


def _read(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one if it is none."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
