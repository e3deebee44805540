"""The system-call filter of the sandbox as a BPF program: what code inside may ask of the kernel.

Denied by name, and by argument where only some uses are dangerous. A call newer than this list does not exist inside.
"""

import errno
import platform
import struct

from colleague.kit.sandbox import calls
from colleague.kit.sandbox.seccomp import ALLOW, FAIL, JUMP_EQUAL, KILL, LOAD, RETURN, arch

JUMP_SET, JUMP_GREATER, AND = 0x45, 0x25, 0x54
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; arguments: the low 32 bits
_DENY = (RETURN, 0, 0, FAIL | errno.EPERM)
_OK = (RETURN, 0, 0, ALLOW)
# CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}: no new namespaces.
_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # would type into, or drive, a terminal
_AF_UNIX, _STREAM, _SEQPACKET, _TYPE_MASK = 1, 1, 5, 0xF

Line = tuple[int, int, int, int]


def program(*, truncate: bool = True, signals_of: int | None = None, machine: str | None = None) -> bytes:
    """Return the filter. `truncate`: landlock covers truncation. `signals_of`: only this process may be signalled.

    Raises OSError on a machine whose calls are not known.
    """
    machine = machine or platform.machine()
    lines: list[Line] = [(LOAD, 0, 0, _ARCH), (JUMP_EQUAL, 1, 0, arch(machine)), (RETURN, 0, 0, KILL)]
    lines += [(LOAD, 0, 0, _NUMBER), (JUMP_GREATER, 0, 1, calls.NEWEST), (RETURN, 0, 0, FAIL | errno.ENOSYS)]
    bodies: dict[str, list[Line]] = {key: [_DENY] for key in calls.forbidden()}
    bodies |= {key: [(RETURN, 0, 0, FAIL)] for key in calls.PRETENDED}
    bodies |= {key: [(RETURN, 0, 0, FAIL | errno.EOPNOTSUPP)] for key in calls.UNSUPPORTED}
    bodies |= {key: [(RETURN, 0, 0, FAIL | errno.ENOSYS)] for key in calls.ABSENT}
    bodies |= {key: [(LOAD, 0, 0, _FIRST), (JUMP_EQUAL, 0, 1, 0), _OK, _DENY] for key in calls.OWN_ONLY}
    bodies["clone"] = [(LOAD, 0, 0, _FIRST), (JUMP_SET, 0, 1, _NAMESPACES), _DENY, _OK]
    bodies["ioctl"] = [
        (LOAD, 0, 0, _SECOND), (JUMP_EQUAL, 1, 0, _TIOCSTI), (JUMP_EQUAL, 0, 1, _TIOCLINUX), _DENY, _OK,
    ]  # fmt: skip
    # A datagram socket could be sent to any address by name; streams and packets only to their other end.
    bodies["socketpair"] = [
        (LOAD, 0, 0, _FIRST), (JUMP_EQUAL, 0, 5, _AF_UNIX), (LOAD, 0, 0, _SECOND), (AND, 0, 0, _TYPE_MASK),
        (JUMP_EQUAL, 1, 0, _STREAM), (JUMP_EQUAL, 0, 1, _SEQPACKET), _OK, _DENY,
    ]  # fmt: skip
    if not truncate:
        bodies[calls.TRUNCATE] = [_DENY]
    if signals_of is not None:
        bodies |= {key: [_DENY] for key in calls.SIGNALS}
        own = [(LOAD, 0, 0, _FIRST), (JUMP_EQUAL, 1, 0, 0), (JUMP_EQUAL, 0, 1, signals_of), _OK, _DENY]
        bodies |= dict.fromkeys(("kill", "tgkill"), own)
    for name, body in bodies.items():
        if (number := calls.number(name, machine)) is not None:
            lines += [(JUMP_EQUAL, 0, len(body), number), *body]
    lines.append(_OK)
    return b"".join(struct.pack("HBBI", *line) for line in lines)
