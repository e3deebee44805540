"""A real IMAP server (Dovecot) on a port of this machine; the password is «demo». Needs root, as Dovecot does."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{home}/mail/%u
first_valid_uid = 1
default_vsz_limit = 512M
passdb {{
  driver = static
  args = password=demo
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  client_limit = 100
}}
"""


class Dovecot:
    """The server, between `with` and its end. `url` is its address."""

    def __init__(self, port: int) -> None:
        self.url = f"imap://127.0.0.1:{port}"
        # Its processes give up root: the folder must be open to them, which pytest's folders are not.
        self.home = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.home.chmod(0o755)
        self._port, self._owner = port, pwd.getpwnam("nobody")

    def __enter__(self) -> "Dovecot":
        (self.home / "mail").mkdir()
        os.chown(self.home / "mail", self._owner.pw_uid, self._owner.pw_gid)
        config = self.home / "dovecot.conf"
        config.write_text(
            CONFIG.format(home=self.home, port=self._port, uid=self._owner.pw_uid, gid=self._owner.pw_gid)
        )
        self._process = subprocess.Popen(["dovecot", "-F", "-c", str(config)])
        for _ in range(1200):
            assert self._process.poll() is None, (self.home / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise TimeoutError((self.home / "log").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)

    def deliver(self, to: str, sender: str, subject: str, body: str, number: int) -> None:
        """Put a message into somebody's inbox, as a delivery agent would."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, subject
        message["Date"], message["Message-ID"] = f"Mon, 23 Nov 2026 09:{number:02}:00 +0000", f"<{number}@mail.example>"
        message.set_content(body)
        new = self.home / "mail" / to / "new"
        for part in ("cur", "new", "tmp"):
            (self.home / "mail" / to / part).mkdir(parents=True, exist_ok=True)
        path = new / f"17950000{number:02}.M{number}.here"
        path.write_bytes(message.as_bytes())
        for each in (self.home / "mail").rglob("*"):
            os.chown(each, self._owner.pw_uid, self._owner.pw_gid)
