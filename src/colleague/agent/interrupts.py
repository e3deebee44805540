"""What ends a segment of a run before the model is finished. Not errors: the loop's own ways to stop."""


class Interrupt(Exception):
    """The segment ends here."""


class NeedsApproval(Interrupt):
    """A person must approve a call first; the run parks."""

    def __init__(self, approval: str) -> None:
        """Take the id of the approval that is waited for."""
        super().__init__(approval)
        self.approval = approval


class NeedsAnswer(Interrupt):
    """A person must answer a question first; the run parks."""


class NeedsSubagents(Interrupt):
    """A sub-agent works on what was asked of it; the run parks until the last one has ended."""


class Stopped(Interrupt):
    """A person stopped the run, or may not have it done any more; the text says which, if it is not in the run."""


class Paused(Interrupt):
    """A person paused the run: it parks before anything new is begun."""


class OverBudget(Interrupt):
    """A ceiling is reached; what is there so far is delivered as a partial result."""


class Superseded(Interrupt):
    """Another worker has taken this run over: this one makes no further step (fencing)."""
