"""Direct messages in Slack: notices, codes, results (auth.test, conversations.open, chat.postMessage)."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from colleague.channels.channel import Message, Notice, NotTaken, Reader, TakenUnknown, TryLater
from colleague.kit.http import Egress
from colleague.kit.settings import Settings

LONGEST = 12_000
# Returns a notice as blocks (https://docs.slack.dev/block-kit), or none: then its title and link are sent.
Dress = Callable[[Notice], Awaitable[Sequence[Mapping[str, Any]]]]
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

    def __init__(self, settings: Settings, *, egress: Egress, dress: Dress | None = None) -> None:
        """Take the bot token from the settings (slack_token must be set), and what dresses a notice as blocks."""
        assert settings.slack_token
        self._token, self._base = settings.slack_token.get_secret_value(), settings.url
        self._url, self._egress, self._dress = settings.slack_url.rstrip("/"), egress, dress

    async def team(self) -> str:
        """Return the id of the one workspace that the app is installed in."""
        return str((await self.ask("auth.test", {})).get("team_id", ""))

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Send title and link to the reader's own account; NotTaken if they have none that holds."""
        address = reader.addresses.get(self.kind)
        if address is None:
            raise NotTaken(channel="Slack", why="no Slack account of this person is bound any more")
        link = f"\n{self._base}{notice.link}" if notice.link else ""
        blocks = await self._dress(notice) if self._dress else ()
        await self.post(await self._talk(address), f"{notice.title}{link}", blocks=blocks)

    async def write(self, message: Message) -> None:
        """Send a direct message to «TEAM:USER». TryLater: surely not sent; TakenUnknown: nobody can say."""
        await self.post(await self._talk(message.to), message.text)

    async def _talk(self, address: str) -> str:
        """Return the direct conversation with «TEAM:USER»."""
        user = address.rpartition(":")[2]
        opened = await self.ask("conversations.open", {"users": user}, repeat=True)
        channel = opened.get("channel")
        place = channel.get("id") if isinstance(channel, dict) else None
        if not isinstance(place, str):
            raise NotTaken(channel="Slack", why="it opened no conversation")
        return place

    async def post(
        self, channel: str, text: str, *, thread: str = "", blocks: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Post into a conversation, or into the thread of the message `thread` there. Raises what `write` raises.

        `blocks` are shown in place of the text, which remains for small notifications.
        """
        body = {"channel": channel, "text": escaped(text)[:LONGEST], "unfurl_links": False, "unfurl_media": False}
        more = ({"thread_ts": thread} if thread else {}) | ({"blocks": list(blocks)} if blocks else {})
        await self.ask("chat.postMessage", body | more)

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
