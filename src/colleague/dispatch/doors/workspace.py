"""The one Slack workspace that is heard, and what its buttons are answered with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from colleague.channels.channel import Message
from colleague.channels.slack import SlackChannel, escaped
from colleague.kit.errors import Invalid
from colleague.kit.http import Egress
from colleague.kit.settings import Settings

HOOKS = "hooks.slack.com"


class NotSlacksAddress(Invalid):
    """The address to answer at is not Slack's."""


@dataclass(slots=True)
class Workspace:
    """The workspace of the app's own token.

    INVARIANT: only this workspace is heard. An app may be installed in others, and what comes from there carries the
    same signature.
    """

    channel: SlackChannel
    egress: Egress
    host: str
    _team: str = ""

    @staticmethod
    def of(settings: Settings, egress: Egress) -> "Workspace | None":
        """Return the workspace of the settings; None unless both the secret and the token are there."""
        if settings.slack_signing_secret is None or settings.slack_token is None:
            return None
        return Workspace(SlackChannel(settings, egress=egress), egress, urlsplit(settings.slack_url).hostname or "")

    async def team(self) -> str:
        """Return the id of the workspace (auth.test, asked once). Raises what SlackChannel.call raises."""
        if not self._team:
            self._team = await self.channel.team()
        return self._team

    async def say(self, to: str, text: str, about: Mapping[str, Any]) -> None:
        """Put words into a conversation, in the thread `about` names, or into the direct messages of a person.

        Unavailable: surely not; Conflict: unknown.
        """
        if to[:1] in ("U", "W"):
            await self.channel.write(Message(to, "", text, ""))
            return
        await self.channel.post(to, text, thread=str(about.get("thread") or ""))

    async def rewrite(self, back: str, text: str, *, instead: bool) -> None:
        """Answer a button at its response_url: in place of the message, or beside it for the one who pressed."""
        try:
            host = urlsplit(back).hostname or ""
        except ValueError:
            raise NotSlacksAddress from None
        if host not in (HOOKS, self.host):
            raise NotSlacksAddress
        body = {"text": escaped(text), "replace_original": instead, "response_type": "ephemeral"}
        await self.egress.request(
            "POST", back, content=json.dumps(body).encode(), headers={"content-type": "application/json"},
            hosts=(host,), seconds=5, idempotent=True,
        )  # fmt: skip
