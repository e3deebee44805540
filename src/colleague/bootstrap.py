"""The composition root: every part is built once, here, and handed to those who need it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from colleague.agent.llm import Llm
from colleague.agent.llms.extractive.model import ExtractiveLlm
from colleague.approvals.jobs import add_jobs as add_approval_jobs
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer, load_signer
from colleague.audit.sink import Sink, sink_of
from colleague.channels.jobs import add_jobs as add_channel_jobs
from colleague.channels.notify import Notifier
from colleague.channels.registry import channels_of
from colleague.connectors.connector import Connector
from colleague.connectors.folder.connector import FolderConnector
from colleague.connectors.mail.connector import MailConnector
from colleague.connectors.registry import Registry
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Database
from colleague.kit.embedded import address
from colleague.kit.migrate import migrate
from colleague.kit.page import Pages
from colleague.kit.queue import Queue
from colleague.kit.secrets import Secrets, load_key
from colleague.kit.settings import Settings
from colleague.kit.streams import Streams
from colleague.policy.engine import Engine
from colleague.tasks.parts import Parts
from colleague.tasks.jobs import add_jobs as add_task_jobs


@dataclass(frozen=True, slots=True)
class House:
    """All parts, built. `by_type` is what doors look parts up in."""

    settings: Settings
    database: Database
    queue: Queue
    streams: Streams
    clock: Clock
    secrets: Secrets
    ledger: Ledger
    engine: Engine
    registry: Registry
    signer: Signer
    sink: Sink | None
    pages: Pages
    parts: Parts
    models: Callable[[str], Llm]

    def by_type(self) -> Mapping[type, object]:
        """Return the parts by the type that doors ask for."""
        return {
            Settings: self.settings, Database: self.database, Queue: self.queue, Streams: self.streams,
            Clock: self.clock, Secrets: self.secrets, Ledger: self.ledger, Engine: self.engine,
            Registry: self.registry, Signer: self.signer, Pages: self.pages, Parts: self.parts,
        }  # fmt: skip

    async def close(self) -> None:
        """Close connections."""
        await self.streams.close()
        await self.database.close()


def models_of(settings: Settings, *, others: Mapping[str, Llm]) -> Callable[[str], Llm]:
    """Return a function from a model's name to the model. Live providers are imported when first used."""
    known: dict[str, Llm] = dict(others)

    def find(name: str) -> Llm:
        if name not in known:
            from colleague.agent.llms.remote import connect

            key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
            known[name] = connect(name, base_url=settings.model_base_url, api_key=key)
        return known[name]

    return find


def shipped_connectors() -> tuple[Connector, ...]:
    """Return one of each connector that ships with the product."""
    return (FolderConnector(), MailConnector())


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    connectors: Iterable[Connector] | None = None,
    models: Mapping[str, Llm] | None = None,
    ledger: Ledger | None = None,
    engine: Engine | None = None,
) -> House:
    """Build the house on its database (brought up to date first). Parts may be replaced by fakes."""
    url = address(settings)
    migrate(url)
    clock = clock or SystemClock()
    secrets = Secrets(load_key(settings.key_file or settings.data_dir / "master.key"))
    database = Database(url)
    ledger = ledger or Ledger(secrets=secrets, clock=clock)
    engine = engine or Engine()
    registry = Registry(connectors if connectors is not None else shipped_connectors())
    signer = load_signer(settings.ledger_key_file or Path(settings.data_dir) / "ledger.key")
    parts = Parts(
        database=database, ledger=ledger, clock=clock, engine=engine, registry=registry, secrets=secrets,
        # A frozen worker counts as dead after `stalled` seconds of silence; its last sign may be a heartbeat old.
        stale_after=max(0.2, (settings.stalled_seconds - settings.heartbeat_seconds) / 2),
    )  # fmt: skip
    find = models_of(settings, others={"extractive": ExtractiveLlm(), **(models or {})})
    queue = Queue(url, heartbeat=settings.heartbeat_seconds, stalled=settings.stalled_seconds)
    notifier = Notifier(settings=settings, clock=clock)
    add_task_jobs(queue, parts=parts, models=find)
    add_approval_jobs(queue, database=database, ledger=ledger, clock=clock, tell=notifier.notify)
    add_channel_jobs(queue, database=database, channels=channels_of(settings, clock=clock), ledger=ledger, clock=clock)
    return House(
        settings=settings, database=database, queue=queue, streams=Streams(url), clock=clock, secrets=secrets,
        ledger=ledger, engine=engine, registry=registry, signer=signer, sink=sink_of(settings), pages=Pages(),
        parts=parts, models=find,
    )  # fmt: skip
