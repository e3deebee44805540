"""`colleague`: the operator's door. One file per group of verbs, imported when it is called."""

import os
import sys
from typing import Any, Final

import typer
import typer.core

from colleague import __version__
from colleague.kit.errors import Failure
from colleague.kit.imports import import_all_of

# What `colleague --help` lists. Single verbs have a function named like the file, groups a typer app named `app`.
VERBS: Final = {
    "serve": "Serve pages and API, with one worker beside it.",
    "worker": "Do durable work: runs, deliveries and house-keeping.",
    "demo": "Do the first job of the demo organisation in this terminal.",
    "doctor": "Check this installation and print its memory.",
}
GROUPS: Final = {
    "task": "Hand over, watch, answer and stop tasks.",
    "approval": "See and answer what the agent asks before it acts.",
    "review": "Review what the agent made.",
    "category": "See and change output categories and their review standards.",
    "audit": "Read, verify and export the ledger.",
    "policy": "See the rules, and what would be decided.",
    "governance": "The governance document, and the configuration as files.",
    "retention": "What is kept how long, what goes soon, certificates of deletion.",
    "hold": "Legal holds: what is deleted by nobody.",
    "connector": "Enable connectors and open them to teams.",
    "mcp": "Register MCP servers and decide on their tools.",
    "model": "Set up model providers, routes, prices and ceilings.",
    "project": "Work in projects: people, files, notes, instructions, proposals.",
    "library": "Make and search document sets.",
    "skill": "See, add, hand in and decide about skills.",
    "use-case": "Write, lint, approve and measure use cases.",
    "catalogue": "What is in use: owners, reviews, use, overlaps.",
    "programme": "The programme: phases, gates, readiness, plan and templates, readout.",
    "adoption": "See the numbers of weeks and groups; calendar, absences, open items.",
    "telemetry": "Count what other agents of the company do: sources and their tokens (OTLP).",
    "champion": "Champions: the network, who could be one, one's own list.",
    "support": "Write, answer and import support tickets; the support model.",
    "template": "Add, choose and withdraw the organisation's Word and PowerPoint masters.",
    "person": "See, add, invite and deactivate people; roles and teams.",
    "sign-on": "Set up identity providers; switch passwords off and on.",
    "provisioning": "Connect an identity provider (SCIM) and see how it stands.",
    "group": "See what groups of the identity provider give, and change it.",
    "role": "See roles, and make roles of the organisation's own.",
    "token": "Make and revoke API tokens.",
    "dispatch": "Bound phones and accounts, triggers, messages, schedules.",
}
# The field's other word for a group, for whoever types it.
ALSO: Final = {"rollout": "programme"}
# Groups that stand in a folder.
FOLDERS: Final = {
    "project": "together.project", "library": "together.library", "sign-on": "identity.sign_on",
    "dispatch": "dispatch.dispatch", "review": "reviews.review", "category": "reviews.category",
    "provisioning": "identity.provisioning", "group": "identity.group", "role": "identity.role",
    "use-case": "programme.use_case", "programme": "programme.programme",
    "adoption": "programme.adoption", "telemetry": "programme.telemetry",
    "hold": "govern.hold", "retention": "govern.retention",
    "support": "programme.support", "catalogue": "programme.catalogue", "champion": "programme.champion",
}  # fmt: skip


class Lazy(typer.core.TyperGroup):
    """The verbs by name; only the one that is called is imported, so that `--help` and `--version` are quick."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, in the order of the help."""
        return [*VERBS, *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one verb, imported now; None if there is none of this name."""
        cmd_name = ALSO.get(cmd_name, cmd_name)
        if cmd_name in GROUPS:
            file = FOLDERS.get(cmd_name, cmd_name)
            return _without_shell(import_all_of(f"colleague.cli.{file}").app)
        if cmd_name not in VERBS:
            return None
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(getattr(import_all_of(f"colleague.cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([*VERBS.items(), *GROUPS.items()])


def _without_shell(group: typer.Typer) -> Any:
    """Return the command of a group; completion of a shell is nothing that a group of verbs offers by itself."""
    command = typer.main.get_command(group)
    command.params = [one for one in command.params if one.name not in ("install_completion", "show_completion")]
    return command


app = typer.Typer(
    name="colleague",
    cls=Lazy,
    help="The AI coworker that a company can govern.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def show_version(value: bool) -> None:
    """Print the version and end."""
    if value:
        typer.echo(f"colleague {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Show the version and end."
    ),
) -> None:
    """The AI coworker that a company can govern."""


def refusal(error: Exception) -> str:
    """Return one line for a person about what went wrong; empty if nothing can be said but where it happened."""
    if isinstance(error, Failure):
        return error.message
    # By name: importing the libraries here would cost every call their time.
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    if "pydantic_core.ValidationError" in kinds:
        first = error.errors()[0]  # type: ignore[attr-defined]
        name = "_".join(str(part) for part in first["loc"]).upper()
        return f"The setting COLLEAGUE_{name} cannot be used: {first['msg']}."
    if kinds & {"psycopg.OperationalError", "sqlalchemy.OperationalError", "sqlalchemy.InterfaceError"}:
        return "The database does not answer. Look at COLLEAGUE_DATABASE_URL, or start it."
    if isinstance(
        error, PermissionError | FileNotFoundError | IsADirectoryError | NotADirectoryError | FileExistsError
    ):
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    return ""


def main() -> None:
    """Run the command line; a refusal is one red line and exit code 1, never a traceback."""
    try:
        app()
    except BrokenPipeError:
        # Who read our output has gone; Python must not complain about it once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        line = refusal(error)
        if not line:
            line = _unexpected(error)
        typer.secho(line, fg="red", err=True)
        sys.exit(1)


def _unexpected(error: Exception) -> str:
    """Return a line about a fault of ours, and keep where it happened in a file beside the data."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="colleague-", suffix=".txt", delete=False) as file:
        # Frames and the type only: a message may repeat what somebody typed.
        file.writelines(traceback.format_tb(error.__traceback__))
        file.write(type(error).__name__ + "\n")
    return f"This should not have happened ({type(error).__name__}). Please report it with the file {file.name}."


if __name__ == "__main__":
    main()
