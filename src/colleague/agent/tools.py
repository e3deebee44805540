"""A tool, seen from the agent: a name, a description, a JSON schema. What it does is behind the governed wrapper."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told about a tool. `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


def size(tool: ToolSpec) -> int:
    """Return how many characters a tool gives a model to read."""
    return len(tool.name) + len(tool.description) + len(str(tool.parameters))
