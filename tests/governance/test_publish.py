"""Answers become a draft, four people sign exactly that text, and what it compiles to is enforced (GP-1, GP-2)."""

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from tests.governance.conftest import Office

from colleague.channels.tables import NoticeRow
from colleague.files.uploads import ClassTooHigh, admit
from colleague.governance.document.compile import BadSentence, compile_document, enforced_by
from colleague.governance.document.draft import discard, write_draft
from colleague.governance.document.model import PARTS, Sentence
from colleague.governance.document.publish import DraftChanged, NotSigned, OneHandOnly
from colleague.governance.document.questionnaire import BadAnswer
from colleague.governance.document.sign import NoSuchPart, NotYourPart, SignedAlready, TextChanged, sign
from colleague.governance.document.standing import drafted
from colleague.governance.document.store import NoDraft, get_version
from colleague.governance.document.tell import TITLE
from colleague.identity.actor import PermissionMissing, SignInYourself
from colleague.kit.errors import Failure
from colleague.kit.queue import HOUSE
from colleague.policy.governance import change_governance
from colleague.policy.invariants import Loosened, prove
from colleague.policy.model import Ask, DataClass, Effect, Governance, Scope, Tier
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
CALL = 'forbid (principal, action == Action::"call", resource)'
NO_MAIL = f'@id("no-mail") @why("Nobody sends anything here.") {CALL} when {{ context.tier == 2 }};'
ONLY_INSIDE = f'@id("odd") @why("Odd.") {CALL} when {{ context.tier == 2 && context.external == 0 }};'


async def test_a_draft_describes_what_is_in_force_and_says_what_nobody_enforces(office: Office) -> None:
    draft = await office.draft()
    assert {s.part for s in draft.sentences} == set(PARTS)
    texts = [s.text for s in draft.sentences]
    assert any(t.startswith("Up to and including confidential data may be given to the agent") for t in texts)
    assert any("Team Bids: fake, bids; may read" in t for t in texts)
    assert [s.text for s in draft.not_enforced] == [
        "All other outputs are checked by the person who asked for them, against their sources, before they rest a "
        "decision on them.",
    ]
    assert any("tasks 90 days, dispatch 90 days" in t for t in texts)
    assert all(enforced_by(s) for s in draft.sentences if s.rule)
    before = await office.force()
    compiled = compile_document(draft.sentences, before, office.house.engine)
    assert compiled.governance == before, "written down as it is: nothing changes"


async def test_published_it_is_enforced_in_the_same_moment(office: Office) -> None:
    team = office.home.team
    own = [
        {"part": "use", "text": "Nothing is sent from here.", "cedar": NO_MAIL},
        {"part": "outputs", "text": "We are kind to each other."},
    ]
    done = await office.published(
        highest_external="public", reviewed=["internal_summary"], own=own,
        ceilings=[{"team": team, "class": "internal"}, {"skill": "contract-review", "class": "public"}],
    )  # fmt: skip
    now = await office.force()
    assert (done.number, done.settings_version) == (1, now.version)
    assert now.input_ceilings == (f"{team}/*=internal", "*/contract-review=public")
    assert now.reviewed_categories == ("internal_summary",)
    assert [s.text for s in done.not_enforced][-1] != ""
    assert "We are kind to each other." in [s.text for s in done.not_enforced]
    scope = Scope("g", "fake", team, covers=True, ceiling=DataClass.CONFIDENTIAL)
    send = Ask("ana", frozenset({team}), (scope,), "fake", "fake_send", Tier.COMMUNICATE, recipients=("a@b.example",))
    said = office.house.engine.decide(send, now)
    assert (said.effect, [r.rule for r in said.rulings]) == (Effect.DENY, ["no-mail"])
    assert "Nobody sends anything here." in said.why
    read = replace(send, tier=Tier.READ, recipients=(), resource_class=DataClass.CONFIDENTIAL)
    assert [r.rule for r in office.house.engine.decide(read, now).rulings] == ["permitted-input"]
    kw: dict[str, Any] = {"database": office.house.database, "ledger": office.house.ledger, "limit": 1000}
    with pytest.raises(ClassTooHigh, match="above internal"):
        await admit(office.person("ana"), [("a.txt", b"words")], **kw)


async def test_whose_signature_is_asked_is_told(office: Office) -> None:
    async def told() -> set[str]:
        await work(office.house, queue=HOUSE)
        async with office.house.database.transaction() as session:
            rows = list(await session.scalars(select(NoticeRow).where(NoticeRow.title == TITLE)))
            for row in rows:
                await session.delete(row)
        assert all(row.link == "/governance/draft" for row in rows)
        return {
            name for name in ("ana", "rita", "ben", "owner") for row in rows if row.person_id == office.person(name).id
        }

    draft = await office.draft()
    assert await told() == {"ana", "rita", "ben"}, "who drafted it knows"
    await office.do(sign, "ana", next(iter(PARTS)), draft.digest, clock=office.clock)
    await office.draft(reviewed=["internal_summary"])
    assert await told() == {"ana"}, "her signature went with the old text; the others were told"
    await office.draft(owners="ana ana ben owner", reviewed=["internal_summary"])
    await office.do(discard, "owner")
    await office.draft()
    await office.do(discard, "owner")
    assert await told() == set(), "a draft that was thrown away asks nobody"


