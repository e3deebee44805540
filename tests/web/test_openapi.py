"""Every operation of the API, called with what its description allows and what it does not: never a server error."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error

from colleague.bootstrap import House, build
from colleague.identity.permissions import PERMISSIONS
from colleague.identity.tokens import create_token
from colleague.kit.settings import Settings
from colleague.testing.house import furnish
from colleague.testing.postgres import TestPostgres
from colleague.testing.serving import serving
from colleague.web.app import create_app
from colleague.web.routers import routers

pytestmark = pytest.mark.slow


def _description() -> dict[str, Any]:
    return FastAPI(routes=[route for router in routers() for route in router.routes]).openapi()


SCHEMA = schemathesis.openapi.from_dict(_description())


@asynccontextmanager
async def _closing(house: House) -> Any:
    yield
    await house.close()


@pytest.fixture(scope="module")
def api(postgres: TestPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A small organisation, served over a real wire; what its owner's token is asked with."""
    folder = tmp_path_factory.mktemp("api")

    async def prepare(url: str) -> tuple[Settings, str]:
        home = await furnish(url, folder)
        house = home.house
        async with house.database.transaction() as session:
            secret = await create_token(
                session, home.people["owner"], "all", PERMISSIONS, days=1, ledger=house.ledger, clock=house.clock
            )
        await house.close()
        return house.settings, secret

    with postgres.database() as url:
        chosen, secret = asyncio.run(prepare(url))
        house = build(chosen)
        app = create_app(house.by_type(), settings=chosen, lifespan=lambda _: _closing(house))
        with serving(app, lifespan="on") as port:
            headers = {"Authorization": f"Bearer {secret}", "Host": "127.0.0.1:8080"}
            with requests.Session() as line:
                line.trust_env = False
                yield {"base_url": f"http://127.0.0.1:{port}", "headers": headers, "session": line}


@SCHEMA.parametrize()
@settings(
    max_examples=4, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_server_error(case: schemathesis.Case, api: dict[str, Any]) -> None:
    case.call_and_validate(checks=[not_a_server_error], timeout=120, **api)
