"""For verbs that act on the database directly: open the house, act as a named person, close it again."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, TypeVar

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from colleague.bootstrap import House, build
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, actor_of, find_by_email
from colleague.identity.model import Person
from colleague.kit import log
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.settings import Settings

T = TypeVar("T")
As = Annotated[str, typer.Option("--as", help="Mail address of the person who acts.", envvar="COLLEAGUE_AS")]
console = Console()


class NoSuchActor(NotFound):
    """Nobody with the mail address {email} is active here, so nothing was done. `--as` names who acts."""


class NoSuchAddress(NotFound):
    """Nobody here has the mail address {email}."""


class NotATerminal(Conflict):
    """This asks before it acts, but nobody is at a terminal: say --yes if you mean it."""


class BadDay(Invalid):
    """{option} must be a day such as 2026-12-31."""


def with_house(work: Callable[[House], Awaitable[T]]) -> T:
    """Build the house, do `work` with it, and close it."""
    settings = Settings()
    log.setup(level="ERROR")
    house = build(settings)

    async def run() -> T:
        try:
            return await work(house)
        finally:
            await house.close()

    return asyncio.run(run())


async def act_as(house: House, email: str) -> Actor:
    """Return the person with this mail address as an actor at the command line; NoSuchActor if there is none."""
    async with house.database.transaction() as session:
        try:
            return await actor_of(session, email=email, via="cli")
        except PersonNotFound:
            raise NoSuchActor(email=email[:100] or "«»") from None


def do_as(as_person: str, work: Callable[[House, Session, Actor], Awaitable[T]]) -> T:
    """Do `work` as a named person, in one transaction of a house that is built for it; return what it returns."""

    async def inside(house: House) -> T:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return await work(house, session, actor)

    return with_house(inside)


async def person_at(session: Session, email: str) -> Person:
    """Return the person with this mail address, active or not; NoSuchAddress if there is none."""
    found = await find_by_email(session, email)
    if found is None:
        raise NoSuchAddress(email=email[:100] or "«»")
    return found


def clean(text: str) -> str:
    """Return `text` without control and direction characters: what others wrote must not steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def line(text: str, style: str = "") -> None:
    """Print one line as it is: brackets in it are no markup, long paths and links are not broken."""
    console.print(clean(text), style=style or None, markup=False, highlight=False, soft_wrap=True)


def rows(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print aligned columns. Nothing is cut off, so that ids can be copied and lines piped."""
    cells = [headings, *([" ".join(clean(cell).split()) for cell in row] for row in lines)]
    widths = [max(cell_len(row[n]) for row in cells) for n in range(len(headings))]
    for number, row in enumerate(cells):
        text = "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        line(text.rstrip(), "bold" if number == 0 else "")


async def read_line(question: str) -> str:
    """Ask at the terminal and return the line, "" at its end. Other work goes on; Ctrl-C ends it at once.

    (A thread that waits in `input` could not be ended.)
    """
    console.print(clean(question) + " ", end="", markup=False, highlight=False)
    loop, stdin, ready = asyncio.get_running_loop(), sys.stdin.fileno(), asyncio.Event()
    loop.add_reader(stdin, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(stdin)
    return os.read(stdin, 4096).decode(errors="replace").strip()


async def confirm(question: str) -> bool:
    """Ask at the terminal for a yes; NotATerminal if nobody can answer. Anything but a yes is a no."""
    if not sys.stdin.isatty():
        raise NotATerminal
    return (await read_line(f"{question} [y/N]")).casefold() in ("y", "yes")


def day(text: str, option: str, *, end: bool = False) -> datetime | None:
    """Return the start (or the end) of a day written as 2026-12-31; None for nothing; BadDay for anything else."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time.max if end else time.min, tzinfo=UTC)
    except ValueError:
        raise BadDay(option=option) from None
