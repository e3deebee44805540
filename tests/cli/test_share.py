"""A task is shared from the terminal, with one line for each refusal."""

import re

from tests.cli.conftest import Call

from colleague.bootstrap import House


def test_share_and_unshare(call: Call, demo: House) -> None:
    made = call("task", "new", "Summarise the RFP", "--no-wait", as_="ana")
    assert made.code == 0, made.err
    task, ben = re.findall(r"task_[0-9a-z]{26}", made.out)[0], "ben@aldermoor.example"
    wrong = call("task", "share", task, ben, "--part", "king", as_="ana")
    assert (wrong.code, "co-driver" in wrong.err) == (1, True)
    shared = call("task", "share", task, ben, "--part", "approver", as_="ana")
    assert (shared.code, "approver" in shared.out) == (0, True)
    assert call("task", "show", task, as_="ben").code == 0
    assert call("task", "unshare", task, ben, as_="ana").code == 0
    assert call("task", "show", task, as_="ben").code == 1
