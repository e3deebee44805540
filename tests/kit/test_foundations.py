"""The small things everything rests on: settings, secrets, one text for one value, ids, logs, blobs, one commit."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text

from colleague.kit import log
from colleague.kit.blobs import BlobNotFound, delete_blobs, get_blob, put_blob
from colleague.kit.canonical import canonical, digest
from colleague.kit.db import Database
from colleague.kit.errors import Invalid, Unavailable
from colleague.kit.ids import is_id, new_id
from colleague.kit.secrets import Secrets, SecretUnreadable, load_key
from colleague.kit.settings import Settings

pytestmark = pytest.mark.anyio
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_canonical_json_is_one_text_and_loses_nothing(value: object) -> None:
    once = canonical(value)
    assert canonical(json.loads(once)) == once
    assert json.loads(once) == value


@pytest.mark.parametrize(("value", "expected"), [
    ({"b": 1, "a": 2, "B": 3}, '{"B":3,"a":2,"b":1}'), ({"é": "é", "e": "\u2028"}, '{"e":"\u2028","é":"é"}'),
    (1.0, "1.0"), (1, "1"), (-0.0, "-0.0"), (2**70, "1180591620717411303424"), (1e300, "1e+300"), (0.1, "0.1"),
    ("\x00\x1f\"\\/", '"\\u0000\\u001f\\"\\\\/"'), ("\U0001f600", '"\U0001f600"'), ([], "[]"), ((1, 2), "[1,2]"),
])  # fmt: skip
def test_canonical_json_of_odd_values(value: object, expected: str) -> None:
    assert canonical(value) == expected


def test_texts_that_only_look_equal_have_their_own_digest() -> None:
    looks = ["é", "e\u0301", "ｅ́", "E\u0301"]
    assert len({digest(t) for t in looks}) == len(looks)
    assert digest({"a": 1}) != digest({"a": "1"}) != digest({"a": True})
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object(), "\ud800"], ids=list("abcdef"))
def test_what_json_cannot_hold_has_no_digest(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        digest(value)


def test_ids_say_what_they_are_sort_by_time_and_do_not_repeat() -> None:
    many = [new_id("run") for _ in range(5000)]
    assert len(set(many)) == 5000
    assert all(map(is_id, many))
    assert [m[:14] for m in many] == sorted(m[:14] for m in many)
    for text_ in ("", "run_", "run_" + "l" * 26, many[0] + "\n", many[0].upper(), " " + many[0], "r_" + many[0][4:]):
        assert not is_id(text_)


class TestSecrets:
    """Sealed text opens with its key, for its place, unaltered; else it does not open."""

    @given(st.text(), st.text(max_size=20))
    def test_it_opens_only_for_its_place(self, secret: str, context: str) -> None:
        box = Secrets(b"k" * 32)
        try:
            sealed = box.seal(secret, context=context)
        except UnicodeEncodeError:
            return
        assert box.open(sealed, context=context) == secret
        assert box.seal(secret, context=context) != sealed
        if len(secret) > 3:
            assert secret not in sealed
        with pytest.raises(SecretUnreadable):
            box.open(sealed, context=context + "x")

    def test_any_change_is_noticed(self) -> None:
        box = Secrets(b"k" * 32)
        sealed = box.seal("secret", context="c")
        for place in range(len(sealed)):
            changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
            try:
                # The last letter of base64 carries bits that mean nothing: then it is the same secret.
                assert box.open(changed, context="c") == "secret"
            except SecretUnreadable:
                continue
            assert sealed[place + 1 : place + 2] in (".", "")

    @pytest.mark.parametrize("junk", ["", "v1", "v1...", "v2.a.b.c", "v1.x.y.z", "é.é.é.é", "v1.00000000.AAAA.AAAA"])
    def test_junk_is_unreadable_in_words(self, junk: str) -> None:
        with pytest.raises(SecretUnreadable, match="cannot be opened"):
            Secrets(b"k" * 32).open(junk, context="c")

    def test_the_key_file_is_its_owners_and_must_be_whole(self, tmp_path: Path) -> None:
        key = load_key(tmp_path / "deep" / "k")
        assert load_key(tmp_path / "deep" / "k") == key
        assert (tmp_path / "deep" / "k").stat().st_mode & 0o777 == 0o600
        (tmp_path / "short").write_bytes(b"x" * 31)
        with pytest.raises(Unavailable, match="must hold exactly 32 bytes"):
            load_key(tmp_path / "short")


class TestSettings:
    """Deployment settings come from the environment or one file; mistakes are said; secrets stay out of sight."""

    @pytest.fixture(autouse=True)
    def _clean(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [n for n in os.environ if n.startswith("COLLEAGUE_") or n == "DATABASE_URL"]:
            monkeypatch.delenv(name)

    def test_code_wins_over_environment_over_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "c.toml"
        file.write_text('port = 1\nhost = "file"\nlog_level = "ERROR"\n')
        monkeypatch.setenv("COLLEAGUE_CONFIG", str(file))
        monkeypatch.setenv("COLLEAGUE_HOST", "environment")
        monkeypatch.setenv("COLLEAGUE_PORT", "2")
        settings = Settings(port=3)
        assert (settings.port, settings.host, settings.log_level) == (3, "environment", "ERROR")

    def test_mistakes_are_refused_with_their_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "c.toml"
        monkeypatch.setenv("COLLEAGUE_CONFIG", str(file))
        file.write_text("prot = 8080\n")
        with pytest.raises(ValidationError, match="prot"):
            Settings()
        file.write_text("port = 70000\n")
        with pytest.raises(ValidationError, match="port"):
            Settings()
        file.write_text("port = [\n")
        with pytest.raises(ValueError, match=r"[Ii]nvalid"):
            Settings()

    def test_secrets_do_not_show_but_reach_the_next_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = Settings(model_api_key="hunter2", smtp_url="smtps://u:hunter2@mail.example", port=9)
        assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()
        passed = settings.environment()
        assert passed["COLLEAGUE_MODEL_API_KEY"] == "hunter2"
        for name, value in passed.items():
            monkeypatch.setenv(name, value)
        assert Settings() == settings

    def test_they_cannot_be_changed(self) -> None:
        with pytest.raises(ValidationError):
            Settings().port = 1  # type: ignore[misc]


async def test_blobs_are_kept_once_and_forgotten_when_told(database: Database) -> None:
    async with database.transaction() as session:
        first, again = await put_blob(session, b"x\0y"), await put_blob(session, b"x\0y")
        assert first == again
        assert await session.scalar(text("SELECT count(*) FROM blobs")) == 1
        assert await get_blob(session, first) == b"x\0y"
        await delete_blobs(session, [first])
        with pytest.raises(BlobNotFound, match="no longer stored"):
            await get_blob(session, first)

    async def put() -> None:
        async with database.transaction() as session:
            await put_blob(session, b"same")
            await asyncio.sleep(0.05)

    await asyncio.gather(*(put() for _ in range(5)))  # nobody loses a transaction


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    for error in (RuntimeError, asyncio.CancelledError, Invalid):
        with pytest.raises(error):
            async with database.transaction() as session:
                await put_blob(session, b"x")
                raise error
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM blobs")) == 0


def test_only_one_file_commits() -> None:
    house = Path(log.__file__).parents[1]
    pattern = re.compile(r"\.commit\(|\.begin\(\)|AsyncSession\(")
    found = {str(f.relative_to(house)) for f in house.rglob("*.py") if pattern.search(f.read_text("utf-8"))}
    assert found <= {"kit/db.py", "kit/migrate.py"}


def test_logs_are_lines_of_names_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    log.setup(level="INFO")
    log.get_log("test").info("job rescued", job=7, task="x")
    log.get_log("test").debug("unseen")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert {k: line[k] for k in ("event", "part", "job", "level")} == {
        "event": "job rescued", "part": "test", "job": 7, "level": "info"
    }  # fmt: skip
