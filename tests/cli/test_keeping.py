"""Tasks are pinned, archived, searched and deleted from the terminal."""

import asyncio
import re

from tests.cli.conftest import Call

from colleague.bootstrap import House
from colleague.tasks.keeping.index import catch_up


async def index(house: House) -> None:
    await catch_up(parts=house.parts)
    await house.database.close()


def test_keep_find_and_delete(call: Call, demo: House) -> None:
    made = call("task", "new", "Summarise the Zanzibar plan", "--no-wait", as_="ana")
    task = re.findall(r"task_[0-9a-z]{26}", made.out)[0]
    for verb in ("pin", "unpin", "archive"):
        assert call("task", verb, task, as_="ana").code == 0
    assert task not in call("task", "list", as_="ana").out
    asyncio.run(index(demo))
    found = call("task", "search", "zanzibar plans", as_="ana")
    assert task in found.out
    assert "[Zanzibar]" in found.out
    assert "Nothing found" in call("task", "search", "zanzibar", as_="ben").out
    assert call("task", "search", "zanzibar", "--state", "odd", as_="ana").code == 1
    assert "stop it first" in call("task", "delete", task, "--yes", as_="ana").err
    assert call("task", "stop", task, as_="ana").code == 0
    refused = call("task", "delete", task, as_="ana")
    assert (refused.code, "--yes" in refused.err) == (1, True)
    gone = call("task", "delete", task, "--yes", as_="ana")
    assert "Deleted." in gone.out
    assert call("task", "show", task, as_="ana").code == 1


def test_hand_over_and_mention(call: Call, demo: House) -> None:
    made = call("task", "new", "Summarise the RFP", "--no-wait", as_="ana")
    task = re.findall(r"task_[0-9a-z]{26}", made.out)[0]
    assert "may not see this task" in call("task", "say", task, "What do you say, @Ben?", as_="ana").out
    offers = [
        re.findall(r"offer_[0-9a-z]{26}", call("task", "hand-over", task, "ben@aldermoor.example", as_="ana").out)[0]
    ]
    assert offers[0] in call("task", "offers", as_="ben").out
    assert call("task", "decline", offers[0], as_="ben").code == 0
    again = call("task", "hand-over", task, "ben@aldermoor.example", "--no-stay", "--note", "Please", as_="ana")
    offer = re.findall(r"offer_[0-9a-z]{26}", again.out)[0]
    assert call("task", "take-back", offer, as_="ben").code == 1
    assert "is yours" in call("task", "take-over", offer, as_="ben").out
    assert call("task", "show", task, as_="ana").code == 1
    assert call("task", "show", task, as_="ben").code == 0
    assert "No task is offered" in call("task", "offers", as_="ben").out
