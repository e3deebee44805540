"""Styles and scripts are small, served for ever under their own version, and compressed."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from colleague.web.assets import load_assets

pytestmark = pytest.mark.anyio


def test_budgets() -> None:
    _, assets = load_assets()
    assert assets, "the assets were not built: pip install -e ."
    assert len(gzip.compress(assets["app.js"].content, 9)) < 60_000
    assert len(gzip.compress(assets["app.css"].content, 9)) < 30_000


async def test_served_for_ever_under_their_version(sign_in: Any) -> None:
    client = await sign_in("")
    version, _ = load_assets()
    answer = await client.get(f"/assets/{version}/app.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    again = await client.get(f"/assets/{version}/app.css", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert "immutable" not in (await client.get("/assets/old/app.css")).headers["cache-control"]
    assert (await client.get(f"/assets/{version}/../../secret")).status_code == 404


async def test_every_icon_that_pages_use_is_in_the_sprite(sign_in: Any) -> None:
    import re

    import colleague

    _, assets = load_assets()
    sprite = assets["icons.svg"].content.decode()
    used = set()
    for page in Path(colleague.__file__).parent.rglob("*.html"):
        used |= set(re.findall(r'icon\("([\w-]+)"\)', page.read_text("utf-8")))
    from colleague.web.navigation import PLACES

    used |= {place.icon for place in PLACES}
    assert used
    assert [name for name in used if f'id="{name}"' not in sprite] == []
