"""What a run's warden and its confined part are told, as one JSON value that travels through a memory file."""

import json
import os
from dataclasses import asdict, dataclass

# Shells and loaders read these before the program does; none of them has a use inside.
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `bubblewrap`: the program's path in that tier, else empty. `owned` is handed to the run's own user.

    `user` is filled in by the warden (-1: the user stays). `keep_reading`: the capability to read past folder modes is
    kept, because the interpreter stands where another user could not go; landlock still bounds what is read.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    workspace: str
    readable: tuple[str, ...]
    owned: tuple[str, ...]
    package: str
    python: str
    memory: int
    address_space: int | None
    cpu_seconds: float | None
    wall_seconds: float | None
    processes: int
    file_size: int
    disk: int
    open_files: int
    bubblewrap: str = ""
    user: int = -1
    keep_reading: bool = False
    errors: int = -1

    def write(self) -> int:
        """Return an inheritable descriptor of a memory file with this plan."""
        place = os.memfd_create("plan", 0)
        os.write(place, json.dumps(asdict(self)).encode())
        os.lseek(place, 0, os.SEEK_SET)
        return place

    def stage(self, module: str, *numbers: int) -> list[str]:
        """Return the command that runs `module` of this package with a bare interpreter, on these descriptors."""
        code = f"import sys;sys.path.insert(0,{self.package!r});from {module} import main;main()"
        return [self.python, "-I", "-S", "-c", code, *map(str, numbers)]


def read(place: int) -> Plan:
    """Read the plan from its descriptor and close that."""
    with os.fdopen(place, "rb") as file:
        raw = json.load(file)
    for name in ("argv", "readable", "owned"):
        raw[name] = tuple(raw[name])
    return Plan(**raw)
