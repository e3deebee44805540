"""A system-call filter without any package: seccomp-bpf through ctypes (Linux, x86-64 and arm64).

The filter is a list of BPF instructions (linux/filter.h, linux/seccomp.h); denied calls fail with EPERM.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Sequence

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NETWORK = {
    "x86_64": {"socket": 41, "connect": 42, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50, "ptrace": 101,
               "io_uring_setup": 425, "process_vm_readv": 310, "process_vm_writev": 311},
    "aarch64": {"socket": 198, "connect": 203, "sendto": 206, "sendmsg": 211, "bind": 200, "listen": 201,
                "ptrace": 117, "io_uring_setup": 425, "process_vm_readv": 270, "process_vm_writev": 271},
}  # fmt: skip


def arch(machine: str) -> int:
    """Return the kernel's number for a machine (AUDIT_ARCH_*); OSError on one whose calls are not known."""
    if platform.system() != "Linux" or machine not in _ARCHES:
        raise OSError(errno.ENOSYS, f"no system-call filter for {platform.system()} {machine}")
    return _ARCHES[machine]


def network_calls() -> Sequence[int]:
    """Return the numbers of the calls that reach a network or another process; OSError on an unknown machine."""
    machine = platform.machine()
    arch(machine)
    return tuple(_NETWORK[machine].values())


def program(denied: Sequence[int]) -> bytes:
    """Return the BPF program: another architecture is killed, `denied` calls fail with EPERM, the rest is allowed."""
    lines = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, arch(platform.machine())), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    for number in denied:
        lines += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, FAIL | errno.EPERM)]
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def install(code: bytes) -> None:
    """Put a filter on this process and all its children, for good. Raises OSError if the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, header, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"the kernel refuses a system-call filter (errno {number})")


def forbid_network() -> None:
    """Let this process open no socket any more, trace nobody and read no other process's memory."""
    install(program(network_calls()))
