"""What sign-on needs of the house, in one value, and what this process remembers of providers for a while."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from colleague.audit.record import Ledger
from colleague.identity.local_routes import Tell
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.http import Egress
from colleague.kit.secrets import Secrets
from colleague.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class SignOn:
    """The door out, secrets, ledger, clock, and whom to tell; `known` and `locks` are the cache of published keys."""

    database: Database
    egress: Egress
    secrets: Secrets
    ledger: Ledger
    clock: Clock
    settings: Settings
    tell: Tell
    known: dict[str, Any] = field(default_factory=dict, repr=False)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict, repr=False)
