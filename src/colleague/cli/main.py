"""`colleague`: the operator's door. One file per group of verbs."""

import sys
from importlib import import_module

import typer
from rich.console import Console

from colleague import __version__
from colleague.kit.errors import Failure

app = typer.Typer(
    name="colleague",
    help="The AI coworker that a company can govern.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

GROUPS = ("task", "approval", "audit", "policy", "connector", "person", "token")
VERBS = ("serve", "worker", "demo", "doctor")


def show_version(value: bool) -> None:
    """Print the version and end."""
    if value:
        typer.echo(f"colleague {__version__}")
        raise typer.Exit


@app.callback()
def options(version: bool = typer.Option(False, "--version", callback=show_version, is_eager=True)) -> None:
    """Take the options of every command."""


def mount() -> None:
    """Add every verb; groups have a typer app named `app`, single verbs a function named like the file."""
    for name in VERBS:
        app.command(name)(getattr(import_module(f"colleague.cli.{name}"), name))
    for name in GROUPS:
        app.add_typer(import_module(f"colleague.cli.{name}").app, name=name)


def main() -> None:
    """Run the command line; a refusal is one red line and exit code 1, never a traceback."""
    mount()
    try:
        app()
    except Failure as failure:
        Console(stderr=True).print(failure.message, style="red", markup=False, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
