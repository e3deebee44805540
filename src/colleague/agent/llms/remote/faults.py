"""What a provider's failure means for a run: try again later, or let a person look. Pure.

No word of the provider reaches a person or a log: it may repeat the key, or what the task has read.
"""

from math import isfinite

from pydantic_ai.exceptions import (
    ContentFilterError,
    IncompleteToolCall,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    UserError,
)

from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.kit.errors import Failure

LONGEST_WAIT = 900.0


def is_too_long(error: Exception) -> bool:
    """Say whether the provider found the conversation too long."""
    return isinstance(error, ModelContextWindowExceededError)


def meaning(name: str, error: Exception) -> ModelUnavailable | ModelRejects:
    """Return what to raise for the model `name` when asking it raised `error`."""
    own = _own(error)
    if own is not None:
        return ModelRejects(f"The model «{name}» cannot be reached: {own.message}")
    match error:
        case ModelAuthenticationError():
            why = "The provider refuses the key, or the key may not use this model"
        case ModelNotFoundError():
            why = "The provider does not know this model, or the address is not the right one"
        case ModelQuotaExceededError():
            why = "The account at the provider is used up"
        case ModelContextWindowExceededError():
            why = "What this task has read is too long for it"
        case ContentFilterError():
            why = "The provider's own filter refuses this conversation"
        case ModelRequestRejectedError():
            why = f"The provider does not accept the request{_status(error)}"
        case UserError():
            why = "It is not set up completely: look at its address, key and model name"
        case ModelRateLimitError():
            return _later(name, "has too much to do for this account", error)
        case ModelOverloadedError():
            return _later(name, "is overloaded", error)
        case ModelTimeoutError() | ModelRequestTimeout():
            return _later(name, "did not answer in time", error)
        case ModelConnectionError():
            return _later(name, "cannot be reached, or broke off in the middle of its answer", error)
        case IncompleteToolCall():
            return _later(name, "broke off in the middle of its answer", error)
        case ModelAPIError():
            return _later(name, f"does not answer properly{_status(error)}", error)
        case _:
            return _later(name, f"gave no usable answer ({type(error).__name__})", error)
    return ModelRejects(f"The model «{name}» cannot be used. {why}.")


def _later(name: str, why: str, error: Exception) -> ModelUnavailable:
    wait = getattr(error, "retry_after", None)
    seconds = min(max(float(wait), 0.0), LONGEST_WAIT) if isinstance(wait, int | float) and isfinite(wait) else 0.0
    return ModelUnavailable(f"The model «{name}» {why}.", retry_after=seconds)


def _status(error: Exception) -> str:
    return f" (status {error.status_code})" if isinstance(error, ModelHTTPError) else ""


def _own(error: BaseException | None) -> Failure | None:
    """Return our own refusal (an address that may not be called) if one stands behind the error."""
    for _ in range(8):
        if error is None:
            return None
        if isinstance(error, Failure):
            return error
        error = error.__cause__ or error.__context__
    return None
