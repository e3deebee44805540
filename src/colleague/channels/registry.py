"""The channels of this installation, by kind."""

from collections.abc import Iterable, Iterator
from email.utils import parseaddr

from colleague.audit.record import Ledger
from colleague.channels.channel import Channel, Writer
from colleague.channels.email import EmailChannel
from colleague.channels.push.channel import PushChannel
from colleague.channels.push.encrypt import load_vapid
from colleague.channels.slack import Dress, SlackChannel
from colleague.channels.sms import SmsChannel
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Invalid
from colleague.kit.http import Egress
from colleague.kit.secrets import Secrets
from colleague.kit.settings import Settings


class ChannelTaken(Invalid):
    """Two channels are named «{kind}»."""


class Channels:
    """All channels that carry notices out of the product. The page itself needs none: it reads the table."""

    def __init__(self, channels: Iterable[Channel] = ()) -> None:
        """Take the channels; ChannelTaken if a kind comes twice."""
        self._channels: dict[str, Channel] = {}
        for channel in channels:
            if channel.kind in self._channels:
                raise ChannelTaken(kind=channel.kind)
            self._channels[channel.kind] = channel

    def __iter__(self) -> Iterator[Channel]:
        """Give every channel."""
        return iter(self._channels.values())

    def get(self, kind: str) -> Channel | None:
        """Return the channel of `kind`, or None when it is no longer set up."""
        return self._channels.get(kind)

    def writer(self, kind: str) -> Writer | None:
        """Return the channel of `kind` if it is set up and writes to single addresses."""
        channel = self._channels.get(kind)
        return channel if isinstance(channel, Writer) else None


def channels_of(
    settings: Settings, *, database: Database, egress: Egress, secrets: Secrets, ledger: Ledger, clock: Clock,
    dress: Dress | None = None,
) -> Channels:  # fmt: skip
    """Return what the settings set up: mail, text messages and Slack where they are named; push always.

    `dress` makes the blocks of a notice in Slack.

    BadMailServer, BadMail if the mail server or its sender is none.
    """
    found: list[Channel] = []
    if settings.smtp_url is not None:
        url = settings.smtp_url.get_secret_value()
        found.append(EmailChannel(url, sender=settings.mail_from, base_url=settings.url, clock=clock))
    if settings.sms_account and settings.sms_token and settings.sms_from:
        found.append(SmsChannel(settings, egress=egress))
    if settings.slack_token:
        found.append(SlackChannel(settings, egress=egress, dress=dress))
    # Push services want somebody to write to if something goes wrong (RFC 8292, 2.1).
    contact = settings.url if settings.url.startswith("https://") else f"mailto:{parseaddr(settings.mail_from)[1]}"
    vapid = load_vapid(settings.push_key_file or settings.data_dir / "push.key", contact=contact)
    found.append(PushChannel(vapid, database=database, egress=egress, secrets=secrets, ledger=ledger, clock=clock))
    return Channels(found)
