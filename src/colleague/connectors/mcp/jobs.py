"""Look at every MCP server once an hour: is it there, and are its tools still what was approved?"""

from colleague.audit.record import Ledger
from colleague.connectors.accounts import check_account, list_accounts
from colleague.connectors.mcp.connector import McpConnector
from colleague.connectors.registry import Registry
from colleague.identity.actor import SYSTEM
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Failure
from colleague.kit.log import get_log
from colleague.kit.queue import Queue
from colleague.kit.secrets import Secrets

log = get_log("mcp")
TASK = "connectors.look_at_mcp_servers"


async def look_at_servers(
    *, database: Database, registry: Registry, ledger: Ledger, secrets: Secrets, clock: Clock
) -> int:  # fmt: skip
    """Read the tools of each enabled server that no person has to sign in at; return how many do not work."""
    async with database.transaction() as session:
        kinds = [
            c.kind for c in await registry.now(session) if isinstance(c, McpConnector) and c.server.sign_in != "oauth"
        ]
        accounts = [a.id for k in kinds for a in await list_accounts(session, connector=k) if a.active]
    broken = 0
    for account in accounts:
        try:
            healthy, _ = await check_account(
                database, SYSTEM, registry, account, ledger=ledger, secrets=secrets, clock=clock
            )
        except Failure as failure:
            log.warning("server not looked at", error=failure.code)
            healthy = False
        broken += not healthy
    return broken


def add_jobs(
    queue: Queue, *, database: Database, registry: Registry, ledger: Ledger, secrets: Secrets, clock: Clock
) -> None:
    """Teach `queue` to look at the servers."""

    async def work() -> None:
        await look_at_servers(database=database, registry=registry, ledger=ledger, secrets=secrets, clock=clock)

    queue.add(TASK, work, every="17 * * * *")
