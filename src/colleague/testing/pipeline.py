"""What stands behind the doors of Dispatch, for tests of the doors alone: it keeps what comes and answers it once."""

from colleague.dispatch.model import Incoming, Reply


class Pipeline:
    """Keeps each message; the same (channel, id) gets the first answer. `known` are the senders it answers.

    `broken` makes it fail; `reply` is what it answers with.
    """

    def __init__(self, *known: str) -> None:
        """Take the senders that somebody knows."""
        self.known = set(known)
        self.messages: list[Incoming] = []
        self.calls = 0
        self.broken = False
        self.reply = Reply("Started: a brief on Acme & Co.", "started", "message_1", "task_1")
        self._answers: dict[tuple[str, str], Reply] = {}

    async def receive(self, incoming: Incoming) -> Reply:
        """Answer a message."""
        self.calls += 1
        if self.broken:
            raise RuntimeError("the pipeline is broken")
        key = (incoming.channel, incoming.id)
        if key not in self._answers:
            self.messages.append(incoming)
            somebody = bool(incoming.person) or incoming.sender in self.known
            self._answers[key] = self.reply if somebody else Reply("", "silent")
        return self._answers[key]
