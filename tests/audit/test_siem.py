"""A SIEM gets every sealed entry as an OCSF event, in order, at least once; while it is away nothing is lost."""

import asyncio
import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text
from tests.audit.ledgers import SIGNER, check, fill, until

from colleague.audit.event import Event
from colleague.audit.export import export
from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.siem.forward import forward, keep_forwarding, waiting
from colleague.audit.siem.ocsf import ocsf
from colleague.audit.siem.target import BadSiem, FileTarget, HttpTarget, SiemUnavailable, SyslogTarget, target_of
from colleague.kit.db import Database
from colleague.kit.settings import Settings
from colleague.testing.clock import TestClock
from colleague.testing.serving import json_app, serving

pytestmark = pytest.mark.anyio
SETTINGS = Settings(siem_authorization="Bearer secret")  # type: ignore[arg-type]
# What OCSF 1.3 requires: of every event, and of each class (schema.ocsf.io).
ALWAYS = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
REQUIRED = {3001: {"user"}, 3002: {"user", "service"}, 6003: {"actor", "api", "src_endpoint"}}


class Kept:
    """A SIEM in memory, whose line can be cut."""

    def __init__(self) -> None:
        self.cut, self.events = False, list[Mapping[str, Any]]()

    async def send(self, events: Sequence[Mapping[str, Any]]) -> None:
        if self.cut:
            raise SiemUnavailable
        self.events += events


def _body(verb: str, **more: Any) -> str:
    said = {"v": 1, "at": "2026-11-02T08:00:00+00:00", "verb": verb, "actor": "person_ana", "subject": "task_1"}
    return json.dumps({**said, "run": "", "person": "", "data": {}, **more})


@pytest.mark.parametrize(
    ("verb", "data", "expected"),
    [
        ("sign_in.succeeded", {}, (3002, 1, 1, 1)),
        ("sign_in.failed", {}, (3002, 1, 2, 3)),
        ("sign_in.ended", {}, (3002, 2, 1, 1)),
        ("break_glass.used", {}, (3002, 1, 1, 4)),
        ("person.provisioned", {}, (3001, 1, 1, 1)),
        ("person.deprovisioned", {}, (3001, 5, 1, 1)),
        ("person.regrouped", {}, (3001, 99, 1, 1)),
        ("role.assigned", {"role": "owner"}, (3001, 7, 1, 1)),
        ("call.decided", {"effect": "allow"}, (6003, 99, 1, 1)),
        ("call.decided", {"effect": "deny"}, (6003, 99, 2, 3)),
        ("call.refused", {}, (6003, 99, 2, 3)),
        ("grant.opened", {}, (6003, 1, 1, 1)),
        ("grant.revoked", {}, (6003, 4, 1, 1)),
        ("governance.changed", {}, (6003, 3, 1, 1)),
        ("team.member_added", {}, (6003, 1, 1, 1)),
        ("ledger.verified", {"ok": False}, (6003, 2, 2, 4)),
        ("run.failed", {}, (6003, 99, 2, 2)),
    ],
)
def test_each_kind_of_entry_has_its_class(verb: str, data: dict[str, Any], expected: tuple[int, ...]) -> None:
    event = ocsf(7, 9, _body(verb, data=data), "ab")
    kind, activity = expected[:2]
    assert (event["class_uid"], event["activity_id"], event["status_id"], event["severity_id"]) == expected
    assert event["type_uid"] == kind * 100 + activity
    assert ALWAYS | REQUIRED[kind] <= event.keys()
    assert event["time"] == 1793606400000
    assert event["metadata"]["sequence"] == 7


