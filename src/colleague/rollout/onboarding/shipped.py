"""What ships: the playbook of the first month and the training modules, to keep or to write over."""

import re
from functools import cache
from importlib import resources

from colleague.rollout.onboarding.model import Module, Week, read_module, read_playbook

_TABLE = re.compile(r"^\[(?P<key>[a-z]+)\]$", re.MULTILINE)


def _text(name: str) -> str:
    return resources.files("colleague.rollout.onboarding").joinpath(name).read_text("utf-8")


@cache
def shipped_playbook() -> str:
    """Return the shipped playbook as text."""
    return _text("playbook.toml")


@cache
def shipped_modules() -> dict[str, str]:
    """Return the text of each shipped module, by key, in the order in which they are read."""
    whole, found = _text("training.toml"), {}
    starts = [*_TABLE.finditer(whole)]
    for here, after in zip(starts, [*starts[1:], None], strict=True):
        body = whole[here.end() : after.start() if after else len(whole)].strip()
        found[here["key"]] = body.replace(f"[[{here['key']}.question]]", "[[question]]")
    return found


@cache
def weeks() -> tuple[Week, ...]:
    """Return the shipped playbook."""
    return read_playbook(shipped_playbook())


@cache
def modules() -> dict[str, Module]:
    """Return the shipped modules by key."""
    return {key: read_module(key, text) for key, text in shipped_modules().items()}
