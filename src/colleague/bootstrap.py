"""The composition root: every part is built once, here, and handed to those who need it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from colleague.adoption.calendar import free_days
from colleague.adoption.groups import Groups, departments, teams
from colleague.adoption.jobs import add_jobs as add_adoption_jobs
from colleague.adoption.risk import Lead
from colleague.adoption.telemetry.by_source import people_by_source
from colleague.adoption.telemetry.parts import TelemetryIn
from colleague.agent.llm import Llm
from colleague.approvals.jobs import add_jobs as add_approval_jobs
from colleague.audit.record import Ledger
from colleague.audit.siem.target import Target, target_of
from colleague.audit.signer import Signer, load_signer
from colleague.audit.sink import Sink, sink_of
from colleague.channels.addresses.jobs import add_jobs as add_address_jobs
from colleague.channels.jobs import add_jobs as add_channel_jobs
from colleague.channels.notify import Notifier
from colleague.channels.push.channel import PushChannel
from colleague.channels.registry import Channels, channels_of
from colleague.compliance.erasure.carry_out import Erasing
from colleague.compliance.erasure.jobs import add_jobs as add_erasure_jobs
from colleague.compliance.jobs import add_jobs as add_retention_jobs
from colleague.compliance.posture import of_retention
from colleague.connectors.connector import Connector
from colleague.connectors.folder.connector import FolderConnector
from colleague.connectors.grants import is_enabled
from colleague.connectors.mail.connector import MailConnector
from colleague.connectors.mcp.connector import Means
from colleague.connectors.mcp.entries import McpEntries
from colleague.connectors.mcp.jobs import add_jobs as add_mcp_jobs
from colleague.connectors.mcp.oauth import Grants
from colleague.connectors.mcp.servers import McpServers, listed_by
from colleague.connectors.mcp.sign_in import SignIns
from colleague.connectors.registry import Registry
from colleague.connectors.web.connector import WebConnector
from colleague.dispatch.deliver.cleared import cleared
from colleague.dispatch.deliver.jobs import Carrying
from colleague.dispatch.deliver.jobs import add_jobs as add_result_jobs
from colleague.dispatch.deliver.promise import take_up
from colleague.dispatch.doors.jobs import add_jobs as add_door_jobs
from colleague.dispatch.doors.parts import Doors
from colleague.dispatch.doors.slack.card import blocks_of
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.jobs import add_jobs as add_dispatch_jobs
from colleague.dispatch.schedules.envelopes.stand_in import stand_in
from colleague.dispatch.schedules.jobs import add_jobs as add_schedule_jobs
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.posture import of_schedules
from colleague.dispatch.triggers.posture import of_triggers
from colleague.dispatch.voice.hear import Ears
from colleague.dispatch.voice.jobs import add_jobs as add_voice_jobs
from colleague.governance.asfiles.parts.part import Foreign
from colleague.governance.document.acknowledge import acknowledged_first
from colleague.governance.document.tell import add_jobs as add_document_jobs
from colleague.governance.posture.jobs import add_jobs as add_posture_jobs
from colleague.governance.posture.look import Look, Looking
from colleague.identity.directory import names_of
from colleague.identity.groups.mapping import Invitations
from colleague.identity.scim.parts import Provisioning
from colleague.identity.sso.parts import SignOn
from colleague.kit.clock import Clock, SystemClock
from colleague.kit.db import Database
from colleague.kit.doors import Names
from colleague.kit.embedded import address
from colleague.kit.http import Egress
from colleague.kit.migrate import migrate
from colleague.kit.page import Pages
from colleague.kit.queue import Queue
from colleague.kit.rate import Rate
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.secrets import Secrets, load_key
from colleague.kit.settings import Settings
from colleague.kit.sse import Hub
from colleague.kit.streams import Streams
from colleague.library.jobs import add_jobs as add_library_jobs
from colleague.library.parts import Library
from colleague.models.minds import Minds
from colleague.models.think import Models, built_in
from colleague.policy.engine import Engine
from colleague.projects.work import Work
from colleague.rollout.catalogue.posture import of_catalogue
from colleague.rollout.champions.jobs import add_jobs as add_champion_jobs
from colleague.rollout.cohorts.store import against_invitations, first_days, people_by_cohort
from colleague.rollout.jobs import add_jobs as add_programme_jobs
from colleague.rollout.onboarding.jobs import add_jobs as add_onboarding_jobs
from colleague.rollout.readout.watch import add_jobs as add_readout_jobs
from colleague.rollout.store import lead_of
from colleague.rollout.tickets.jobs import add_jobs as add_ticket_jobs
from colleague.support.mail import MailDesk
from colleague.tasks.jobs import add_jobs as add_task_jobs
from colleague.tasks.parts import Parts
from colleague.tasks.sight import is_seen, tasks_in
from colleague.usecases.around import Reach

# Whom numbers are told of together, and who knows who they are.
GROUPS = Groups(
    {"department": departments, "team": teams, "cohort": people_by_cohort, "source": people_by_source}, first_days
)


@dataclass(frozen=True, slots=True)
class House:
    """All parts, built. `by_type` is what doors look parts up in."""

    settings: Settings
    database: Database
    queue: Queue
    streams: Streams
    hub: Hub
    clock: Clock
    secrets: Secrets
    ledger: Ledger
    engine: Engine
    registry: Registry
    signer: Signer
    sink: Sink | None
    siem: Target | None
    pages: Pages
    parts: Parts
    models: Models
    egress: Egress
    sign_ins: SignIns
    sign_on: SignOn
    provisioning: Provisioning
    telemetry: TelemetryIn
    foreign: Foreign
    channels: Channels
    dispatch: DispatchParts
    doors: Doors
    ears: Ears

    @property
    def looking(self) -> Looking:
        """Return what a look at the posture needs."""
        sandbox = self.parts.sandbox
        minds = self.models.minds
        also = also_looked_at(self.settings, self.registry, self.clock)
        return Looking(self.settings, self.registry, minds, sandbox, self.ledger, self.clock, also)

    @property
    def erasing(self) -> Erasing:
        """Return what an erasure is carried out with."""
        return Erasing(self.database, self.ledger, self.clock, self.secrets, self.signer)

    @property
    def reach(self) -> Reach:
        """Return what use cases ask about connectors."""
        return Reach(is_enabled, self.settings.catalogue_review_days)

    @property
    def invitations(self) -> Invitations:
        """Return why nobody may be invited yet."""
        return Invitations(against_invitations)

    @property
    def groups(self) -> Groups:
        """Return who is in which group of people that numbers are told of."""
        return GROUPS

    @property
    def scheduling(self) -> Scheduling:
        """Return what schedules stand on."""
        return Scheduling(self.parts, self.settings)

    def by_type(self) -> Mapping[type, object]:
        """Return the parts by the type that doors ask for."""
        return {
            Settings: self.settings, Database: self.database, Queue: self.queue, Streams: self.streams,
            Clock: self.clock, Secrets: self.secrets, Ledger: self.ledger, Engine: self.engine,
            Registry: self.registry, Signer: self.signer, Pages: self.pages, Parts: self.parts, Hub: self.hub,
            Names: Names(names_of), Library: self.parts.library, Work: Work(tasks_in, is_seen),
            Models: self.models, SignIns: self.sign_ins, SignOn: self.sign_on, Provisioning: self.provisioning,
            TelemetryIn: self.telemetry,
            Foreign: self.foreign, Scheduling: self.scheduling, Looking: self.looking, Channels: self.channels,
            DispatchParts: self.dispatch, Doors: self.doors, PushChannel: self.channels.get("push"), Ears: self.ears,
            Erasing: self.erasing,
            Reach: self.reach, Groups: self.groups, Invitations: self.invitations, Lead: Lead(lead_of),
        }  # fmt: skip

    async def close(self) -> None:
        """Close connections."""
        await self.models.minds.close()
        await self.egress.close()
        await self.ears.egress.close()
        await self.streams.close()
        await self.database.close()


def also_looked_at(settings: Settings, registry: Registry, clock: Clock) -> tuple[Look, ...]:
    """Return the looks of the posture at what stands above governance."""
    reach = Reach(is_enabled, settings.catalogue_review_days)
    of_reviews = partial(of_catalogue, registry=registry, reach=reach, clock=clock)
    return (of_schedules, of_triggers, partial(of_retention, clock=clock), of_reviews)


def shipped_connectors(egress: Egress, clock: Clock) -> tuple[Connector, ...]:
    """Return one of each connector that ships with the product."""
    return (FolderConnector(clock=clock), MailConnector(), WebConnector(egress=egress, clock=clock))


def servers_of(
    sandbox: Sandbox, *, egress: Egress, database: Database, secrets: Secrets, ledger: Ledger, clock: Clock
) -> McpServers:
    """Return the source of MCP connectors: servers that administrators registered."""
    grants = Grants(database=database, secrets=secrets, egress=egress, ledger=ledger, clock=clock)
    listed = listed_by(database, ledger=ledger, clock=clock)
    return McpServers(Means(egress, sandbox, listed, grants.token))


def queue_of(
    settings: Settings, url: str, *, parts: Parts, channels: Channels, looking: Looking, signer: Signer
) -> Queue:  # fmt: skip
    """Return the queue with every job that this house does."""
    database, ledger, clock, tell = parts.database, parts.ledger, parts.clock, parts.tell
    queue = Queue(url, heartbeat=settings.heartbeat_seconds, stalled=settings.stalled_seconds)
    add_task_jobs(queue, parts=parts)
    add_schedule_jobs(queue, parts=Scheduling(parts, settings))
    add_library_jobs(queue, library=parts.library)
    add_approval_jobs(queue, database=database, ledger=ledger, clock=clock, tell=tell)
    add_channel_jobs(
        queue, database=database, channels=channels, cleared=cleared, ledger=ledger, clock=clock
    )  # fmt: skip
    add_address_jobs(
        queue, database=database, channels=channels, ledger=ledger, clock=clock, tell=tell, sims=settings.sms_sim_swap
    )  # fmt: skip
    add_mcp_jobs(queue, database=database, registry=parts.registry, ledger=ledger, secrets=parts.secrets, clock=clock)
    add_posture_jobs(queue, database=database, parts=looking)
    add_document_jobs(queue, database=database, tell=tell)
    add_retention_jobs(queue, database=database, ledger=ledger, clock=clock, signer=signer)
    add_programme_jobs(
        queue, database=database, registry=parts.registry, reach=Reach(is_enabled, settings.catalogue_review_days),
        ledger=ledger, clock=clock, tell=tell,
    )  # fmt: skip
    add_onboarding_jobs(queue, database=database, ledger=ledger, clock=clock, tell=tell)
    add_adoption_jobs(queue, database=database, groups=GROUPS, ledger=ledger, clock=clock)
    add_champion_jobs(queue, database=database, ledger=ledger, clock=clock, tell=tell)
    add_ticket_jobs(queue, database=database, ledger=ledger, clock=clock)
    add_readout_jobs(queue, database=database, groups=GROUPS, ledger=ledger, clock=clock)
    add_result_jobs(queue, parts=Carrying(parts, channels, settings.url))
    add_voice_jobs(queue, database=database, ledger=ledger, clock=clock)
    add_erasure_jobs(queue, parts=Erasing(database, ledger, clock, parts.secrets, signer))
    return queue


def doors_of(queue: Queue, *, dispatch: DispatchParts, egress: Egress, ears: Ears) -> Doors:
    """Return the doors of Dispatch, and teach `queue` what goes on behind them."""
    tasks = dispatch.tasks
    desk = MailDesk(tasks.database, tasks.registry, tasks.tell, tasks.free_days, tasks.ledger, tasks.clock)
    doors = Doors.of(dispatch, egress=egress, ears=ears, desk=desk if dispatch.settings.support_mail else None)
    add_dispatch_jobs(queue, parts=dispatch)
    add_door_jobs(queue, doors=doors)
    return doors


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
    # It knows no hosts of its own: what a connector may reach comes from grants and from registered servers.
    egress = Egress(private=settings.egress_private)
    sandbox = Sandbox(settings)
    servers = servers_of(sandbox, egress=egress, database=database, secrets=secrets, ledger=ledger, clock=clock)
    registry = Registry(
        connectors if connectors is not None else shipped_connectors(egress, clock), sources=(servers,)
    )  # fmt: skip
    signer = load_signer(settings.ledger_key_file or Path(settings.data_dir) / "ledger.key")
    channels = channels_of(
        settings, database=database, egress=egress, secrets=secrets, ledger=ledger, clock=clock,
        dress=partial(blocks_of, database=database, url=settings.url),
    )  # fmt: skip
    notifier = Notifier(channels, clock=clock)
    minds = Minds(settings=settings, secrets=secrets, clock=clock, others=built_in(models or {}))
    thinking = Models(
        minds, database=database, engine=engine, ledger=ledger, clock=clock, tell=notifier.notify
    )  # fmt: skip
    library = Library(database, registry, secrets, ledger, clock, settings.search_language)
    parts = Parts(
        library=library, database=database, ledger=ledger, clock=clock, engine=engine, registry=registry,
        secrets=secrets, models=thinking, sandbox=sandbox, tell=notifier.notify, free_days=free_days,
        # A frozen worker counts as dead after `stalled` seconds of silence; its last sign may be a heartbeat old.
        acknowledged=acknowledged_first, take_up=take_up, stand_in=partial(stand_in, ledger=ledger, clock=clock),
        stale_after=max(0.2, (settings.stalled_seconds - settings.heartbeat_seconds) / 2),
    )  # fmt: skip
    looking = Looking(settings, registry, minds, sandbox, ledger, clock, also_looked_at(settings, registry, clock))
    queue = queue_of(settings, url, parts=parts, channels=channels, looking=looking, signer=signer)
    dispatch = DispatchParts(parts, settings)
    doors = doors_of(queue, dispatch=dispatch, egress=egress, ears=(ears := Ears.of(settings, parts)))
    return House(
        settings=settings, database=database, queue=queue, streams=Streams(url), hub=Hub(), clock=clock,
        secrets=secrets, ledger=ledger, engine=engine, registry=registry, signer=signer, sink=sink_of(settings),
        siem=target_of(settings),        pages=Pages(), parts=parts, models=thinking, egress=egress,
        ears=ears, sign_ins=SignIns(egress=egress, clock=clock, base_url=settings.url),
        sign_on=SignOn(
            database=database, egress=egress, secrets=secrets, ledger=ledger, clock=clock, settings=settings,
            tell=notifier.notify,
        ),
        dispatch=dispatch, doors=doors, foreign=McpEntries(), channels=channels, provisioning=Provisioning(
            database, ledger, clock, notifier.notify, f"{settings.url}/scim/v2", Rate(settings.scim_rate)
        ),
        telemetry=TelemetryIn.of(settings.url, settings.telemetry_in_rate, database, ledger, secrets, clock),
    )  # fmt: skip
