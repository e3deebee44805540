"""The channels of this installation, by kind."""

from collections.abc import Iterable, Iterator

from colleague.channels.channel import Channel
from colleague.channels.email import EmailChannel
from colleague.kit.clock import Clock
from colleague.kit.errors import Invalid
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


def channels_of(settings: Settings, *, clock: Clock) -> Channels:
    """Return what the settings set up: mail when there is a mail server."""
    if settings.smtp_url is None:
        return Channels()
    url = settings.smtp_url.get_secret_value()
    return Channels([EmailChannel(url, sender=settings.mail_from, base_url=settings.url, clock=clock)])
