"""One run's warden: starts the confined program, watches what it uses, and leaves nothing of it behind.

A small process of its own between the worker and the foreign code. Every orphan inside is adopted by it; when the
program ends, a limit is passed, or the worker lets go of the life line (also by dying), all of it is killed.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from colleague.kit.sandbox.confine import READY, confine
from colleague.kit.sandbox.groups import Group, open_group
from colleague.kit.sandbox.mounts import bubblewrap
from colleague.kit.sandbox.plan import Plan, read
from colleague.kit.sandbox.watch import descendants, disk_of, use_of

_ADOPT_ORPHANS = 36
_TICK = 0.1
_FIRST_USER, _USERS = 61184, 4096  # the range that Linux leaves to users made for one run (systemd DynamicUser)


def main() -> None:
    """Run the plan on the first descriptor; the report goes to the second, the life line is the third."""
    place, report, life = map(int, sys.argv[1:])
    for number in (report, life):
        os.set_inheritable(number, False)
    plan, worker = read(place), os.getppid()
    try:
        outcome = Warden(plan, life).run()
    except OSError as error:
        outcome = {"unconfined": error.strerror or "the sandbox cannot be set up"}
    # What is told into the pipe of a worker that dies at that moment is read by nobody: so it is looked again after it.
    if not _alone(worker, report):
        with contextlib.suppress(BrokenPipeError):
            os.write(report, json.dumps(outcome).encode())
        if not (_closed(life) and _alone(worker, report)):
            return
    # Nobody is left to clear away the copies of files that the program was given.
    from colleague.kit.sandbox.scratch import remove

    for folder in plan.owned:
        remove(folder)


def _alone(worker: int, report: int) -> bool:
    """Say whether the worker has died. A dying one closes its descriptors a moment before it counts as gone: as long as
    nobody reads the report any more, that moment is waited for.
    """
    until = time.monotonic() + 5
    while os.getppid() == worker:
        if not _closed(report) or time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _closed(pipe: int) -> bool:
    """Say whether the other end of a pipe is closed."""
    look = select.poll()
    look.register(pipe, 0)
    return bool(look.poll(0))


class Warden:
    """The run and what is known of it."""

    def __init__(self, plan: Plan, life: int) -> None:
        """Take the plan and the life line."""
        if os.geteuid() == 0:
            plan = replace(plan, user=_FIRST_USER + os.getpid() % _USERS)
        self._errors, errors = os.pipe()
        os.set_blocking(self._errors, False)
        os.set_inheritable(errors, True)
        self._told = errors
        self._plan, self._life = replace(plan, errors=errors, keep_reading=_out_of_reach(plan)), life
        self._started, self._ended_at, self._looked = time.monotonic(), 0.0, 0.0
        self._status: int | None = None
        self._group: Group | None = None

    def run(self) -> dict[str, object]:
        """Run to the end and return the report."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
        descendants(os.getpid())  # a machine that cannot tell children is refused before anything runs
        _hand_over(self._plan)
        self._group = open_group(f"colleague-{os.getpid()}", self._plan.memory, self._plan.processes)
        try:
            child = self._fork()
            self._let_go()
            killed = self._watch(child)
        finally:
            _kill_all()
            killed_by_kernel = self._group.close() if self._group else False
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        exit_code = os.waitstatus_to_exitcode(self._status) if self._status is not None else -signal.SIGKILL
        if not killed and killed_by_kernel:
            killed = "memory"
        if not killed and exit_code in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
            killed = "cpu"
        told = self._complaint()
        return {
            "exit": exit_code, "killed_by": killed, "seconds": self._ended_at - self._started,
            "cpu_seconds": used.ru_utime + used.ru_stime, "unconfined": told, "group": self._group is not None,
        }  # fmt: skip

    def _fork(self) -> int:
        child = os.fork()
        if child:
            return child
        code = 125
        try:
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            if self._group:
                self._group.join()
            if self._plan.bubblewrap:
                os.execve(self._plan.bubblewrap, bubblewrap(self._plan), {})  # noqa: S606 - no shell
            confine(self._plan)
        except OSError as error:
            os.write(self._told, (error.strerror or "the sandbox cannot be set up").encode())
        finally:
            os._exit(code)

    def _let_go(self) -> None:
        """Keep none of the program's own streams, so that their ends are seen; SIGTERM means stop."""
        os.close(self._told)
        nothing = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)

    def _watch(self, child: int) -> str:
        """Wait until the program ends by itself (return "") or a limit is passed (return its name)."""
        woken, wake = os.pipe()
        for number in (woken, wake):
            os.set_blocking(number, False)
        signal.set_wakeup_fd(wake)
        stopped: list[int] = []
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
        while True:
            if self._reap(child):
                return ""
            if reason := self._beyond():
                self._ended_at = time.monotonic()
                return reason
            ready, _, _ = select.select([self._life, woken], [], [], _TICK)
            if self._life in ready or stopped:
                self._ended_at = time.monotonic()
                return "stopped"
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 1024)

    def _reap(self, child: int) -> bool:
        """Take note of every process that has ended; say whether the program itself has."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                process = 0
            if process == child:
                self._status, self._ended_at = status, time.monotonic()
                return True
            if process == 0:
                return False

    def _beyond(self) -> str:
        """Return the name of the limit that is passed, or nothing. Looks at most once a tick."""
        now, plan = time.monotonic(), self._plan
        if plan.wall_seconds is not None and now - self._started > plan.wall_seconds:
            return "wall time"
        if now - self._looked < _TICK / 2:
            return ""
        self._looked = now
        processes = descendants(os.getpid())
        use = use_of(processes, plan)
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        checks: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("memory", lambda: use.memory > plan.memory or bool(self._group and self._group.out_of_memory())),
            ("cpu", lambda: use.cpu_seconds + reaped.ru_utime + reaped.ru_stime > (plan.cpu_seconds or float("inf"))),
            ("processes", lambda: use.processes > plan.processes + 8),
            ("disk", lambda: disk_of(processes, plan) > plan.disk),
        )
        return next((name for name, beyond in checks if beyond()), "")

    def _complaint(self) -> str:
        """Return why the program was never started, or nothing if it was."""
        with contextlib.suppress(BlockingIOError):
            told = os.read(self._errors, 4096)
            if told != READY:
                return told.removeprefix(READY).decode("utf-8", "replace") or "it could not be set up"
        return ""


def _hand_over(plan: Plan) -> None:
    """Give the run's own folders to the run's own user. They are fresh: no foreign code has run in them yet."""
    if plan.user < 0:
        return
    for root in plan.owned:
        os.chown(root, plan.user, plan.user, follow_symlinks=False)
        for folder, folders, files in os.walk(root):
            for name in (*folders, *files):
                os.chown(os.path.join(folder, name), plan.user, plan.user, follow_symlinks=False)


def _out_of_reach(plan: Plan) -> bool:
    """Say whether another user could not get to the interpreter or the workspace by the modes of their folders."""
    if os.geteuid() != 0 or plan.bubblewrap:
        return False
    for path in (*plan.readable, plan.workspace):
        folder = os.path.dirname(os.path.realpath(path))
        while folder != "/":
            with contextlib.suppress(OSError):
                if not os.stat(folder).st_mode & 1 and folder not in plan.owned:
                    return True
            folder = os.path.dirname(folder)
    return False


def _kill_all() -> None:
    """Kill every process of the run, those that left the session or ignore signals too, until none is left."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for process in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)
