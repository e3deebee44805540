"""Direct messages in Slack: notices, codes, results (auth.test, conversations.open, chat.postMessage)."""

import json
from typing import Any
from urllib.parse import urlsplit

from colleague.channels.channel import Message, Notice, NotTaken, Reader, TakenUnknown, TryLater
from colleague.kit.http import Egress
from colleague.kit.settings import Settings

LONGEST = 12_000
_UNKNOWN = frozenset({"internal_error", "fatal_error", "request_timeout"})
_LATER = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
_WORDS = {
    "invalid_auth": "COLLEAGUE_SLACK_TOKEN is not accepted",
    "not_authed": "COLLEAGUE_SLACK_TOKEN is not accepted",
    "token_revoked": "COLLEAGUE_SLACK_TOKEN was revoked",
    "account_inactive": "the Slack app was removed",
    "missing_scope": "the Slack app lacks a scope (chat:write, im:write)",
    "user_not_found": "there is no such member",
    "user_disabled": "the member is deactivated in Slack",
    "channel_not_found": "there is no such conversation",
}


class SlackChannel:
    """Writes as the installed app. Texts are escaped: nothing in them becomes a mention or a hidden link."""

    kind = "slack"
    title = "Slack"

    def __init__(self, settings: Settings, *, egress: Egress) -> None:
        """Take the bot token from the settings (slack_token must be set)."""
        assert settings.slack_token
        self._token, self._base = settings.slack_token.get_secret_value(), settings.url
        self._url, self._egress = settings.slack_url.rstrip("/"), egress

    async def team(self) -> str:
        """Return the id of the one workspace that the app is installed in."""
        return str((await self.ask("auth.test", {})).get("team_id", ""))

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Send title and link to the reader's own account; NotTaken if they have none that holds."""
        address = reader.addresses.get(self.kind)
        if address is None:
            raise NotTaken(channel="Slack", why="no Slack account of this person is bound any more")
        link = f"\n{self._base}{notice.link}" if notice.link else ""
        await self.write(Message(address, "", f"{notice.title}{link}", f"{notice.id}:{self.kind}"))

    async def write(self, message: Message) -> None:
        """Send a direct message to «TEAM:USER». TryLater: surely not sent; TakenUnknown: nobody can say."""
        user = message.to.rpartition(":")[2]
        opened = await self.ask("conversations.open", {"users": user}, repeat=True)
        channel = opened.get("channel")
        place = channel.get("id") if isinstance(channel, dict) else None
        if not isinstance(place, str):
            raise NotTaken(channel="Slack", why="it opened no conversation")
        await self.post(place, message.text)

    async def post(self, channel: str, text: str, *, thread: str = "") -> None:
        """Post into a conversation, or into the thread of the message `thread` there. Raises what `write` raises."""
        body = {"channel": channel, "text": escaped(text)[:LONGEST], "unfurl_links": False, "unfurl_media": False}
        await self.ask("chat.postMessage", body | ({"thread_ts": thread} if thread else {}))

    async def ask(self, method: str, body: dict[str, Any], *, repeat: bool | None = None) -> dict[str, Any]:
        """Call a method of the Web API and return its answer. NotTaken with the reason if Slack says it is not ok."""
        url = f"{self._url}/{method}"
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json; charset=utf-8"}
        safe = repeat if repeat is not None else method == "auth.test"
        answer = await self._egress.request(
            "POST", url, headers=headers, content=json.dumps(body).encode(), hosts=(urlsplit(url).hostname or "",),
            idempotent=safe, size_limit=1_000_000, seconds=20,
        )  # fmt: skip
        if answer.status == 429:
            raise TryLater(channel="Slack")
        try:
            found = json.loads(answer.content)
        except ValueError:
            found = None
        if answer.status >= 500 or not isinstance(found, dict):
            raise TakenUnknown(channel="Slack")
        if found.get("ok") is True:
            return found
        error = str(found.get("error", answer.status))
        if error in _LATER:
            raise TryLater(channel="Slack")
        if error in _UNKNOWN:
            raise TakenUnknown(channel="Slack")
        raise NotTaken(channel="Slack", why=_WORDS.get(error, f"it answered «{error[:60]}»"))


def escaped(text: str) -> str:
    """Return `text` with the three characters that Slack reads as markup of its own escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
