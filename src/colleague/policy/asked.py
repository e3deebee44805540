"""A question as it was put, kept beside its decision, so that it can be put again to other settings. Pure."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from colleague.kit.errors import Invalid
from colleague.policy.addresses import external_of
from colleague.policy.model import Ask, Governance

_ASK: TypeAdapter[Ask] = TypeAdapter(Ask)


class NotReadable(Invalid):
    """This question was kept by another release and cannot be put again."""


def to_json(ask: Ask) -> dict[str, Any]:
    """Return `ask` as JSON. It holds what the call's arguments hold (addresses among them) and goes with them."""
    return dict(_ASK.dump_python(ask, mode="json"))


def from_json(kept: Any) -> Ask:
    """Read what `to_json` wrote; NotReadable for anything else."""
    try:
        return _ASK.validate_python(kept)
    except ValidationError:
        raise NotReadable from None


def under(ask: Ask, governance: Governance) -> Ask:
    """Return the question as it would be put under `governance`: who is outside rests on its mail domains.

    What else the settings say of a call (ceilings, zones, rules) the decision reads from them itself. What was read
    keeps the class it had: files are not looked at again.
    """
    outside = external_of(ask.recipients, governance.internal_domains)
    return replace(ask, external=outside, approval=None)
