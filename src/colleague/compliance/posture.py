"""What the posture finds of retention: that what was to go has gone."""

from collections.abc import Sequence
from datetime import timedelta

from colleague.governance.posture.model import Finding
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.tasks.keeping.held import holds_on_tasks
from colleague.tasks.keeping.until import going_before

CHECK, LATE = "retention-runs", timedelta(days=3)


async def of_retention(session: Session, *, clock: Clock) -> Sequence[Finding]:
    """Return whether tasks are here that should have gone three days ago, and that no hold and no law keeps."""
    before = clock.now() - LATE
    due, _ = await going_before(session, before, await current_governance(session), limit=200)
    late = [one for one in due if one.ends and one.until.at <= before]
    held = await holds_on_tasks(session, [one.task for one in late])
    late = [one for one in late if one.task not in held]
    if not late:
        return []
    oldest = min(one.until.at for one in late)
    words = f"{len(late)} tasks or more should have been deleted. Is a worker running at night?"
    return [Finding(CHECK, "retention", words, since=oldest)]