async def test_rules_that_cannot_be_read_are_a_denial_in_every_process(office: Office) -> None:
    broken = replace(await office.force(), rules="forbid (principal")
    ask = Ask("ana", frozenset(), (), "workspace", "set_plan", Tier.READ, builtin_connector=True)
    assert office.house.engine.decide(ask, broken).effect is Effect.DENY
    assert office.house.engine.decide(ask, replace(broken, rules="permit (principal, action, resource);")).effect is (
        Effect.DENY
    )
    assert office.house.engine.decide(ask, Governance()).effect is Effect.ALLOW


async def test_only_owners_sign_and_only_for_the_text_they_saw(office: Office) -> None:
    draft = await office.draft()
    with pytest.raises(NotYourPart):
        await office.do(sign, "owner", "use", draft.digest, clock=office.clock)
    with pytest.raises(NoSuchPart):
        await office.do(sign, "ana", "all", draft.digest, clock=office.clock)
    for seen in ("", draft.digest[:-1]):
        with pytest.raises(TextChanged):
            await office.do(sign, "ana", "use", seen, clock=office.clock)
    async with office.house.database.transaction() as session:
        with pytest.raises(SignInYourself):
            token = replace(office.person("ana"), via="api")
            await sign(session, token, "use", draft.digest, ledger=office.house.ledger, clock=office.clock)
    await office.do(sign, "ana", "use", draft.digest, clock=office.clock)
    with pytest.raises(SignedAlready):
        await office.do(sign, "ana", "use", draft.digest, clock=office.clock)


async def test_a_change_voids_signatures_and_going_back_to_the_same_text_does_not(office: Office) -> None:
    draft = await office.draft()
    await office.do(sign, "ana", "use", draft.digest, clock=office.clock)
    changed = await office.draft(retention="tasks=60")
    assert changed.digest != draft.digest
    assert changed.unsigned == tuple(PARTS)
    with pytest.raises(TextChanged):
        await office.do(sign, "rita", "scope", draft.digest, clock=office.clock)
    assert (await office.draft(retention="tasks=90")).unsigned == ("scope", "outputs", "audit")


async def test_unsigned_stale_or_by_nobody_who_may_it_is_not_published(office: Office) -> None:
    draft = await office.draft()
    with pytest.raises(NotSigned, match="Acceptable use, Connector scope"):
        await office.publish(draft.digest)
    await office.sign_all(draft)
    with pytest.raises(DraftChanged):
        await office.publish("0" * 64)
    with pytest.raises(PermissionMissing):
        await office.publish(draft.digest, "ana")
    before = await office.force()
    assert (await office.publish(draft.digest, "ben")).number == 1
    with pytest.raises(NoDraft):
        await office.publish(draft.digest)
    assert (await office.force()).version == before.version + 1
    verbs = await office.verbs()
    assert verbs.count("governance.change_refused") == 3
    assert verbs[-2:] == ["governance.changed", "governance.document_published"]


async def test_a_draft_that_loosens_an_invariant_is_refused_with_the_counterexample(office: Office) -> None:
    draft = await office.draft(
        own=[{"part": "use", "text": "Odd.", "cedar": ONLY_INSIDE}], confirm_internal=False, dispatch_ceiling="modify"
    )
    await office.sign_all(draft)
    before = await office.force()
    with pytest.raises(Loosened) as refused:
        await office.publish(draft.digest)
    assert "goes to somebody outside" in refused.value.message
    assert await office.force() == before
    assert (await office.verbs())[-1] == "governance.document_refused"


async def test_what_weakens_needs_two_hands_and_signatures_are_hands(office: Office) -> None:
    alone = await office.draft(owners="owner owner owner owner", highest_external="confidential")
    await office.sign_all(alone, "owner owner owner owner")
    with pytest.raises(OneHandOnly, match="highest_external"):
        await office.publish(alone.digest)
    assert (await office.publish(alone.digest, "ben")).number == 1
    stricter = await office.draft(owners="owner owner owner owner", highest_external="public")
    await office.sign_all(stricter, "owner owner owner owner")
    assert (await office.publish(stricter.digest)).number == 2


async def test_two_who_publish_at_once_publish_once(office: Office) -> None:
    draft = await office.draft()
    await office.sign_all(draft)
    done = await asyncio.gather(
        office.publish(draft.digest), office.publish(draft.digest, "ben"), return_exceptions=True
    )
    assert sorted(isinstance(d, Failure) for d in done) == [False, True]


