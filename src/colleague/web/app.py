"""The web application: guards, who asks, errors, assets, and every slice's routes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from fastapi import FastAPI
from starlette.middleware import Middleware

from colleague import __version__
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Database
from colleague.kit.page import Pages
from colleague.kit.settings import Settings
from colleague.kit.telemetry import Traced
from colleague.web import errors, home, reference
from colleague.web.actor import WhoAsks
from colleague.web.assets import assets_router, load_assets
from colleague.web.errors import CatchAll
from colleague.web.guard import Guard
from colleague.web.installed import installed_router
from colleague.web.navigation import exists, navigation
from colleague.web.routers import routers


def create_app(parts: Mapping[type, object], *, settings: Settings, lifespan: Callable[[Any], Any]) -> FastAPI:
    """Return the application that serves `parts` (by type, see kit/doors.py)."""
    database = cast(Database, parts[Database])
    clock = cast(Clock, parts.get(Clock) or SystemClock())
    hosts = [settings.host, *settings.allowed_hosts.split(",")]
    # A form may carry several files; each alone is held to the limit where it is read.
    upload = settings.upload_limit * 2 + 1_000_000
    version, assets = load_assets()
    doors = (
        home.router,
        assets_router(version, assets),
        installed_router(version, assets),
        reference.router,
        *routers(),
    )
    app = FastAPI(
        # The routes as the slices made them: to include a router makes every one of its routes again, for a second.
        routes=[route for door in doors for route in door.routes],
        title="Colleague", version=__version__, lifespan=lifespan, openapi_url="/api/v1/openapi.json", docs_url=None,
        redoc_url=None,
        # What newer releases trace by themselves holds addresses, queries and words of errors: see kit/telemetry.py.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        # Outermost first. Plain ASGI only: the convenient base class costs 60 kB for each open stream.
        middleware=[
            *([Middleware(Traced)] if settings.otlp else []),
            Middleware(Guard, hosts=hosts, url=settings.url, upload=upload),
            Middleware(CatchAll),
            Middleware(WhoAsks, database=database, clock=clock),
        ],
    )  # fmt: skip
    app.state.parts = parts
    app.state.assets = version
    errors.install(app)
    app.openapi = partial(reference.describe, app)  # type: ignore[method-assign]
    cast(Pages, parts[Pages]).environment.globals.update(
        assets=version, demo=settings.demo, places=navigation(app), bell=exists(app, "/notices"), version=__version__
    )
    return app
