"""Landlock through ctypes, without a package: this process and all its children reach only the paths that are named.

Source: linux/landlock.h and Documentation/userspace-api/landlock.rst. What landlock does not cover on a given kernel
(mode changes, sockets, old signals) is closed by the system-call filter.
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE, _MAKE_FIFO, _MAKE_LINK = 16, 32, 128, 256, 1024, 4096
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FILE_RIGHTS = _EXECUTE | _WRITE | _READ | _TRUNCATE
_READ_ONLY = _EXECUTE | _READ | _LIST
_OWN = (
    _READ_ONLY | _WRITE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_FILE | _MAKE_FIFO | _MAKE_LINK
    | _REFER | _TRUNCATE
)  # fmt: skip
SIGNALS_SINCE, TRUNCATE_SINCE = 6, 3


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the version of landlock that this kernel offers; 0 if none."""
    try:
        return max(int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), 1)), 0)
    except (OSError, AttributeError):
        return 0


def handled(version: int) -> tuple[int, int, int]:
    """Return (file rights, network rights, scopes) that a kernel of this version can take away."""
    files = (1 << 13) - 1
    if version >= 2:
        files |= _REFER
    if version >= TRUNCATE_SINCE:
        files |= _TRUNCATE
    if version >= 5:
        files |= 1 << 15  # ioctl on devices
    return files, 3 if version >= 4 else 0, 3 if version >= SIGNALS_SINCE else 0


def restrict(readable: Iterable[str], writable: Iterable[str], devices: Iterable[str]) -> int:
    """Let this process reach nothing but these paths, for good; return the version of landlock.

    Paths that do not exist are left out. Raises OSError where landlock is missing. `no_new_privs` must be set.
    """
    version = abi()
    if version == 0:
        raise OSError(errno.ENOSYS, "the kernel has no landlock, or it is switched off")
    libc, (files, network, scopes) = _libc(), handled(version)
    fields = [files] + ([network] if version >= 4 else []) + ([scopes] if version >= SIGNALS_SINCE else [])
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    rules = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "landlock cannot be set up")
    try:
        for paths, rights in ((readable, _READ_ONLY), (writable, _OWN), (devices, _READ | _WRITE)):
            for path in paths:
                _allow(libc, rules, path, rights & files)
        if libc.syscall(_RESTRICT, rules, 0):
            raise OSError(ctypes.get_errno(), "landlock cannot be put in force")
    finally:
        os.close(rules)
    return version


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _FILE_RIGHTS
        if libc.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, place), 0):
            raise OSError(ctypes.get_errno(), "landlock does not take a path")
    finally:
        os.close(place)
