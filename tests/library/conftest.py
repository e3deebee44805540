"""A house whose shared folder holds policies for everybody in «Bids» and salaries for nobody but the board."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from colleague.connectors.folder.connector import FolderConnector
from colleague.connectors.grants import grant
from colleague.files.uploads import take_in
from colleague.identity.people import add_member, create_team
from colleague.library.search import Found, search
from colleague.library.sets import create_set
from colleague.policy.model import DataClass, Governance
from colleague.projects.manage import add_project_files, create_project
from colleague.testing.house import TestHouse, furnish, open_connector
from colleague.testing.llm import ScriptedLlm
from colleague.testing.worker import work

TRAVEL = (
    "# Travel policy\n\n## Trains\n\nFirst class may be booked if it is cheaper than standard.\n\n## Hotels\n\n"
    "The limit in London is 185 pounds a night.\n"
)
SALARIES = "# Salaries of the board\n\nThe chair earns 240000 pounds a year.\n"


@dataclass
class Shelves:
    """A set over two folders, of which Ana's team reaches one and Dana's board both."""

    home: TestHouse
    folder: Path
    grant: str
    set: str
    llm: ScriptedLlm

    @property
    def house(self) -> Any:
        return self.home.house

    async def ask(self, who: str, query: str, sets: tuple[str, ...] = ()) -> Found:
        return await search(self.house.parts.library, self.home.people[who].id, query, sets=sets)

    async def index(self) -> int:
        return await work(self.house, queue="house")

    async def project(self, who: str = "ana", **files: bytes) -> str:
        """Make a project of `who` with files, and index them."""
        house, actor = self.house, self.home.people[who]
        uploads = [
            await take_in(n.replace("_", "."), c, limit=10**6, governance=Governance()) for n, c in files.items()
        ]
        async with house.database.transaction() as session:
            project = await create_project(session, actor, "Harbour City", ledger=house.ledger, clock=house.clock)
            if uploads:
                await add_project_files(session, actor, project, uploads, ledger=house.ledger, clock=house.clock)
        await self.index()
        return project


@pytest.fixture
async def shelves(database_url: str, tmp_path: Path) -> AsyncIterator[Shelves]:
    root = tmp_path / "shared"
    (root / "Policies").mkdir(parents=True)
    (root / "Board").mkdir()
    (root / "Policies" / "Travel.md").write_text(TRAVEL)
    (root / "Board" / "Salaries.md").write_text(SALARIES)
    llm = ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path / "data", connectors=[FolderConnector()], models={"play": llm}, model="play"
    )
    house, owner = home.house, home.people["owner"]
    opened = await open_connector(home, "folder", ["Policies"], config={"root": str(root)})
    async with house.database.transaction() as session:
        board = await create_team(session, owner, "Board", ledger=house.ledger)
        for who in ("dana", "owner"):
            await add_member(session, owner, board, home.people[who].id, ledger=house.ledger)
        await grant(
            session, owner, house.registry, "folder", board, ["Board"], ceiling=DataClass.CONFIDENTIAL,
            place_class=DataClass.CONFIDENTIAL, ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    async with house.database.transaction() as session:
        made = await create_set(
            session, owner, "Rules", [("folder", "Policies"), ("folder", "Board")], library=house.parts.library
        )  # fmt: skip
    await work(house, queue="house")
    yield Shelves(home, root, opened, made, llm)
    await house.close()
