"""Nothing that runs inside gets out: each way that is tried fails in both tiers, as root and as another user.

The same programs are run without a sandbox too: those that need no luck do get out there, so a failure inside says
something.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.kit.sandbox_attempts import ATTEMPTS, RUNNER
from tests.kit.sandbox_case import OTHER, SECRET, TIERS, Case, case, outside, was_reached


@dataclass
class Tried:
    """What came of all attempts in one tier under one user, and of the same ones without a sandbox."""

    results: dict[str, str]
    free: dict[str, str]
    reached: list[bool]
    answer: dict[str, Any]
    made: Case


# "far": root's own interpreter or workspace stands where the run's user may not go, so it keeps a right to read.
WHO = [
    pytest.param((None, False), id="self"),
    pytest.param((OTHER, False), id="other"),
    pytest.param((None, True), id="far"),
]


@pytest.fixture(scope="module", params=WHO)
def who(request: pytest.FixtureRequest) -> tuple[int | None, bool]:
    return request.param


@pytest.fixture(scope="module", params=TIERS)
def tried(request: pytest.FixtureRequest, who: tuple[int | None, bool]) -> Iterator[Tried]:
    user, far = who
    programs = {name: code for name, (code, _) in ATTEMPTS.items()}
    with case(request.param, user) as made, outside(made) as (info, listeners, fd):
        told: dict[str, Any] = {"info": info, "inputs": {"in.txt": "given"}, "far": far}
        answer = made.run(RUNNER, stdin=json.dumps(programs), fds=(fd,), **told)
        assert answer.get("exit") == 0, answer
        reached = [was_reached(listener) for listener in listeners]
        key = (made.outside / "data/master.key").stat()
        assert (made.outside / "data/master.key").read_text() == SECRET
        assert key.st_mode & 0o777 == 0o600
        assert key.st_nlink == 1
        assert sorted(p.name for p in (made.outside / "data").iterdir()) == ["master.key"]
        groups = {"both"} if user is not None or os.getuid() != 0 else {"both", "root"}
        sure = {name: code for name, (code, gets_out) in ATTEMPTS.items() if gets_out in groups}
        free = made.run(RUNNER, stdin=json.dumps(sure), fds=(fd,), unconfined=True, **told)
        assert free["exit"] == 0, free
        yield Tried(json.loads(answer["stdout"]), json.loads(free["stdout"]), reached, answer, made)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_a_way_out_is_closed(tried: Tried, name: str) -> None:
    assert tried.results[name] != "got out"


def test_the_same_programs_get_out_without_a_sandbox(tried: Tried) -> None:
    assert {name: word for name, word in tried.free.items() if word != "got out"} == {}
    assert len(tried.free) >= 20


def test_nothing_came_to_a_listener_and_no_secret_came_out(tried: Tried) -> None:
    assert not any(tried.reached)
    assert SECRET not in json.dumps(tried.answer)
    assert not Path("/tmp/colleague-escape").exists()
    assert not Path("/escape").exists()


def test_inputs_stay_as_they_were_and_the_folder_is_gone(tried: Tried) -> None:
    assert tried.answer["inputs_unchanged"]
    assert tried.answer["gone"]


def test_links_in_the_workspace_are_never_read_as_results(tried: Tried) -> None:
    assert "link" in tried.answer["left_out"]
    assert "link" not in tried.answer["made"]
