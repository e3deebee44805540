"""The demo's mail server: takes what is sent on this machine, keeps each mail as a file, delivers nothing onwards."""

import hashlib
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from colleague.kit.settings import Settings

LIMIT = 30_000_000
Show = Callable[[Path, EmailMessage], None]


def demo_folder(settings: Settings) -> Path:
    """Return where the demo keeps its documents and mails."""
    return settings.data_dir.resolve() / "demo"


def mail_folder(settings: Settings) -> Path:
    """Return where the demo's mails are kept."""
    return demo_folder(settings) / "mail"


def mail_port(settings: Settings) -> int:
    """Return the port of this data folder's mail server; it is chosen once. 0 if none was chosen yet."""
    try:
        return int(_port_file(settings).read_text())
    except (OSError, ValueError):
        return 0


def _port_file(settings: Settings) -> Path:
    return demo_folder(settings) / "mail-port"


def _greeting(folder: Path) -> str:
    """The first words of the server: they tell the server of this folder from any other."""
    return f"220 colleague-demo-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"


def mails(folder: Path) -> list[Path]:
    """Return the kept mails, oldest first."""
    return sorted(folder.glob("*.eml"))


class _Talk(socketserver.StreamRequestHandler):
    """One SMTP conversation (RFC 5321). Any sign-in is taken: whoever is on this machine may write here."""

    timeout = 60
    server: "_Server"

    def handle(self) -> None:
        """Talk until the other side leaves."""
        try:
            self._talk()
        except OSError:
            return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _talk(self) -> None:
        recipients: list[str] = []
        self._say(f"{self.server.greeting} ESMTP")
        while raw := self.rfile.readline(2000):
            verb, _, rest = raw.decode("latin-1").strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    self._say(f"250-demo\r\n250-AUTH PLAIN\r\n250 SIZE {LIMIT}")
                case "AUTH":
                    self._say("235 ok")
                case "RCPT":
                    recipients.append(rest)
                    self._say("250 ok")
                case "DATA" if recipients:
                    self._data()
                    recipients = []
                case "DATA":
                    self._say("503 no recipient")
                case "QUIT":
                    self._say("221 bye")
                    return
                case "RSET" | "MAIL":
                    recipients = []
                    self._say("250 ok")
                case "HELO" | "NOOP":
                    self._say("250 ok")
                case _:
                    self._say("502 not known")

    def _data(self) -> None:
        self._say("354 go on")
        content = bytearray()
        while (line := self.rfile.readline(LIMIT)) != b".\r\n":
            if not line:
                return
            if len(content) <= LIMIT:
                content += line[1:] if line.startswith(b"..") else line
        if len(content) > LIMIT:
            self._say("552 too large")
            return
        self.server.keep(bytes(content))
        self._say("250 taken")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, folder: Path, show: Show | None) -> None:
        self.greeting, self._folder, self._show = _greeting(folder), folder, show
        super().__init__(("127.0.0.1", port), _Talk)

    def keep(self, content: bytes) -> None:
        """Store a mail before it is acknowledged, and show it."""
        message = message_from_bytes(content, policy=default)
        subject = re.sub(r"[^\w-]+", "-", str(message["Subject"] or ""))[:50].strip("-") or "mail"
        self._folder.mkdir(parents=True, exist_ok=True)
        number = len(mails(self._folder)) + 1
        while True:
            path = self._folder / f"{number:04d}-{subject}.eml"
            try:
                with path.open("xb") as file:
                    file.write(content)
                break
            except FileExistsError:
                number += 1
        if self._show is not None:
            self._show(path, message)


class MailSink:
    """The mail server of one data folder, in a thread. If another process of the folder has it, this one waits."""

    def __init__(self, settings: Settings, show: Show | None = None) -> None:
        """Choose the port (once for a data folder) and serve."""
        self._folder, self._show = mail_folder(settings), show
        self._server: _Server | None = None
        self._stopped = threading.Event()
        self.port = mail_port(settings)
        if self.port and self._serve():
            return
        if self.port and answers(self.port, self._folder):
            threading.Thread(target=self._take_over, daemon=True).start()
            return
        self.port = 0
        self._serve()
        file = _port_file(settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(self.port))

    def _serve(self) -> bool:
        try:
            self._server = _Server(self.port, self._folder, self._show)
        except OSError:
            return False
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        return True

    def _take_over(self) -> None:
        while not self._stopped.is_set() and not self._serve():
            time.sleep(1)

    def stop(self) -> None:
        """Stop serving."""
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def answers(port: int, folder: Path) -> bool:
    """Say whether the mail server of `folder` answers on `port`."""
    expected = _greeting(folder).encode()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.settimeout(2)
            return line.recv(200).startswith(expected)
    except OSError:
        return False
