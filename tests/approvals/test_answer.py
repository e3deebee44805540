"""A question is answered exactly once, by somebody who may, about exactly what was shown."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.approvals.answer import (
    AlreadyDecided,
    ApprovalExpired,
    ApprovalNotFound,
    ApprovalWithdrawn,
    NotAsShown,
    NotYoursToAnswer,
    answer,
)
from colleague.approvals.ask import LIFE, withdraw
from colleague.approvals.expire import expire, remind
from colleague.approvals.inbox import count_open, get_card, list_inbox
from colleague.approvals.verdict import ApprovalStale, ApprovalUsed, consume, find_verdict
from colleague.kit.errors import Failure
from colleague.kit.ids import new_id

pytestmark = pytest.mark.anyio
PEOPLE = ("ana", "ben", "rita", "owner", "tom")
# Who may answer what Ana asked, by the word in the decision.
MAY = {
    "user": {"ana"},
    "other": {"owner"},
    "reviewer": {"rita", "owner"},
    "administrator": {"owner"},
    "": set(),
    "boss": set(),
}
SEES_ALL = {"owner", "tom"}


@pytest.mark.parametrize("approver", MAY)
async def test_who_may_answer_comes_from_the_decision_and_is_enforced(inbox: Any, approver: str) -> None:
    for who in PEOPLE:
        row = await inbox.put(approver=approver)
        if who in MAY[approver]:
            await inbox.answer(row, who=who)
            assert (await inbox.row(row.id)).answered_by == inbox.home.people[who].id
            continue
        wanted = NotYoursToAnswer if who == "ana" or who in SEES_ALL else ApprovalNotFound
        with pytest.raises(wanted):
            await inbox.answer(row, who=who)
        assert (await inbox.row(row.id)).state == "asked"
        assert await inbox.jobs(row) == 0


@pytest.mark.parametrize("approver", MAY)
async def test_the_inbox_shows_exactly_what_one_may_answer(inbox: Any, approver: str) -> None:
    row = await inbox.put(approver=approver)
    for who in PEOPLE:
        actor = inbox.home.people[who]
        async with inbox.house.database.transaction() as session:
            shown = [c.id for c in await list_inbox(session, actor)]
            assert shown == ([row.id] if who in MAY[approver] else [])
            assert await count_open(session, actor) == len(shown)
            if who == "ana" or who in SEES_ALL | MAY[approver]:
                assert (await get_card(session, actor, row.id)).digest == row.digest
            else:
                with pytest.raises(ApprovalNotFound):
                    await get_card(session, actor, row.id)


async def test_a_narrow_token_answers_nothing(inbox: Any) -> None:
    row, ana = await inbox.put(), inbox.home.people["ana"]
    narrow = replace(ana, permissions=frozenset({"own:tasks:use"}), via="api")
    async with inbox.house.database.transaction() as session:
        assert await list_inbox(session, narrow) == []
        with pytest.raises(NotYoursToAnswer):
            await answer(session, narrow, row.id, "approved", digest=row.digest, ledger=inbox.house.ledger,
                         clock=inbox.clock)  # fmt: skip


async def test_of_many_who_answer_at_once_exactly_one_wins_and_the_others_hear_who(inbox: Any) -> None:
    for approver, people in (("user", ["ana"] * 6), ("other", ["owner"] * 6)):
        row = await inbox.put(approver=approver)
        verdicts = ["approved", "denied"] * 3
        given = await asyncio.gather(
            *(inbox.answer(row, v, who=w) for v, w in zip(verdicts, people, strict=True)), return_exceptions=True
        )
        lost = [g for g in given if g is not None]
        assert len(lost) == 5
        after = await inbox.row(row.id)
        winner = {p.id: p.name for p in inbox.home.people.values()}[after.answered_by]
        for refusal in lost:
            assert isinstance(refusal, AlreadyDecided)
            assert refusal.message == f"Already {after.state} by {winner} at 12:00 (UTC)."
        assert (await inbox.verbs(row)).count(f"approval.{after.state}") == 1
        assert len(await inbox.verbs(row)) == 2
        assert await inbox.jobs(row) == 1


async def test_a_stranger_does_not_hear_who_decided(inbox: Any) -> None:
    row = await inbox.put()
    await inbox.answer(row)
    with pytest.raises(ApprovalNotFound):
        await inbox.answer(row, who="ben")
    with pytest.raises(AlreadyDecided):
        await inbox.answer(row, who="tom")


@pytest.mark.parametrize(
    "name", ["", "x", "ask_", "a\x00b", "'; --", "ask_" + "0" * 26, "Ä" * 5000, "\ud800"], ids=ascii
)
async def test_a_question_that_is_none(inbox: Any, name: str) -> None:
    async with inbox.house.database.transaction() as session:
        with pytest.raises(ApprovalNotFound):
            await answer(session, inbox.home.people["ana"], name, "approved", digest="", ledger=inbox.house.ledger,
                         clock=inbox.clock)  # fmt: skip
        with pytest.raises(ApprovalNotFound):
            await get_card(session, inbox.home.people["ana"], name)


async def test_another_digest_than_what_is_asked_is_refused(inbox: Any) -> None:
    row, other = await inbox.put(), await inbox.put()
    for shown in (other.digest, row.digest.upper(), row.digest[:-1], row.digest + " ", "0" * 64, "\x00"):
        with pytest.raises(NotAsShown):
            await inbox.answer(row, shown=shown)
    await inbox.answer(row)


async def test_a_reason_is_kept_clean_and_short(inbox: Any) -> None:
    row = await inbox.put()
    await inbox.answer(row, "denied", reason="  wrong\x00 person " + "x" * 5000)
    after = await inbox.row(row.id)
    assert after.reason.startswith("wrong person xxx")
    assert len(after.reason) == 1000
    async with inbox.house.database.transaction() as session:
        verdict = await find_verdict(session, row.id)
    assert (verdict.state, verdict.by, verdict.level) == ("denied", inbox.home.people["ana"].id, "user")


async def test_an_expired_question_is_not_a_denied_one(inbox: Any) -> None:
    row = await inbox.put()
    inbox.clock.advance(days=7, seconds=-1)
    assert await expire(inbox.house.database, tell=silent, ledger=inbox.house.ledger, clock=inbox.clock) == 0
    inbox.clock.advance(seconds=1)
    with pytest.raises(ApprovalExpired) as refused:
        await inbox.answer(row)
    assert "not denied" in refused.value.message
    assert (await inbox.row(row.id)).state == "asked"
    assert await expire(inbox.house.database, tell=silent, ledger=inbox.house.ledger, clock=inbox.clock) == 1
    after = await inbox.row(row.id)
    assert (after.state, after.answered_by) == ("expired", None)
    assert await inbox.verbs(row) == ["approval.asked", "approval.expired"]
    assert await inbox.jobs(row) == 1
    with pytest.raises(ApprovalExpired):
        await inbox.answer(row)


async def test_an_answer_and_an_expiry_at_once_are_one_end(inbox: Any) -> None:
    for _ in range(5):
        row = await inbox.put()
        inbox.clock.advance(days=7, seconds=-1)
        later = type(inbox.clock)(inbox.clock.now())
        later.advance(seconds=2)
        await asyncio.gather(
            inbox.answer(row), expire(inbox.house.database, tell=silent, ledger=inbox.house.ledger, clock=later),
            return_exceptions=True,
        )  # fmt: skip
        assert (await inbox.row(row.id)).state in ("approved", "expired")
        assert len(await inbox.verbs(row)) == 2
        assert await inbox.jobs(row) == 1


async def test_a_stopped_tasks_question_is_withdrawn_and_an_unused_approval_with_it(inbox: Any) -> None:
    for before in (None, "approved"):
        row = await inbox.put()
        if before:
            await inbox.answer(row, before)
        async with inbox.house.database.transaction() as session:
            assert await withdraw(session, inbox.home.people["ana"], row.run_id, ledger=inbox.house.ledger,
                                  clock=inbox.clock) == 1  # fmt: skip
        with pytest.raises(ApprovalWithdrawn) as refused:
            await inbox.answer(row)
        assert refused.value.message == "This question was withdrawn: the task was stopped."
        with pytest.raises(ApprovalUsed):
            await _consume(inbox, row.id)


async def _consume(inbox: Any, question: str) -> None:
    async with inbox.house.database.transaction() as session:
        await consume(session, question, ledger=inbox.house.ledger, clock=inbox.clock)


async def test_an_approval_is_used_once_and_by_one(inbox: Any) -> None:
    row = await inbox.put()
    with pytest.raises(ApprovalUsed):
        await _consume(inbox, row.id)
    await inbox.answer(row)
    used = await asyncio.gather(*(_consume(inbox, row.id) for _ in range(5)), return_exceptions=True)
    assert sum(u is None for u in used) == 1
    assert all(isinstance(u, ApprovalUsed) for u in used if u is not None)
    assert (await inbox.verbs(row)).count("approval.used") == 1
    with pytest.raises(ApprovalUsed):
        await _consume(inbox, new_id("ask"))


async def test_an_old_approval_is_not_used_but_a_late_one_holds_a_day(inbox: Any) -> None:
    old, late = await inbox.put(), await inbox.put()
    await inbox.answer(old)
    inbox.clock.advance(days=6, hours=23)
    await inbox.answer(late)
    inbox.clock.advance(hours=2)
    with pytest.raises(ApprovalStale):
        await _consume(inbox, old.id)
    await _consume(inbox, late.id)


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.sampled_from(PEOPLE), st.sampled_from(["approved", "denied"]), st.booleans()),
        st.tuples(st.just("use")),
        st.tuples(st.just("stop")),
        st.tuples(st.just("look")),
        st.tuples(st.just("wait"), st.sampled_from([1, 24, 24 * 6, 24 * 7])),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


class Model:
    """What must become of a question: the states of approvals in a few lines."""

    def __init__(self, approver: str, now: Any, life: Any) -> None:
        self.state, self.used, self.approver, self.jobs = "asked", False, approver, 0
        self.ends, self.answered = now + life, now

    def refusal(self, operation: tuple[Any, ...], now: Any) -> type[Failure] | None:
        match operation:
            case ("answer", who, verdict, shown):
                if who not in {"ana"} | SEES_ALL | MAY[self.approver]:
                    return ApprovalNotFound
                if self.state != "asked" or now >= self.ends:
                    return {"approved": AlreadyDecided, "denied": AlreadyDecided, "withdrawn": ApprovalWithdrawn}.get(
                        self.state, ApprovalExpired
                    )
                if who not in MAY[self.approver]:
                    return NotYoursToAnswer
                if not shown:
                    return NotAsShown
                self.state, self.answered, self.jobs = verdict, now, 1
            case ("use",):
                if self.state != "approved" or self.used:
                    return ApprovalUsed
                if now >= max(self.ends, self.answered + timedelta(days=1)):
                    return ApprovalStale
                self.used = True
            case ("stop",) if self.state == "asked" or (self.state == "approved" and not self.used):
                self.state = "withdrawn"
            case ("look",) if self.state == "asked" and now >= self.ends:
                self.state, self.jobs = "expired", 1
        return None


@given(approver=st.sampled_from(["user", "other", "reviewer", "administrator"]), operations=OPERATIONS)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_happens_to_a_question_its_state_is_one_of_five_and_right(
    inbox: Any, approver: str, operations: list[tuple[Any, ...]]
) -> None:
    row = await inbox.put(approver=approver)
    model = Model(approver, inbox.clock.now(), LIFE)
    for operation in operations:
        if operation[0] == "wait":
            inbox.clock.advance(hours=operation[1])
            continue
        refusal = model.refusal(operation, inbox.clock.now())
        with contextlib.nullcontext() if refusal is None else pytest.raises(refusal):
            match operation:
                case ("answer", who, verdict, shown):
                    await inbox.answer(row, verdict, who=who, shown="" if shown else "0" * 64)
                case ("use",):
                    await _consume(inbox, row.id)
                case ("stop",):
                    async with inbox.house.database.transaction() as session:
                        await withdraw(
                            session, inbox.home.people["ana"], row.run_id, ledger=inbox.house.ledger, clock=inbox.clock
                        )
                case _:
                    await expire(inbox.house.database, tell=silent, ledger=inbox.house.ledger, clock=inbox.clock)
                    await remind(inbox.house.database, tell=silent, ledger=inbox.house.ledger, clock=inbox.clock)
        after = await inbox.row(row.id)
        assert (after.state, after.used_at is not None) == (model.state, model.used)
        assert await inbox.jobs(row) == model.jobs


async def silent(session: Any, person: str, title: str, text: str, link: str) -> None:
    """Tell nobody."""
