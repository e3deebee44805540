"""A model that plays one script for a task's own run and one for each of its sub-agents, by its goal."""

from collections.abc import Sequence

from colleague.agent.messages import Call, Message, Said, Turn, Usage
from colleague.agent.tools import ToolSpec
from colleague.testing.llm import Play, ScriptedLlm, said


def start(*goals: str, tools: Sequence[str] | None = None) -> Turn:
    """Return a turn that starts a sub-agent for each goal."""
    more = {} if tools is None else {"tools": list(tools)}
    return Turn(calls=tuple(Call("s", "start_subagent", {"goal": g} | more) for g in goals), usage=Usage(100, 20))


def part_of(messages: Sequence[Message]) -> str:
    """Return the goal of the sub-agent whose conversation this is; "" in the task's own run."""
    said = next((m.text for m in messages if isinstance(m, Said) and m.who == "agent"), "")
    return said.rpartition("\n\n")[2]


class Team(ScriptedLlm):
    """Plays one script for the task's own run, and one for each sub-agent by its goal."""

    def cast(self, own: Sequence[Turn | Play], **parts: Sequence[Turn | Play]) -> "Team":
        """Take the scripts. `heard` and `offered` keep what each was last given, by goal ("": the task's own run)."""
        self.own, self.parts = tuple(own), {name: tuple(turns) for name, turns in parts.items()}
        self.heard: dict[str, list[Message]] = {}
        self.offered: dict[str, set[str]] = {}
        return self

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the next turn of whose conversation this is."""
        part = part_of(messages)
        self.heard[part], self.offered[part] = list(messages), {t.name for t in tools}
        script = self.parts.get(part, ()) if part else self.own
        done = sum(isinstance(m, Turn) for m in messages)
        if done >= len(script):
            return Turn(f"Report on {part}." if part else "Done.", usage=Usage(10, 2), model=self.name)
        return await said(script[done], messages, tools)


def cast(llm: ScriptedLlm, *own: Turn | Play, **parts: Sequence[Turn | Play]) -> Team:
    """Let a model of a house play a team from now on."""
    llm.__class__ = Team
    assert isinstance(llm, Team)
    return llm.cast(own, **parts)
