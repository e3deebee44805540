"""`colleague serve`: the web server, with a worker beside it unless told otherwise."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from colleague.bootstrap import House, build
from colleague.cli.aldermoor.house import prepare_demo, print_demo, start_mail_sink
from colleague.cli.first_link import first_link
from colleague.kit import log, telemetry
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.settings import Settings
from colleague.web.app import create_app


class PortTaken(Conflict):
    """Something listens on port {port} already (a second Colleague?). Stop it, or choose another with --port."""


class HistoryOfDemo(Invalid):
    """A history is played for the demo alone, in a data folder of its own: use --demo, without a database address."""


class NoSuchHost(Invalid):
    """This machine has no address «{host}» to listen on: look at COLLEAGUE_HOST."""


def serve(
    worker: Annotated[bool, typer.Option(help="Also run one worker process.")] = True,
    demo: Annotated[bool, typer.Option(help="Create and show the demo organisation.")] = False,
    history: Annotated[
        bool, typer.Option(help="With --demo, in a new data folder: first play ten weeks of a pilot (15 seconds).")
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve pages and API; migrate the database first and print where to look."""
    # As an exit, so that worker and database are stopped, too; uvicorn raises the signal again when it has ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # uvicorn does not know a closed terminal: an exit out of its loop can be swallowed by what runs at that moment.
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    settings = _settings(demo=demo or None, port=port)
    log.setup(level=settings.log_level)
    check_port(settings)
    if history:
        _play_history(settings)
    with Console().status("Starting the database …"):
        house = build(settings)
    sink = child = None
    end = telemetry.start(settings, "server")
    try:
        if settings.demo:
            sink = start_mail_sink(settings)
            with Console().status("Preparing the demo organisation …"):
                asyncio.run(prepare_demo(house))
        child = start_worker(settings) if worker else None
        announce(house)
        uvicorn.run(
            web(house), host=settings.host, port=settings.port, log_level="warning", access_log=False,
            server_header=False, timeout_graceful_shutdown=3,
        )  # fmt: skip
    finally:
        end()
        if child is not None:
            child.close()
        if sink is not None:
            sink.stop()


def _play_history(settings: Settings) -> None:
    """Give a new demo the history of a pilot: numbers, tickets and gates to look at. Raises HistoryOfDemo."""
    if not settings.demo or settings.database_url:
        raise HistoryOfDemo
    # Here, not at the top: nothing else of a server needs it.
    from colleague.cli.programme.simulate import play_history

    with Console().status("Playing ten weeks of a pilot (once) …"):
        played = play_history(settings.data_dir)
    if not played:
        said = (
            f"{settings.data_dir} holds something already and stays as it is: a history wants a new COLLEAGUE_DATA_DIR."
        )
        Console().print(said, soft_wrap=True)


def _settings(**given: Any) -> Settings:
    """Read the settings; what is given here wins. The demo shows only warnings, unless a level was chosen."""
    given = {k: v for k, v in given.items() if v is not None}
    settings = Settings(**given)
    quiet = settings.demo and "log_level" not in settings.model_fields_set
    return Settings(**given, log_level="WARNING") if quiet else settings


def check_port(settings: Settings) -> None:
    """Raise PortTaken or NoSuchHost now, before anything is started for nothing."""
    try:
        with socket.create_server((settings.host, settings.port)):
            return
    except socket.gaierror:
        raise NoSuchHost(host=settings.host) from None
    except PermissionError:
        raise PortTaken(f"Port {settings.port} needs more rights: choose one above 1023 with --port.") from None
    except OSError:
        raise PortTaken(port=settings.port) from None


def web(house: House) -> Any:
    """Return the web application of `house`."""

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        yield
        await house.close()

    return create_app(house.by_type(), settings=house.settings, lifespan=lifespan)


def announce(house: House) -> None:
    """Print where to look and what to try."""
    console = Console()
    if house.settings.demo:
        print_demo(console, house.settings)
        return
    console.print(f"Colleague listens on [bold]{house.settings.url}[/bold]")
    link = asyncio.run(first_link(house))
    if link:
        console.print("Nobody is here yet. Become the owner with this link (works once, for 24 hours):")
        console.print(f"  {link}", soft_wrap=True, highlight=False)


class Worker:
    """A worker process that is started again if it dies."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start it."""
        self._environment, self._closing = environment, False
        self._process = self._start()
        self._watch = threading.Thread(target=self._keep, daemon=True)
        self._watch.start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "colleague.cli.main", "worker"], env=self._environment)

    def _keep(self) -> None:
        while not self._closing:
            self._process.wait()
            if not self._closing:
                time.sleep(1)
                self._process = self._start()

    def close(self) -> None:
        """Stop it and wait until it has ended."""
        self._closing = True
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()


def start_worker(settings: Settings) -> Worker:
    """Start a worker process with the same settings."""
    return Worker(settings.environment())
