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


async def test_the_app_is_installable_and_its_worker_knows_its_version(sign_in: Any) -> None:
    client = await sign_in("")
    version, _ = load_assets()
    manifest = (await client.get("/manifest.webmanifest")).json()
    assert manifest["start_url"] == "/dispatch"
    assert manifest["share_target"]["action"] == "/dispatch/share"
    for icon in manifest["icons"]:
        assert (await client.get(icon["src"])).status_code == 200
    worker = await client.get("/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    assert f'const STAMP = "{version}"' in worker.text


async def test_the_page_without_a_line_is_the_same_for_everybody(sign_in: Any) -> None:
    nobody, ana = await sign_in(""), await sign_in("ana")
    first, second = await nobody.get("/offline"), await ana.get("/offline")
    assert first.status_code == 200
    assert first.text == second.text
    assert "It is not known whether it arrived" in (await nobody.get("/offline?unknown=1")).text


async def test_shared_words_without_a_worker_start_nothing(sign_in: Any) -> None:
    ana = await sign_in("ana")
    files = {"files": ("a.txt", b"One.", "text/plain")}
    page = await ana.post("/dispatch/share", data={"title": "Offer", "text": "<b>See</b>"}, files=files)
    assert page.status_code == 200
    assert "Offer\n&lt;b&gt;See&lt;/b&gt;" in page.text
    assert "choose them once more" in page.text
    assert (await ana.get("/api/v1/tasks")).json() == []
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await ana.post("/dispatch/share", data={"text": "x"}, headers=elsewhere)).status_code == 403
