"""A tier counts only if its walls are seen to hold: the canary finds one that is taken out, and code is refused."""

import asyncio
import json
import platform
import shutil
import struct
import sys
import time
from pathlib import Path

import pytest
from tests.kit import sandbox_case
from tests.kit.sandbox_case import OTHER, TIERS, case

from colleague.kit.sandbox import calls, filter, groups, landlock
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.sandbox.model import BadRequest, CodeRefused, Limits, Tier
from colleague.kit.sandbox.scratch import collect, scratch
from colleague.kit.sandbox.seccomp import ALLOW, FAIL, KILL
from colleague.kit.settings import Settings

USERS = [pytest.param(None, id="self"), pytest.param(OTHER, id="other")]
WALLS = {
    "landlock": ("landlock.py", "if libc.syscall(_RESTRICT, rules, 0):", "if False:"),
    "filter": ("confine.py", "        install(code)\n", ""),
}


def copy_of_the_package(folder: Path) -> Path:
    """Copy what the sandbox consists of, to take a wall out of it."""
    src = folder / "src"
    for name in ("__init__.py", "kit/__init__.py", "kit/errors.py"):
        (src / "colleague" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sandbox_case.SRC / "colleague" / name, src / "colleague" / name)
    shutil.copytree(sandbox_case.SRC / "colleague/kit/sandbox", src / "colleague/kit/sandbox")
    return src


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("wall", [None, *WALLS])
def test_the_canary_finds_the_wall_that_is_missing(
    wall: str | None, user: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with case("landlock", user) as made:
        src = copy_of_the_package(made.outside)
        if wall:
            name, old, new = WALLS[wall]
            file = src / "colleague/kit/sandbox" / name
            assert old in file.read_text()
            file.write_text(file.read_text().replace(old, new))
        monkeypatch.setattr(sandbox_case, "SRC", src)
        answer = made.run("", fault_of=str(made.outside / "data"))
        if wall is None:
            assert answer == {"fault": ""}
        else:
            assert answer["fault"].startswith(("it does not hold: ", "the network of this machine could be reached"))


@pytest.mark.anyio
async def test_switched_off_means_refused_with_the_reason(tmp_path: Path) -> None:
    box = Sandbox(Settings(data_dir=tmp_path, sandbox="off"))
    with scratch() as folder, pytest.raises(CodeRefused, match="switched off"):
        await box.run([sys.executable, "-c", "pass"], folder.work)


@pytest.mark.anyio
async def test_the_report_says_which_tier_holds_and_how_limits_are_kept(tmp_path: Path) -> None:
    report = await Sandbox(Settings(data_dir=tmp_path, sandbox="landlock")).report()
    assert report.tier is Tier.LANDLOCK
    assert report.sentence.startswith("Code runs under landlock")
    assert report.limits in report.sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.parametrize("tier", TIERS)
async def test_a_long_lived_program_talks_over_its_pipes_until_it_is_stopped(tier: str, tmp_path: Path) -> None:
    box = Sandbox(Settings(data_dir=tmp_path, sandbox=tier))  # type: ignore[arg-type]
    code = "import sys\nfor line in sys.stdin: print('heard', line.strip(), flush=True)"
    limits = Limits(cpu_seconds=None, wall_seconds=None)
    with scratch() as folder:
        async with await box.start([sys.executable, "-I", "-c", code], folder.work, limits=limits) as program:
            for word in ("one", "two"):
                program.stdin.write(f"{word}\n".encode())
                assert await asyncio.wait_for(program.stdout.readline(), 120) == f"heard {word}\n".encode()
            assert program.running
        assert not program.running


@pytest.mark.anyio
async def test_a_cancelled_run_is_killed_at_once(tmp_path: Path) -> None:
    box = Sandbox(Settings(data_dir=tmp_path, sandbox="landlock"))
    await box.tier()
    with scratch() as folder:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(box.run([sys.executable, "-c", "import time; time.sleep(300)"], folder.work), 1)
        assert time.monotonic() - began < 120, "it is not waited for"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("argv", "env", "why"),
    [
        (["python"], {}, "whole path"), ([], {}, "whole path"), (["/bin/sh", "a\0b"], {}, "zero byte"),
        (["/bin/true"], {"LD_PRELOAD": "x"}, "LD_PRELOAD"), (["/bin/true"], {"a b": "x"}, "cannot be given"),
    ],
)  # fmt: skip
async def test_a_bad_request_is_refused_in_words(
    argv: list[str], env: dict[str, str], why: str, tmp_path: Path
) -> None:
    box = Sandbox(Settings(data_dir=tmp_path, sandbox="landlock"))
    with scratch() as folder, pytest.raises(BadRequest, match=why):
        await box.run(argv, folder.work, env=env)


