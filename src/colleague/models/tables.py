"""Rows of models: providers and their papers, routes, prices, what was used, ceilings, and words on their way."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ProviderRow(Base):
    """A model provider. `sealed` is its key, sealed for this row."""

    __tablename__ = "model_providers"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    project: Mapped[str] = mapped_column(default="")
    version: Mapped[str] = mapped_column(default="")
    streams: Mapped[bool] = mapped_column(default=True)
    zone: Mapped[str]
    ceiling: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=False)
    sealed: Mapped[str | None]
    healthy: Mapped[bool | None]
    health: Mapped[str] = mapped_column(default="")
    checked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class PaperRow(Base):
    """A no-training attestation or a BAA. Never changed; withdrawn when it no longer counts."""

    __tablename__ = "model_papers"

    id: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("model_providers.id"), index=True)
    kind: Mapped[str]
    document: Mapped[str]
    counterparty: Mapped[str] = mapped_column(default="")
    covers: Mapped[list[str]]
    scope: Mapped[str] = mapped_column(default="")
    signed_on: Mapped[date]
    expires_on: Mapped[date | None]
    stored_by: Mapped[str]
    stored_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class RouteRow(Base):
    """Which chain some tasks take."""

    __tablename__ = "model_routes"
    __table_args__ = (UniqueConstraint("target", "subject"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    chain: Mapped[list[str]]
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class PriceRow(Base):
    """What a model of a provider costs: millionths of a US dollar for a million tokens."""

    __tablename__ = "model_prices"

    provider: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    input: Mapped[int] = mapped_column(BigInteger)
    output: Mapped[int] = mapped_column(BigInteger)
    cached: Mapped[int] = mapped_column(BigInteger)
    stored: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(default="")
    window: Mapped[int] = mapped_column(default=0)
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class UsageRow(Base):
    """One answer of a model: what it used and what it cost (None: no price was stored)."""

    __tablename__ = "model_usage"
    __table_args__ = (Index("ix_model_usage_at", "at"), Index("ix_model_usage_person_id_at", "person_id", "at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    run_id: Mapped[str] = mapped_column(index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    teams: Mapped[list[str]]
    provider: Mapped[str]
    model: Mapped[str]
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    stored_tokens: Mapped[int] = mapped_column(BigInteger)
    micros: Mapped[int | None] = mapped_column(BigInteger)


class CeilingRow(Base):
    """The most that may be spent in a month. `subject`: a person's or team's id, `*` for each, "" for everybody."""

    __tablename__ = "model_ceilings"

    scope: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    micros: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class IncreaseRow(Base):
    """A wish for more in one month, and the answer."""

    __tablename__ = "model_increases"
    __table_args__ = (Index("ix_model_increases_month", "month"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str]
    subject: Mapped[str]
    month: Mapped[str]
    micros: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class SeenRow(Base):
    """The newest decision on a provider for a run: put on record again only when it changes."""

    __tablename__ = "model_decisions"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    stamp: Mapped[str]
    at: Mapped[datetime]


class SpokenRow(Base):
    """What a model is saying right now in a run. Gone when its answer is saved; never a record."""

    __tablename__ = "model_spoken"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    at: Mapped[datetime]


class EstimateRow(Base):
    """What a run was estimated to use, before it started."""

    __tablename__ = "model_estimates"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    low_tokens: Mapped[int] = mapped_column(BigInteger)
    high_tokens: Mapped[int] = mapped_column(BigInteger)
    low_micros: Mapped[int | None] = mapped_column(BigInteger)
    high_micros: Mapped[int | None] = mapped_column(BigInteger)
    rule: Mapped[str]
