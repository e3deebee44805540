"""The table of contents: every slice's pages and JSON routes."""

from typing import Final

from fastapi import APIRouter

from colleague.approvals import api as approvals_api
from colleague.approvals import console as approvals_console
from colleague.audit import api as audit_api
from colleague.audit import console as audit_console
from colleague.channels import console as channels_console
from colleague.connectors import api as connectors_api
from colleague.connectors import console as connectors_console
from colleague.identity import api as identity_api
from colleague.identity import console as identity_console
from colleague.identity import people_console
from colleague.policy import api as policy_api
from colleague.policy import console as policy_console
from colleague.tasks import api as tasks_api
from colleague.tasks import console as tasks_console
from colleague.web import setup

ROUTERS: Final[tuple[APIRouter, ...]] = (
    identity_console.router, people_console.router, tasks_console.router, approvals_console.router,
    audit_console.router, policy_console.router, connectors_console.router, channels_console.router, setup.router,
    identity_api.router, tasks_api.router, approvals_api.router, audit_api.router, policy_api.router,
    connectors_api.router,
)  # fmt: skip
