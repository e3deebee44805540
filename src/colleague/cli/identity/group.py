"""`colleague group`: see what groups of the identity provider give, and change it after looking."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, confirm, line, rows, with_house
from colleague.identity.directory import list_teams
from colleague.identity.groups.members import NoSuchGroup
from colleague.identity.groups.rules import BadRule, list_groups, preview, set_rule

app = typer.Typer(help="See what groups of the identity provider give, and change it.", no_args_is_help=True)


@app.command("list")
def index(as_person: As, search: Annotated[str, typer.Option(help="Part of a name.")] = "") -> None:
    """List groups; those that give nothing come first."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            groups = await list_groups(session, actor, search=search)
        rows(
            ("id", "name", "from", "people", "gives"),
            [(g.id, g.name, g.source, str(g.members), ", ".join(r.words for r in g.rules) or "nothing")
             for g in groups],
        )  # fmt: skip

    with_house(work)


@app.command("give")
def give(
    group: Annotated[str, typer.Argument(help="The group's id or name.")], as_person: As,
    team: Annotated[str, typer.Option(help="A team, by name.")] = "",
    role: Annotated[str, typer.Option(help="A role, by name.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Let it give this no more.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:  # fmt: skip
    """Let a group give a team or a role. Who would gain or lose it is shown first."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = [g for g in await list_groups(session, actor, search="") if group in (g.id, g.name)]
            if len(found) != 1:
                raise NoSuchGroup(f"There is no one group «{group[:80]}»: give the id from «list».")
            if bool(team) == bool(role):
                raise BadRule
            teams = {t.name.casefold(): t.id for t in await list_teams(session)}
            kind, target = ("role", role) if role else ("team", teams.get(team.casefold(), ""))
            effect = await preview(session, actor, found[0].id, kind, target, gives=not remove)
        who = ", ".join(name for _, name in effect.people[:20])
        line(f"{effect.count} would {'lose' if remove else 'gain'} the {effect.rule.words}: {who or 'nobody'}")
        if not yes and not await confirm("Go on?"):
            return
        async with house.database.transaction() as session:
            await set_rule(
                session, actor, found[0].id, kind, target, gives=not remove, seal=effect.seal, ledger=house.ledger,
                clock=house.clock,
            )  # fmt: skip
        line("Done.")

    with_house(work)