async def test_old_versions_stay_readable_and_a_difference_is_shown(office: Office) -> None:
    first = await office.published(ceilings=[{"team": office.home.team, "class": "internal"}])
    draft = await office.draft(
        ceilings=[{"team": office.home.team, "class": "public"}], own=[{"part": "audit", "text": "Ten years."}]
    )
    async with office.house.database.transaction() as session:
        shown = await drafted(session, office.person("owner"), office.house.engine, clock=office.clock)
    (change,) = shown.difference.settings
    assert (change.name, change.before, change.after) == ("input_ceilings", "Bids/*=internal", "Bids/*=public")
    assert not change.weakens
    assert (len(shown.difference.reworded), len(shown.difference.added)) == (1, 1)
    assert "6 people: nothing above public." in shown.effect
    assert "1 grant would open nothing any more: fake for Team Bids." in shown.effect
    await office.sign_all(draft)
    assert (await office.publish(draft.digest)).number == 2
    async with office.house.database.transaction() as session:
        assert (await get_version(session, 1)).sentences == first.sentences
    await office.draft()
    await office.do(discard, "owner")


async def test_settings_that_moved_while_it_was_tried_are_noticed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no sentence speaks of comes from the settings in force: a change of those meanwhile is no longer proven."""
    draft = await office.draft()
    await office.sign_all(draft)
    begun, moved = threading.Event(), threading.Event()

    def held(*given: Any) -> Any:
        """Prove it, but not before the settings have moved."""
        begun.set()
        assert moved.wait(120)
        return prove(*given)

    monkeypatch.setattr("colleague.governance.document.publish.prove", held)
    publishing = asyncio.create_task(office.publish(draft.digest))
    assert await asyncio.to_thread(begun.wait, 120)
    await office.do(change_governance, "owner", {"blocked_types": ["application/zip"]}, clock=office.clock)
    moved.set()
    with pytest.raises(DraftChanged):
        await publishing
    assert (await office.force()).blocked_types[-1] == "application/zip"


BAD: list[dict[str, Any]] = [
    {"nope": 1}, {"highest_input": "secret"}, {"highest_input": None}, {"ceilings": "x"}, {"ceilings": [{}]},
    {"ceilings": [{"team": "*", "skill": "*", "class": "public"}]}, {"ceilings": [{"team": "gone", "class": "public"}]},
    {"ceilings": [{"skill": "a/b=c", "class": "public"}] * 201}, {"scopes": [{"connector": "fake"}]},
    {"reviewed": ["nope"]}, {"reviewed": [[]]}, {"readers": ["root"]}, {"retention": "tasks=0"}, {"retention": 1},
    {"retention": "a\x00b"}, {"own": [{"part": "use", "text": ""}]}, {"own": [{"part": "x", "text": "a"}]},
    {"own": [{"part": "use", "text": "a\x00"}]}, {"owners": {"use": "person_nobody"}}, {"owners": {"x": "y"}},
    {"owners": []}, {"internal_domains": ["in example"]}, {"zone": "mars"}, {"confirm_internal": "yes"},
]  # fmt: skip


@pytest.mark.parametrize("answers", BAD, ids=lambda v: ascii(v)[:40])
async def test_answers_that_cannot_be_used_are_refused_in_words(office: Office, answers: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer) as refused:
        await office.do(write_draft, "owner", answers, engine=office.house.engine, clock=office.clock)
    refused.value.message.encode()


@pytest.mark.parametrize(
    "cedar",
    ["forbid (principal", "permit (principal, action, resource);", f"{CALL} when {{ context.nope }};",
     '@id("zone") forbid (principal, action, resource);', '@id("x") @ask("me") forbid (principal, action, resource);'],
)  # fmt: skip
async def test_rules_that_are_wrong_or_permit_never_become_a_draft(office: Office, cedar: str) -> None:
    with pytest.raises(BadSentence):
        await office.draft(own=[{"part": "use", "text": "Mine.", "cedar": cedar}])


async def test_the_vocabulary_of_rules_is_closed(office: Office) -> None:
    for rule in (
        {"kind": "shell"}, {"kind": "setting", "name": "rules", "value": ""}, {"kind": "shipped", "rule": "nope"},
        {"kind": "setting", "name": "highest_input", "value": "confidential", "more": 1},
        {"kind": "built_in", "fact": "x"},
    ):  # fmt: skip
        with pytest.raises(BadSentence):
            compile_document([Sentence("a", "use", "A.", rule)], Governance(), office.house.engine)
    twice = [
        Sentence(str(n), "use", "A.", {"kind": "setting", "name": "highest_input", "value": v})
        for n, v in enumerate(("public", "internal"))
    ]
    with pytest.raises(BadSentence, match="another sentence"):
        compile_document(twice, Governance(), office.house.engine)
