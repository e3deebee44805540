"""The five kinds of refusal. A slice subclasses one beside its raiser; the subclass's docstring is its message.

    Failure
    ├── NotFound      the thing is not there, or not for you to know of
    ├── Forbidden     you may not
    ├── Conflict      it is no longer as you think it is
    ├── Invalid       what you sent cannot be used
    └── Unavailable   we cannot do it safely right now

Only web/errors.py knows status codes.
"""

import inspect


class Failure(Exception):
    """Something was refused."""

    def __init__(self, message: str | None = None, /, **details: object) -> None:
        """Take the message a person reads (default: the class docstring, formatted with `details`)."""
        text = message or inspect.cleandoc(type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        self.message = text.format(**details) if details and message is None else text
        self.details = details
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The class name: a stable word for programs."""
        return type(self).__name__


class NotFound(Failure):
    """This does not exist, or you may not see it."""


class Forbidden(Failure):
    """You may not do this."""


class Conflict(Failure):
    """This has changed in the meantime."""


class Invalid(Failure):
    """This cannot be used as it is."""


class Unavailable(Failure):
    """This cannot be done safely right now."""
