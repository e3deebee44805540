"""The table of contents: every slice's pages and JSON routes."""

from typing import Final

from fastapi import APIRouter

from colleague.kit.imports import import_all_of

# Pages before programs; within a slice its pages in console.py, its JSON in api.py.
CONTENTS: Final[tuple[str, ...]] = (
    "identity.console", "identity.people_console", "compliance.erasure.console", "identity.sso.console",
    "identity.sso.admin_console", "tasks.keeping.console", "tasks.reviews.console", "tasks.console",
    "tasks.together.console",
    "tasks.steer.console", "tasks.changes.console", "dispatch.schedules.envelopes.console", "approvals.console",
    "audit.console", "governance.replay.console", "governance.effective.console", "policy.console",
    "policy.categories.console",
    "connectors.mcp.console",
    "connectors.review.console", "connectors.grant_console",
    "connectors.console", "models.console",
    "models.usage_console", "channels.console", "channels.addresses.console", "channels.push.api",
    "plugins.console", "usecases.console", "support.console",
    "rollout.champions.console", "rollout.tickets.console", "projects.console", "projects.memory_console",
    "library.console", "files.console", "governance.document.console", "governance.asfiles.console",
    "governance.posture.console", "compliance.console", "web.setup", "dispatch.phone.console",
    "dispatch.schedules.console",
    "dispatch.doors.sms.door", "dispatch.doors.slack.door", "dispatch.doors.mcp.door",
    "dispatch.voice.console", "dispatch.voice.api",
    "dispatch.deliver.console", "adoption.console", "adoption.doors.console",
    "rollout.console", "rollout.cohorts.console", "rollout.onboarding.console", "rollout.readiness.console",
    "adoption.doors.people_console", "adoption.telemetry.door", "adoption.telemetry.console",
    "rollout.templates.console",
    "rollout.readout.console", "rollout.catalogue.console",
    "dispatch.triggers.console", "dispatch.receive.console",
    "identity.scim.door", "identity.scim.console",
    "identity.groups.console", "identity.groups.api", "identity.api", "compliance.erasure.api",
    "dispatch.doors.api", "dispatch.deliver.api",
    "identity.sso.api", "tasks.keeping.api", "tasks.reviews.api", "tasks.api", "tasks.together.api",
    "tasks.steer.api", "tasks.changes.api", "approvals.api", "audit.api",
    "policy.api", "policy.categories.api", "governance.replay.api", "governance.effective.api",
    "connectors.review.api", "connectors.api", "models.api",
    "connectors.mcp.api", "channels.api", "channels.addresses.api", "adoption.api",
    "rollout.api", "rollout.cohorts.api", "rollout.onboarding.api", "rollout.readiness.api",
    "rollout.templates.api",
    "rollout.readout.api", "rollout.catalogue.api",
    "dispatch.triggers.api",
    "adoption.doors.api", "adoption.doors.people_api", "adoption.telemetry.api",
    "dispatch.receive.api",
    "plugins.api", "usecases.api", "support.api",
    "rollout.champions.api", "rollout.tickets.api", "projects.api", "library.api", "files.api",
    "governance.asfiles.api", "governance.posture.api", "governance.document.api", "dispatch.schedules.api",
    "compliance.api",
)  # fmt: skip


def routers() -> list[APIRouter]:
    """Return the router of every door, in order."""
    return [import_all_of(f"colleague.{name}").router for name in CONTENTS]
