"""The last step before foreign code: give up user, capabilities, files, network and resources, then become it.

Runs in the new process, single-threaded, with a bare interpreter. Whatever cannot be given up ends the run.
"""

import contextlib
import ctypes
import math
import os
import resource
import signal
import struct
import sys
from typing import NoReturn

from colleague.kit.sandbox import landlock
from colleague.kit.sandbox.filter import program
from colleague.kit.sandbox.plan import DEVICES, Plan, read
from colleague.kit.sandbox.seccomp import install

_NO_NEW_PRIVILEGES, _KEEP_CAPABILITIES, _DROP_BOUND, _AMBIENT, _DIE_WITH_PARENT = 38, 8, 24, 47, 1
_READ_SEARCH = 2  # CAP_DAC_READ_SEARCH
_LAST_CAPABILITY = 63
_CLOSE_RANGE = 436
READY = b"."


def main() -> NoReturn:
    """Confine this process by the plan on the descriptor in the first argument."""
    confine(read(int(sys.argv[1])))


def confine(plan: Plan) -> NoReturn:
    """Give everything up and become the program. A failure is told on `plan.errors` and ends this process."""
    try:
        parent = os.getppid()
        os.umask(0o077)
        os.chdir(plan.workspace)
        limit(plan)
        become(plan)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "privileges cannot be given up")
        version = _landlock(plan)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        code = _filter(plan, version)
        os.write(plan.errors, READY)
        os.set_inheritable(plan.errors, False)
        _close(plan.errors)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        install(code)
        os.execve(plan.argv[0], plan.argv, plan.env)  # noqa: S606 - no shell is wanted
    except Exception as error:
        word = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        os.write(plan.errors, word.encode())
    os._exit(126)


def limit(plan: Plan) -> None:
    """Bound what each process may use; the hard limits too, so that nothing inside can raise them."""
    bounds = {
        resource.RLIMIT_DATA: plan.memory, resource.RLIMIT_FSIZE: plan.file_size, resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: plan.open_files, resource.RLIMIT_MEMLOCK: 1 << 16, resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NPROC: _processes(plan), resource.RLIMIT_RTPRIO: 0, resource.RLIMIT_NICE: 0,
        resource.RLIMIT_STACK: 8 << 20,
    }  # fmt: skip
    if plan.address_space is not None:
        bounds[resource.RLIMIT_AS] = plan.address_space
    if plan.cpu_seconds is not None:
        bounds[resource.RLIMIT_CPU] = math.ceil(plan.cpu_seconds) + 1
    for kind, value in bounds.items():
        _, most = resource.getrlimit(kind)
        least = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (least, least))


def _processes(plan: Plan) -> int:
    """The kernel counts the processes and threads of a user: what runs already under the same one comes on top."""
    if plan.user >= 0 or plan.bubblewrap:
        return plan.processes
    mine, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == mine:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return plan.processes + count


def become(plan: Plan) -> None:
    """Become the run's own user without any capability (or with the one that is needed to read the interpreter)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(_LAST_CAPABILITY + 1):
        # What is kept has to stay within the bound to be handed on to the program.
        if not (plan.keep_reading and capability == _READ_SEARCH):
            libc.prctl(_DROP_BOUND, capability, 0, 0, 0)
    if plan.user < 0:
        if os.getuid() == 0:
            raise OSError(1, "it would run as root")
        _capabilities(libc, 0)
        return
    if plan.keep_reading:
        libc.prctl(_KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(plan.user, plan.user, plan.user)
    os.setresuid(plan.user, plan.user, plan.user)
    _capabilities(libc, 1 << _READ_SEARCH if plan.keep_reading else 0)
    if plan.keep_reading and libc.prctl(_AMBIENT, 2, _READ_SEARCH, 0, 0):
        raise OSError(ctypes.get_errno(), "the interpreter stands where the sandbox's user cannot read it")


def _capabilities(libc: ctypes.CDLL, mask: int) -> None:
    header = struct.pack("=Ii", 0x20080522, 0)
    if libc.capset(header, struct.pack("=6I", mask, mask, mask, 0, 0, 0)):
        raise OSError(ctypes.get_errno(), "capabilities cannot be given up")


def _landlock(plan: Plan) -> int:
    """Put landlock in force: required without bubblewrap, a second wall with it (where the kernel has it)."""
    if plan.bubblewrap and landlock.abi() == 0:
        return 0
    return landlock.restrict(plan.readable, (plan.workspace,), DEVICES)


def _filter(plan: Plan, version: int) -> bytes:
    """Signals need the filter where neither a namespace, nor another user, nor landlock stands between."""
    walled = bool(plan.bubblewrap) or plan.user >= 0 or version >= landlock.SIGNALS_SINCE
    truncate = bool(plan.bubblewrap) or plan.user >= 0 or version >= landlock.TRUNCATE_SINCE
    return program(truncate=truncate, signals_of=None if walled else os.getpid())


def _close(kept: int) -> None:
    """Close every descriptor but the three standard ones and `kept` (which closes itself when the program starts)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for first, last in ((3, kept - 1), (kept + 1, 0xFFFFFFFF)):
        if first <= last and libc.syscall(_CLOSE_RANGE, first, ctypes.c_uint(last), 0):
            raise OSError(ctypes.get_errno(), "open files cannot be closed")
