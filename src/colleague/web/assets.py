"""Styles, scripts and icons from the built package `colleague_assets`, under an address that changes with them."""

import gzip
import hashlib
from functools import cached_property
from importlib import resources

from fastapi import APIRouter, Request
from fastapi.responses import Response

from colleague.kit.errors import NotFound

TYPES = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon-180.png": "image/png",
    "icon-512.png": "image/png",
    "icon.svg": "image/svg+xml",
    "icons.svg": "image/svg+xml",
    "licences.txt": "text/plain; charset=utf-8",
    "sw.js": "text/javascript; charset=utf-8",
}
FOREVER, BRIEFLY = "public, max-age=31536000, immutable", "public, max-age=60"


class NoSuchAsset(NotFound):
    """There is no such style, script or icon here."""


class Asset:
    """One file: its bytes, plain and compressed."""

    def __init__(self, name: str, content: bytes) -> None:
        """Take the file's name and content."""
        self.name, self.content = name, content
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The content with gzip, if that makes it smaller."""
        packed = gzip.compress(self.content, 9, mtime=0)
        return packed if len(packed) < len(self.content) * 0.9 else None


def load_assets() -> tuple[str, dict[str, Asset]]:
    """Return the assets' version and contents; («», {}) if they were not built: pages then work, but look plain."""
    try:
        folder = resources.files("colleague_assets")
        found = {name: Asset(name, folder.joinpath(name).read_bytes()) for name in TYPES}
    except (ModuleNotFoundError, FileNotFoundError):
        return "", {}
    together = "".join(asset.etag for asset in found.values())
    return hashlib.sha256(together.encode()).hexdigest()[:12], found


def assets_router(version: str, found: dict[str, Asset]) -> APIRouter:
    """Return the routes that serve `found`: for ever under their own version, briefly under any other."""
    router = APIRouter(include_in_schema=False)

    @router.get("/assets/{stamp}/{name}")
    async def asset(request: Request, stamp: str, name: str) -> Response:
        if name not in found:
            raise NoSuchAsset
        file = found[name]
        headers = {
            "Cache-Control": FOREVER if stamp == version else BRIEFLY, "ETag": file.etag, "Vary": "Accept-Encoding",
        }  # fmt: skip
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        content = file.content
        if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = file.packed, "gzip"
        return Response(content, media_type=TYPES[name], headers=headers)

    return router
