"""Durable work of the doors: answers that are sent, and the look into the mailbox."""

from colleague.dispatch.doors.answers.send import TASK as ANSWER
from colleague.dispatch.doors.answers.send import Send, forget_answers, send_answer
from colleague.dispatch.doors.mail.poll import TASK as READ_MAIL
from colleague.dispatch.doors.mail.poll import mail_sender, read_mailbox
from colleague.dispatch.doors.parts import Doors
from colleague.kit.queue import DELIVERIES, Queue

FORGET = "dispatch.forget_answers"


def add_jobs(queue: Queue, *, doors: Doors) -> None:
    """Teach `queue` to send answers, and to look into the mailbox each minute where there is one."""
    senders: dict[str, Send] = {}
    if doors.slack is not None:
        senders["slack"] = doors.slack.say
    if mail := mail_sender(doors.settings, doors.clock):
        senders["email"] = mail

    async def answer(answer: str) -> None:
        await send_answer(answer, database=doors.database, senders=senders, ledger=doors.ledger, clock=doors.clock)

    async def look() -> None:
        await read_mailbox(doors)

    async def forget() -> None:
        async with doors.database.transaction() as session:
            await forget_answers(session, clock=doors.clock)

    queue.add(ANSWER, answer, queue=DELIVERIES)
    queue.add(FORGET, forget, every="37 3 * * *")
    if doors.settings.mailbox_url is not None:
        queue.add(READ_MAIL, look, every="* * * * *")
