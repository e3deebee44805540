"""A newcomer's path through the real command: from an empty data folder to a document, one approved mail and a verified
ledger; with a server beside it or without, at a terminal or not."""

import email
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.policy import default
from http.cookiejar import CookieJar
from pathlib import Path

import docx
import pytest

from colleague.testing.serving import free_port

COLLEAGUE = (sys.executable, "-m", "colleague.cli.main")
pytestmark = pytest.mark.slow


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COLLEAGUE_", "DATABASE_URL"))}
    return {**kept, "COLLEAGUE_DATA_DIR": str(folder), "NO_COLOR": "1", **more}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty data folder with its own embedded database, shared by the tests of this file in their order."""
    return tmp_path_factory.mktemp("newcomer") / "data"


def run(folder: Path, *words: str, seconds: float = 600, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COLLEAGUE, *words], env=environment(folder, **more), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def mails(folder: Path) -> list[Path]:
    return sorted((folder / "demo" / "mail").glob("*.eml"))


def test_the_first_job_from_an_empty_folder(folder: Path) -> None:
    done = run(folder, "demo", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mail_send       ask    asked" in done.stdout
    assert "Approved, as --yes says." in done.stdout
    assert re.search(r"^Ledger +intact to entry \d+", done.stdout, re.M)
    (path,) = re.findall(r"^Result +(.*\.docx)$", done.stdout, re.M)
    text = "\n".join(p.text for p in docx.Document(path).paragraphs)
    assert "Response outline" in text
    assert "Harbour City" in text
    (mail,) = mails(folder)
    assert re.search(rf"^Mail +{re.escape(str(mail))}$", done.stdout, re.M)
    message = email.message_from_bytes(mail.read_bytes(), policy=default)
    assert message["To"] == "dana@aldermoor.example"
    assert any(part.get_filename("").endswith(".docx") for part in message.iter_attachments())  # type: ignore[attr-defined]


def test_the_documents_are_real_files_and_the_request_has_more_than_20_pages(folder: Path) -> None:
    import pypdfium2

    documents = folder / "demo" / "documents"
    assert {p.suffix for p in documents.rglob("*") if p.is_file()} == {
        ".pdf", ".docx", ".xlsx", ".md", ".html", ".eml"
    }  # fmt: skip
    (rfp,) = documents.rglob("*request for proposals.pdf")
    with pypdfium2.PdfDocument(rfp) as pdf:
        assert len(pdf) > 20


def test_without_a_terminal_it_waits_and_says_how_to_answer(folder: Path) -> None:
    before = len(mails(folder))
    done = run(folder, "demo")
    assert done.returncode == 1
    assert len(mails(folder)) == before
    (approval,) = re.findall(r"colleague approval approve (ask_\w+) --as ana@aldermoor.example", done.stderr)
    stranger = run(folder, "approval", "approve", approval, "--yes", "--as", "ben@aldermoor.example")
    assert stranger.returncode == 1
    shown = run(folder, "approval", "show", approval, "--as", "ana@aldermoor.example")
    assert "To:       dana@aldermoor.example" in shown.stdout
    unasked = run(folder, "approval", "approve", approval, "--as", "ana@aldermoor.example")
    assert unasked.returncode == 1
    assert "--yes" in unasked.stderr
    denied = run(folder, "approval", "deny", approval, "--yes", "--reason", "Not now", "--as", "ana@aldermoor.example")
    assert denied.returncode == 0, denied.stderr
    again = run(folder, "approval", "approve", approval, "--yes", "--as", "ana@aldermoor.example")
    assert again.returncode == 1
    assert "Already denied by Ana Correia" in again.stderr
    run(folder, "worker", "--until-idle")
    assert len(mails(folder)) == before


def _terminal() -> None:
    """Make standard input the terminal of this process. Who was started in the background ignores Ctrl-C: not here."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def at_terminal(folder: Path, answer: str) -> tuple[int, str]:
    """Run `colleague demo` at a pseudo-terminal, answer its question, and return exit code and output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COLLEAGUE, "demo"], env=environment(folder, TERM="xterm"), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=_terminal,  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    os.close(theirs)
    out, answered, end = "", False, time.monotonic() + 600
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 1)[0]:
                continue
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece.decode(errors="replace")
            if "Approve this?" in out and not answered:
                os.write(ours, answer.encode())
                answered = True
        assert answered, f"It never asked: {out}"
        return process.wait(120), out
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_at_a_terminal_it_asks_and_does_what_the_person_says(folder: Path) -> None:
    before = len(mails(folder))
    code, out = at_terminal(folder, "n\n")
    assert code == 0, out
    assert "Denied." in out
    assert len(mails(folder)) == before
    code, out = at_terminal(folder, "y\n")
    assert code == 0, out
    assert "Approved." in out
    assert len(mails(folder)) == before + 1
    assert "intact" in out


def test_interrupted_at_the_question_nothing_is_sent(folder: Path) -> None:
    before = len(mails(folder))
    code, out = at_terminal(folder, "\x03")
    assert code != 0
    assert "Traceback" not in out
    assert len(mails(folder)) == before


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `serve --demo` and give the process, once its first page is there."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [*COLLEAGUE, "serve", "--demo", "--port", str(port)], env=environment(folder), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        while time.monotonic() - begun < 300:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5).read()
                break
            except OSError:
                assert process.poll() is None, process.stdout.read() if process.stdout else ""
                time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=120)
        finally:
            process.kill()
            process.wait()


def test_a_server_shows_where_to_look_signs_in_with_one_click_and_shares_the_demo(folder: Path) -> None:
    port = free_port()
    with serving(folder, port) as process:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = browser.open(f"http://127.0.0.1:{port}/sign-in").read().decode()
        for person in ("marta", "ana", "priya", "ines"):
            assert f"{person}@aldermoor.example" in page
        alone = run(folder, "serve", "--history", "--port", str(free_port()))
        assert (alone.returncode, "for the demo alone" in alone.stderr) == (1, True)
        second = run(folder, "serve", "--demo", "--port", str(port))
        assert second.returncode == 1
        assert "already" in second.stderr
        before = len(mails(folder))
        done = run(folder, "demo", "--yes")
        assert done.returncode == 0, done.stderr
        assert len(mails(folder)) == before + 1
        memory = run(folder, "doctor").stdout
        assert re.search(r"memory +server +\d+ MB", memory)
        assert re.search(r"memory +worker +\d+ MB", memory)
        assert "ledger     intact" in memory
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
    assert f"http://127.0.0.1:{port}" in out
    assert "Ctrl-C" in out
    assert "dana@aldermoor.example" in out
    assert "Traceback" not in out
    assert "no server or worker" in run(folder, "doctor", "--no-ledger").stdout


@contextmanager
def asking(port: int) -> Iterator[None]:
    """Ask for a page without pause: a server is never told to end while it does nothing."""
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5).read()
            except OSError:
                done.wait(0.05)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for one in askers:
        one.start()
    try:
        yield
    finally:
        done.set()
        for one in askers:
            one.join()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_server_that_is_told_to_end_stops_its_worker_and_database(folder: Path, number: signal.Signals) -> None:
    import psutil

    port = free_port()
    with serving(folder, port) as process, asking(port):
        children = psutil.Process(process.pid).children(recursive=True)
        end = time.monotonic() + 120
        while not children and time.monotonic() < end:
            time.sleep(0.1)
            children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(number)
        assert process.wait(120) == 0
        _, alive = psutil.wait_procs(children, timeout=120)
        assert not alive


def test_a_closed_pipe_ends_quietly(folder: Path) -> None:
    words = [*COLLEAGUE, "audit", "list", "--limit", "1000", "--as", "ines@aldermoor.example"]
    process = subprocess.Popen(
        words, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(120) == 1


def test_off_loopback_the_demo_is_refused(folder: Path) -> None:
    done = run(folder, "serve", "--demo", "--port", str(free_port()), COLLEAGUE_HOST="0.0.0.0")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_load_no_part_of_the_product(word: str) -> None:
    code = f"""
import sys
sys.argv = ["colleague", "{word}"]
import colleague.cli.main
try:
    colleague.cli.main.main()
except SystemExit:
    pass
print([n for n in sys.modules if n.startswith(("sqlalchemy", "fastapi", "pydantic", "colleague.bootstrap"))])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "[]"
