"""The web application: middleware, assets, errors, and every slice's routes."""

from collections.abc import Callable, Mapping
from importlib import import_module, resources
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy import text

from colleague import __version__
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Database
from colleague.kit.page import Pages
from colleague.kit.settings import Settings
from colleague.web import errors
from colleague.web.actor import WhoAsks
from colleague.web.guard import Guard
from colleague.web.routers import ROUTERS

TYPES = {"app.js": "text/javascript", "app.css": "text/css", "icon.svg": "image/svg+xml", "LICENCES.txt": "text/plain"}


def load_assets() -> tuple[str, dict[str, bytes]]:
    """Return the assets' version and contents; («none», {}) if they were not built: pages then show unstyled."""
    try:
        package = import_module("colleague_assets")
    except ModuleNotFoundError:
        return "none", {}
    folder = resources.files("colleague_assets")
    return str(package.VERSION), {name: folder.joinpath(name).read_bytes() for name in TYPES}


def create_app(parts: Mapping[type, object], *, settings: Settings, lifespan: Callable[[Any], Any]) -> FastAPI:
    """Return the application that serves `parts` (by type, see kit/doors.py)."""
    app = FastAPI(
        title="Colleague", version=__version__, lifespan=lifespan, openapi_url="/api/v1/openapi.json", docs_url=None,
        redoc_url=None,
    )  # fmt: skip
    app.state.parts = parts
    version, files = load_assets()
    pages = cast(Pages, parts[Pages])
    pages.environment.globals.update(assets=version, demo=settings.demo)
    errors.install(app)
    _own_routes(app, version, files, cast(Database, parts[Database]))
    for router in ROUTERS:
        app.include_router(router)
    clock = cast(Clock, parts.get(Clock) or SystemClock())
    app.add_middleware(WhoAsks, database=cast(Database, parts[Database]), clock=clock)
    own = urlsplit(settings.url).hostname or ""
    hosts = {"localhost", "127.0.0.1", "::1", own, *filter(None, settings.allowed_hosts.split(","))}
    limit = settings.upload_limit * 4 + 1_000_000
    app.add_middleware(Guard, hosts=hosts, limit=limit, secure=settings.url.startswith("https:"))
    return app


def _own_routes(app: FastAPI, stamp: str, files: Mapping[str, bytes], database: Database) -> None:
    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        actor = getattr(request.state, "actor", None)
        return RedirectResponse("/tasks/new" if actor is None or actor.may("own:tasks:use") else "/tasks", 303)

    @app.get("/assets/{version}/{name}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        if name not in files:
            return PlainTextResponse("not here", 404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(files[name], media_type=TYPES[name], headers=headers)

    @app.get("/manifest.webmanifest", include_in_schema=False)
    async def manifest() -> Response:
        icon = {"src": f"/assets/{stamp}/icon.svg", "sizes": "any", "type": "image/svg+xml"}
        body = {"name": "Colleague", "short_name": "Colleague", "start_url": "/", "display": "standalone",
                "background_color": "#f6f7f9", "theme_color": "#1d3a5f", "icons": [icon]}  # fmt: skip
        return JSONResponse(body, media_type="application/manifest+json")

    @app.get("/healthz", tags=["health"])
    async def alive() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "alive", "version": __version__}

    @app.get("/readyz", tags=["health"])
    async def ready() -> dict[str, str]:
        """Say that the database answers."""
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
        return {"status": "ready"}
