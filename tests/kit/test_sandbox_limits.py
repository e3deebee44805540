"""What runs inside stays within its limits, is ended with everything it started, and leaves nothing behind."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kit.sandbox_case import OTHER, TIERS, Case, case

from colleague.kit.sandbox.groups import parents

USERS = [pytest.param(None, id="self"), pytest.param(OTHER, id="other")]
SMALL = {"memory": 200 << 20, "address_space": 200 << 20, "wall_seconds": 120, "processes": 16}


@pytest.fixture(params=TIERS)
def made(request: pytest.FixtureRequest, user: int | None) -> Iterator[Case]:
    with case(request.param, user) as found:
        yield found


@pytest.fixture(params=USERS)
def user(request: pytest.FixtureRequest) -> int | None:
    return request.param


def with_argument(marker: str) -> list[int]:
    """Return the processes of this machine whose command line holds `marker`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                if marker.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
    return found


def wait_until_gone(marker: str, seconds: float = 60) -> list[int]:
    until = time.monotonic() + seconds
    while (left := with_argument(marker)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def test_a_greedy_program_gets_a_memory_error(made: Case) -> None:
    answer = made.run("b = bytearray(1 << 30)", limits=SMALL)
    assert answer["exit"] == 1
    assert "MemoryError" in answer["stderr"]


def test_memory_counts_for_all_processes_together(made: Case) -> None:
    code = (
        "import os, time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        b = bytearray(os.urandom(1 << 20) * 100); time.sleep(300)\n"
        "time.sleep(300)"
    )
    answer = made.run(code, limits=SMALL)
    assert answer["killed_by"] == "memory"


def test_shared_memory_counts_too(made: Case) -> None:
    code = (
        "import mmap, os, time\n"
        "for _ in range(6):\n"
        "    if os.fork() == 0:\n"
        "        m = mmap.mmap(-1, 100 << 20)\n"
        "        for n in range(100): m.write(b'x' * (1 << 20))\n"
        "        time.sleep(300)\n"
        "time.sleep(300)"
    )
    answer = made.run(code, limits=SMALL)
    assert answer["killed_by"] == "memory"


def test_a_fork_bomb_stays_small_and_is_ended(made: Case) -> None:
    marker = f"bomb-{os.urandom(6).hex()}"
    code = (
        "import os, time\n"
        "failed = 0\n"
        "for _ in range(400):\n"
        "    try:\n"
        "        if os.fork() == 0:\n"
        "            while True:\n"
        "                try: os.fork()\n"
        "                except OSError: time.sleep(0.01)\n"
        "    except OSError: failed += 1; time.sleep(0.005)\n"
        "print(failed)"
    )
    answer = made.run(code, marker, limits={**SMALL, "wall_seconds": 3, "cpu_seconds": 20})
    assert answer["killed_by"] in {"processes", "wall time", "cpu"} or int(answer["stdout"] or 1) > 0
    assert wait_until_gone(marker) == []


def test_cpu_time_is_bounded_over_all_processes(made: Case) -> None:
    code = "import os\nos.fork(); os.fork()\nwhile True: pass"
    answer = made.run(code, limits={**SMALL, "cpu_seconds": 1})
    assert answer["killed_by"] == "cpu"


def test_wall_time_is_bounded_and_ignoring_sigterm_does_not_help(made: Case) -> None:
    code = (
        "import signal, time\n"
        "for n in range(1, 32):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except OSError: pass\n"
        "time.sleep(600)"
    )
    answer = made.run(code, limits={**SMALL, "wall_seconds": 1})
    assert answer["killed_by"] == "wall time"


def test_a_file_is_bounded(made: Case) -> None:
    code = (
        "import errno, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: open('big', 'wb').write(b'x' * 3_000_000)\n"
        "except OSError as error: print(errno.errorcode[error.errno])"
    )
    assert made.run(code, limits={"file_size": 1_000_000})["stdout"] == "EFBIG\n"


@pytest.mark.parametrize(
    "kept",
    [
        "open(f'f{n}', 'wb').write(b'x' * (1 << 20))",
        "f = open('f', 'wb'); os.unlink('f'); f.write(b'x' * (1 << 20)); f.flush(); k.append(f)",
    ],
)
def test_the_disk_is_bounded_also_by_files_that_were_deleted(made: Case, kept: str) -> None:
    code = f"import os, time\nk = []\nfor n in range(100):\n    {kept}\n    time.sleep(0.02)\ntime.sleep(200)"
    answer = made.run(code, limits={**SMALL, "disk": 10_000_000})
    assert answer["killed_by"] == "disk"
    assert answer["gone"]


def test_endless_output_is_cut(made: Case) -> None:
    for stream in ("stdout", "stderr"):
        answer = made.run(f"import sys\nwhile True: sys.{stream}.write('x' * 65536)", limits={"output": 100_000})
        assert answer["killed_by"] == "output"
        assert len(answer[stream]) == 100_000


def test_a_daemon_does_not_outlive_the_program(made: Case) -> None:
    marker = f"daemon-{os.urandom(6).hex()}"
    code = (
        "import os, signal, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "        os.close(0); os.close(1); os.close(2); open('alive', 'w'); time.sleep(600)\n"
        "    os._exit(0)\n"
        "while not os.path.exists('alive'): time.sleep(0.01)\n"
        "print('started')"
    )
    answer = made.run(code, marker, limits=SMALL)
    assert answer["stdout"] == "started\n"
    assert wait_until_gone(marker) == []


@pytest.mark.parametrize("victim", ["worker", "warden"])
def test_nothing_outlives_a_killed_worker_or_warden(made: Case, victim: str) -> None:
    marker = f"orphan-{os.urandom(6).hex()}"
    request = {"tier": made.tier, "argv": ["-I", "-c", "import time; time.sleep(600)", marker], "print_pid": True}
    with made.popen() as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(request))
        process.stdin.close()
        told = json.loads(process.stdout.readline())
        until = time.monotonic() + 120
        while not with_argument(marker) and time.monotonic() < until:
            time.sleep(0.02)
        assert with_argument(marker)
        os.kill(process.pid if victim == "worker" else told["warden"], signal.SIGKILL)
        assert wait_until_gone(marker) == []
        until = time.monotonic() + 120
        while os.path.exists(told["root"]) and time.monotonic() < until:
            time.sleep(0.05)
        assert not os.path.exists(told["root"])
        process.kill()


def test_no_process_and_no_control_group_is_left(made: Case) -> None:
    made.run("print(1)")
    _, own = parents(Path("/proc/self/cgroup").read_text())
    numbers = [group.name.rpartition("-")[2] for folder in own for group in folder.glob("colleague-*")]
    assert [number for number in numbers if not Path(f"/proc/{number}").exists()] == []


def test_a_folder_that_was_shut_is_removed_too(made: Case) -> None:
    answer = made.run("import os\nos.makedirs('a/b')\nopen('a/b/c', 'w')\nos.umask(0o777)\nos.makedirs('shut/d', 0)")
    assert answer["gone"]
