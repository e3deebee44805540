"""What the guide tells people to enter at the services is what the doors answer to."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from colleague.kit.settings import Settings
from colleague.web.guard import FOREIGN
from colleague.web.routers import routers

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "dispatch-channels.md").read_text()


def paths() -> set[str]:
    return {route.path for router in routers() for route in router.routes}  # type: ignore[attr-defined]


def test_every_address_in_the_guide_is_answered_from_outside() -> None:
    named = set(re.findall(r"https://colleague\.example\.com(/[a-z0-9/]+)", GUIDE))
    assert len(named) == 6
    assert named <= paths()
    assert all(FOREIGN.fullmatch(path) or path.startswith("/api/") for path in named)


def test_the_slack_manifest_asks_for_what_is_used() -> None:
    text = GUIDE[GUIDE.index("```yaml") + 7 :]
    manifest = yaml.safe_load(text[: text.index("```")])
    (command,) = manifest["features"]["slash_commands"]
    places = [
        command["url"], manifest["settings"]["event_subscriptions"]["request_url"],
        manifest["settings"]["interactivity"]["request_url"],
    ]  # fmt: skip
    assert [urlsplit(place).path.rpartition("/")[2] for place in places] == ["commands", "events", "interactions"]
    assert {urlsplit(place).path for place in places} <= paths()
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == {"app_mention", "message.im"}


def test_every_setting_in_the_guide_exists() -> None:
    named = {name.lower() for name in re.findall(r"COLLEAGUE_([A-Z_]+)", GUIDE)}
    assert named <= set(Settings.model_fields)
