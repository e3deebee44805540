"""A task that mails, through the real connector: a server that is down is told of in words, never twice."""

from pathlib import Path
from typing import Any

import pytest

from colleague.agent.messages import Turn
from colleague.connectors.accounts import connect_account
from colleague.connectors.mail.connector import MailConnector
from colleague.testing.house import furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.mailbox import MailSink

pytestmark = pytest.mark.anyio
SEND = call("mail_send", to=["dana@aldermoor.example"], subject="Hello", body="Text")


async def mailing(desk_class: Any, database_url: str, folder: Path, clock: Any, url: str) -> Any:
    llm, mail = ScriptedLlm(name="play"), MailConnector(clock=clock, seconds=2)
    home = await furnish(database_url, folder, connectors=[mail], models={"play": llm}, model="play", clock=clock)
    house = home.house
    grant = await open_connector(home, "mail", ["*"], config={"smtp_url": url}, may_write=True)
    async with house.database.transaction() as session:
        await connect_account(
            session, home.people["ana"], house.registry, "mail",
            {"address": "ana@aldermoor.example", "password": "pw"}, ledger=house.ledger, secrets=house.secrets,
            clock=clock,
        )  # fmt: skip
    return desk_class(home, mail, llm, clock, grant)


async def test_trouble_with_the_mail_server(desk: Any, postgres: Any, tmp_path: Path, clock: Any) -> None:
    async with MailSink(user="ana@aldermoor.example", password="pw") as sink:
        with postgres.database() as url:
            ana = await mailing(type(desk), url, tmp_path / "mail", clock, sink.url)
            for trouble, word in (
                ("refuse_recipient", "refused the recipient"), ("refuse_message", "refused"),
                ("refuse_sign_in", "sign-in"),
            ):  # fmt: skip
                sink.trouble = trouble
                task = await ana.run(SEND, Turn("It did not work."))
                await ana.answer(task, "approved")
                await ana.work()
                assert await ana.state(task) == "completed", (await ana.see(task)).run.why
                (told,) = await ana.outcomes(task)
                assert word in told
                assert await ana.state(task) == "completed"
            assert not sink.kept
            sink.trouble = "drop_after_data"
            task = await ana.run(SEND, Turn("Well."))
            await ana.answer(task, "approved")
            await ana.work()
            assert len(sink.kept) == 1
            assert await ana.state(task) == "needs approval"
            assert (await ana.asked(task)).why["rulings"][0]["rule"] == "unknown-outcome"
            await ana.answer(task, "denied")
            await ana.work()
            assert len(sink.kept) == 1
            bad = call("mail_send", to=["no address"], subject="a\nb", body="Text")
            task = await ana.run(bad, Turn("It did not work."))
            assert "no mail address" in (await ana.outcomes(task))[0]
            await sink.__aexit__(None, None, None)
            task = await ana.run(SEND, Turn("It did not work."))
            await ana.answer(task, "approved")
            await ana.work()
            assert "refused the connection" in (await ana.outcomes(task))[0]
            assert (await ana.see(task)).run.answer == "It did not work."
            await ana.house.close()