def test_results_are_plain_files_only_and_bounded(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    work = tmp_path / "work"
    work.mkdir()
    (work / "plain").write_text("p")
    (work / "link").symlink_to(tmp_path / "secret")
    (work / "hard").hardlink_to(tmp_path / "secret")
    (work / "large").write_bytes(b"x" * 100)
    made, left_out = collect(str(work), most_files=5, most_bytes=50)
    assert made == [("plain", b"p")]
    assert sorted(left_out) == ["hard", "large", "link"]


def judge(code: bytes, arch: int, number: int, *arguments: int) -> int:
    """Do what the kernel does with a filter: return its verdict on a call."""
    lines = [struct.unpack_from("HBBI", code, n) for n in range(0, len(code), 8)]
    data = struct.pack("<IIQ6Q", number, arch, 0, *[a & (2**64 - 1) for a in (*arguments, *[0] * (6 - len(arguments)))])
    value, at = 0, 0
    while True:
        operation, yes, no, k = lines[at]
        at += 1
        match operation:
            case 0x20:
                (value,) = struct.unpack_from("<I", data, k)
            case 0x15:
                at += yes if value == k else no
            case 0x25:
                at += yes if value > k else no
            case 0x45:
                at += yes if value & k else no
            case 0x54:
                value &= k
            case 0x06:
                return k
            case _:
                raise AssertionError(operation)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_says_the_same_on_each_machine(machine: str) -> None:
    arch = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    code = filter.program(truncate=False, signals_of=77, machine=machine)

    def verdict(name: str, *arguments: int) -> int:
        number = calls.number(name, machine)
        return FAIL | 1 if number is None else judge(code, arch, number, *arguments)

    for name in (*calls.forbidden(), calls.TRUNCATE, "tkill", "pidfd_send_signal", "rt_sigqueueinfo"):
        assert verdict(name) == FAIL | 1, name
    assert verdict("kill", 77, 9) == verdict("kill", 0, 9) == verdict("tgkill", 77, 77, 9) == ALLOW
    assert verdict("kill", 78, 9) == verdict("kill", -1, 9) == verdict("tgkill", 1, 1, 9) == FAIL | 1
    assert verdict("clone", 0x1200011) == ALLOW
    assert all(verdict("clone", 1 << bit) == FAIL | 1 for bit in (17, 25, 26, 27, 28, 29, 30))
    assert verdict("clone3") == FAIL | 38
    assert verdict("prlimit64", 0) == ALLOW
    assert verdict("prlimit64", 5) == FAIL | 1
    assert verdict("socketpair", 1, 1 | 0o2000000) == verdict("socketpair", 1, 5) == ALLOW
    assert verdict("socketpair", 1, 2) == verdict("socketpair", 2, 1) == verdict("socketpair", 1, 3) == FAIL | 1
    assert verdict("ioctl", 0, 0x5401) == ALLOW
    assert verdict("ioctl", 0, 0x5412) == verdict("ioctl", 0, 0x541C) == FAIL | 1
    assert verdict("ioctl", 0, 0xFFFFFFFF00005412) == FAIL | 1
    assert verdict("fchmod") == FAIL
    assert judge(code, arch, calls.NEWEST + 1) == judge(code, arch, 0x40000029) == FAIL | 38
    assert judge(code, 0x40000003, 1) == KILL
    assert judge(code, arch, 0) == ALLOW


def test_an_unknown_machine_has_no_filter() -> None:
    with pytest.raises(OSError, match="no system-call filter"):
        filter.program(machine="riscv64")
    assert filter.program(machine=platform.machine())


def test_each_version_of_landlock_takes_away_what_it_can() -> None:
    assert landlock.handled(1) == ((1 << 13) - 1, 0, 0)
    assert landlock.handled(3) == ((1 << 15) - 1, 0, 0)
    assert landlock.handled(4) == ((1 << 15) - 1, 3, 0)
    assert landlock.handled(7) == ((1 << 16) - 1, 3, 3)


def test_a_control_group_is_made_where_it_can_be_and_nowhere_else(tmp_path: Path) -> None:
    own = tmp_path / "service"
    own.mkdir()
    table = "0::/service\n"
    assert groups.open_group("run", 1 << 20, 4, tmp_path, table) is None
    (own / "cgroup.subtree_control").write_text("memory")
    assert groups.open_group("run", 1 << 20, 4, tmp_path, table) is None
    assert [p.name for p in own.iterdir()] == ["cgroup.subtree_control"]
    (own / "cgroup.subtree_control").write_text("cpu memory pids")
    group = groups.open_group("run", 1 << 20, 4, tmp_path, table)
    assert group is not None
    assert (own / "run/memory.max").read_text() == str(1 << 20)
    assert (own / "run/pids.max").read_text() == "20"
    (own / "run/memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.out_of_memory()
    old = "4:memory:/a\n8:pids:/b\n0::/\n"
    assert groups.parents(old, tmp_path) == (1, (tmp_path / "memory/a", tmp_path / "pids/b"))
    assert groups.open_group("run", 1, 1, tmp_path, old) is None
    assert json.dumps(groups.parents("", tmp_path)) == "[0, []]"