async def test_every_verb_the_product_records_becomes_a_valid_event() -> None:
    table = Path(__file__).parents[2] / "docs" / "reference" / "events.md"
    verbs = [line.split("`")[1] for line in table.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(verbs) > 100
    for verb in verbs:
        event = ocsf(0, 1, _body(verb), "")
        assert ALWAYS | REQUIRED[event["class_uid"]] <= event.keys(), verb


async def test_an_event_can_be_held_against_the_tree(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 2)
    siem = Kept()
    assert await forward(database, siem, "t", clock=TestClock()) == 2
    for event in siem.events:
        leaf = hashlib.sha256(b"\x00" + event["raw_data"].encode()).hexdigest()
        assert event["unmapped"]["leaf"] == leaf


async def test_names_and_addresses_stay_behind(database: Database, ledger: Ledger) -> None:
    async with database.transaction() as session:
        facts = Event("person.added", "person_x", person="person_y", personal={"email": "ana@aldermoor.example"})
        await ledger.record(session, facts)
    await seal(database, signer=SIGNER, sink=None, clock=TestClock())
    siem = Kept()
    assert await forward(database, siem, "t", clock=TestClock()) == 1
    assert "aldermoor" not in json.dumps(siem.events)
    assert siem.events[0]["user"]["uid"] == "person_y"


async def test_entries_go_out_once_in_order_and_a_new_target_gets_everything(
    database: Database, ledger: Ledger
) -> None:
    siem = Kept()
    await fill(database, ledger, 3, 4)
    assert await forward(database, siem, "one", clock=TestClock()) == 7
    assert await forward(database, siem, "one", clock=TestClock()) == 0
    await fill(database, ledger, 2)
    assert await waiting(database, "one") == (7, 2)
    both = await asyncio.gather(*(forward(database, siem, "one", clock=TestClock()) for _ in range(4)))
    assert sorted(both) == [0, 0, 0, 2]
    assert [e["metadata"]["sequence"] for e in siem.events] == list(range(9))
    other = Kept()
    assert await forward(database, other, "two", clock=TestClock()) == 9


async def test_unsealed_entries_wait(database: Database, ledger: Ledger) -> None:
    async with database.transaction() as session:
        await ledger.record(session, Event("thing.done", "person_x"))
    assert await forward(database, Kept(), "t", clock=TestClock()) == 0


async def test_while_the_siem_is_away_nothing_is_lost_and_that_is_on_record_once(
    database: Database, ledger: Ledger
) -> None:
    siem = Kept()
    siem.cut = True
    await fill(database, ledger, 3)
    loop = asyncio.create_task(keep_forwarding(database, siem, "t", clock=TestClock(), ledger=ledger, every=0.02))

    async def told(*verbs: str) -> bool:
        async with database.transaction() as session:
            found = text("SELECT verb FROM ledger_entries WHERE verb LIKE 'ledger.s%' ORDER BY id")
            return list(await session.scalars(found)) == list(verbs)

    try:
        await until(lambda: told("ledger.siem_lost"))
        await asyncio.sleep(0.2)
        assert await told("ledger.siem_lost")
        siem.cut = False
        await until(lambda: told("ledger.siem_lost", "ledger.siem_reached"))
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert [e["metadata"]["sequence"] for e in siem.events][:3] == [0, 1, 2]


async def test_a_file_takes_lines_and_a_missing_folder_is_said(
    database: Database, ledger: Ledger, tmp_path: Path
) -> None:
    await fill(database, ledger, 2)
    with pytest.raises(SiemUnavailable):
        await forward(database, FileTarget(tmp_path / "none" / "siem.jsonl"), "t", clock=TestClock())
    file = tmp_path / "siem.jsonl"
    assert await forward(database, FileTarget(file), "t", clock=TestClock()) == 2
    assert [json.loads(line)["message"] for line in file.read_text("utf-8").splitlines()] == ["thing.done"] * 2


async def test_https_takes_a_batch_and_anything_but_success_is_tried_again(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3)
    got: list[tuple[str, int]] = []
    answers = [503, 302, 200]

    def answer(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        got.append((headers.get("authorization", ""), len(body.splitlines())))
        return answers.pop(0), {}

    with serving(json_app(answer)) as port:
        target = HttpTarget(f"http://127.0.0.1:{port}/in", "Bearer secret")
        for _ in range(2):
            with pytest.raises(SiemUnavailable):
                await forward(database, target, "t", clock=TestClock())
        assert await forward(database, target, "t", clock=TestClock()) == 3
    assert got == [("Bearer secret", 3)] * 3


@contextmanager
def _collector(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A syslog collector: gives its port and the messages it got (octet counting)."""
    messages: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(line, server_side=True) if context else line as stream:
                    data = b""
                    while piece := stream.recv(65536):
                        data += piece
            except OSError:
                continue
            while data:
                size, _, data = data.partition(b" ")
                messages.append(data[: int(size)])
                data = data[int(size) :]

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], messages
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return (what the collector shows, what trusts it)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "collector")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = built.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "both.pem"
    file.write_bytes(secret + pem)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(file)
    return shown, ssl.create_default_context(cadata=pem.decode())


async def _arrived(messages: list[bytes], count: int) -> None:
    async def all_here() -> bool:
        return len(messages) == count

    await until(all_here)


async def test_syslog_over_tcp_frames_each_message(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3, word="thing.dön")
    with _collector() as (port, messages):
        target = SyslogTarget("127.0.0.1", port, tls=False)
        assert await forward(database, target, "t", clock=TestClock()) == 3
        await _arrived(messages, 3)
    assert messages[0].startswith(b"<110>1 20")
    head, _, body = messages[0].partition(b"\xef\xbb\xbf")
    assert len(head.split()) == 7
    assert json.loads(body)["metadata"]["sequence"] == 0


async def test_syslog_over_tls_only_to_a_collector_that_is_trusted(
    database: Database, ledger: Ledger, tmp_path: Path
) -> None:
    await fill(database, ledger, 2)
    shown, trusting = _certificate(tmp_path)
    with _collector(shown) as (port, messages):
        with pytest.raises(SiemUnavailable):
            await forward(database, SyslogTarget("localhost", port, tls=True), "t", clock=TestClock())
        target = SyslogTarget("localhost", port, tls=True, context=trusting)
        assert await forward(database, target, "t", clock=TestClock()) == 2
        await _arrived(messages, 2)
    with pytest.raises(SiemUnavailable):
        await target.send([json.loads(messages[0].partition(b"\xef\xbb\xbf")[2])])


@pytest.mark.parametrize(
    "address",
    ["http://siem.example/in", "syslog://h:514", "syslog+udp://h:514", "https://user:word@h/in", "file:relative",
     "file://host/x", "syslog+tls://h:port", "syslog+tcp://h/path", "nonsense", "https://siem.example/in?token=x"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadSiem):
        target_of(SETTINGS.model_copy(update={"siem": address}))


def test_an_address_is_understood() -> None:
    for address, kind in (
        ("file:/var/log/x", FileTarget), ("syslog+tls://h", SyslogTarget), ("https://h/in", HttpTarget),
    ):  # fmt: skip
        assert isinstance(target_of(SETTINGS.model_copy(update={"siem": address})), kind)
    assert target_of(SETTINGS) is None


async def test_an_export_holds_the_events_too(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    await fill(database, ledger, 3)
    await export(database, "person_x", tmp_path, signer=SIGNER, ledger=ledger)
    events = [json.loads(line) for line in (tmp_path / "entries.ocsf.jsonl").read_text("utf-8").splitlines()]
    assert [e["metadata"]["sequence"] for e in events] == [0, 1, 2]
    assert (await check(database)).ok
