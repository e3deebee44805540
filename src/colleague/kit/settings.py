"""Deployment settings: one frozen value, read once from the environment or one TOML file.

Governance (who may do what) is data in the database, never here.
"""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class Settings(BaseSettings):
    """Everything an operator may set. Each name is `COLLEAGUE_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="COLLEAGUE_", frozen=True, extra="forbid", env_ignore_empty=True)

    data_dir: Path = Field(Path.home() / ".colleague", description="Keys, the embedded database, checkpoints.")
    database_url: str | None = Field(
        None,
        validation_alias=AliasChoices("database_url", "DATABASE_URL", "COLLEAGUE_DATABASE_URL"),
        description="PostgreSQL address (postgresql://…). Unset: the embedded server under the data folder.",
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the web server listens on.")
    base_url: str | None = Field(None, description="Address people use, for links in mails. Default: host and port.")
    allowed_hosts: str = Field("", description="Comma-separated host names the web server answers to, besides its own.")
    key_file: Path | None = Field(
        None, description="File with the master key. Default: `master.key` in the data folder."
    )
    ledger_key_file: Path | None = Field(None, description="Ed25519 key that signs checkpoints. Default: `ledger.key`.")
    checkpoint_sink: str | None = Field(
        None, description="Where checkpoints are copied: a folder or an https address the administrators cannot change."
    )
    siem: str | None = Field(
        None,
        description="Where every sealed entry of the ledger is sent as an OCSF event: `file:/path`, "
        "`syslog+tls://host:port`, `syslog+tcp://host:port` or an https address.",
    )
    siem_authorization: SecretStr | None = Field(
        None, description="What an https SIEM is told in the Authorization header (`Bearer …`, `Splunk …`)."
    )
    otlp: str | None = Field(
        None,
        description="Address of an OpenTelemetry collector (OTLP over HTTP, e.g. `http://collector:4318`): traces, "
        "metrics and logs go there. Needs the extra `telemetry`.",
    )
    otlp_headers: SecretStr | None = Field(
        None, description="Headers for that collector: `name=value`, several with commas."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    worker_concurrency: int = Field(8, ge=1, le=256, description="Runs that one worker advances at the same time.")
    heartbeat_seconds: float = Field(10, gt=0, description="How often a worker says that it lives.")
    stalled_seconds: float = Field(30, gt=0, description="Silence after which a worker counts as dead.")
    upload_limit: int = Field(50_000_000, ge=1, description="Largest upload, in bytes.")
    catalogue_review_days: int = Field(
        365, ge=1, le=3650, description="For how many days a review of a skill or connector in the catalogue holds."
    )
    sandbox: Literal["auto", "bubblewrap", "landlock", "off"] = Field(
        "auto", description="How code is confined. `off` refuses code execution."
    )
    model: str = Field("extractive", description="Model for tasks: `extractive`, or `provider:name`.")
    model_base_url: str | None = Field(None, description="Address of an OpenAI-compatible or Anthropic endpoint.")
    model_api_key: SecretStr | None = Field(None, description="Key of the model provider.")
    model_zone: Literal["any", "us", "eu", "apac", "own"] = Field(
        "any", description="Where that provider works. `own`: on your own machines; `any`: not known."
    )
    model_attestation: str | None = Field(
        None,
        description="Proof that this provider does not train on your data, without which a model that works elsewhere "
        "is given nothing: `DOCUMENT; SIGNED; LAST DAY; KINDS`, e.g. `DPA 2026-17; 2026-01-15; 2027-01-14; all`. "
        "Kinds: inputs, outputs, files, feedback, telemetry, aggregates, or `all`.",
    )
    model_window: int = Field(
        128_000, ge=2_000, le=20_000_000,
        description="Tokens a model can be given at once, where its price says nothing else.",
    )  # fmt: skip
    search_language: str = Field(
        "english",
        pattern="^[a-z_]{1,40}$",
        description="Language of the documents, as PostgreSQL names it (`english`, `german`, …, `simple`): how words "
        "are folded in document sets. A change indexes them anew.",
    )
    smtp_url: SecretStr | None = Field(
        None, description="Mail server for the product's own notices: smtp[s]://user:password@host:port."
    )
    mail_from: str = Field("Colleague <colleague@localhost>", description="Sender of the product's own notices.")
    telemetry_in_rate: float = Field(
        100, gt=0, le=10_000, description="Exports a second that each source of telemetry may make to /v1/logs."
    )
    scim_rate: float = Field(
        50, gt=0, le=10_000, description="Calls a second that an identity provider may make to /scim/v2."
    )
    sms_account: str | None = Field(
        None, description="Account SID of the Twilio-compatible provider that brings text messages in and out."
    )
    sms_token: SecretStr | None = Field(
        None, description="Auth token of that account: signs what comes in, signs in what goes out."
    )
    sms_from: str | None = Field(None, description="Number that text messages come from and go to, as `+14155550100`.")
    sms_url: str = Field("https://api.twilio.com", description="Address of that provider.")
    sms_sim_swap: bool = Field(
        False,
        description="Ask the provider once a day whether the SIM of a bound number was changed (Twilio Lookup, charged "
        "by it); then the number must be bound anew.",
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Signing secret of your Slack app: what does not carry its signature is refused."
    )
    slack_token: SecretStr | None = Field(
        None, description="Bot token of your Slack app (`xoxb-…`). The workspace it belongs to is the only one heard."
    )
    slack_url: str = Field("https://slack.com/api", description="Address of the Slack Web API.")
    mailbox_url: SecretStr | None = Field(
        None,
        description="Mailbox that takes messages to Colleague: imap[s]://user:password@host:port/folder. What is in "
        "it is read by Colleague and marked as read.",
    )
    support_mail: str = Field(
        "",
        description="Another address of that mailbox, such as colleague+support@example.com: mails to it become "
        "support tickets of their proven senders.",
    )
    mail_authserv: str = Field(
        "",
        description="Name under which your mail server writes its Authentication-Results (RFC 8601). Only that "
        "server's word on who sent a mail is believed; without it no mail is.",
    )
    transcription_url: str | None = Field(
        None, description="Address of an OpenAI-compatible service that writes voice notes down, e.g. `https://…/v1`."
    )
    transcription_key: SecretStr | None = Field(None, description="Key of that service.")
    transcription_model: str = Field("whisper-1", description="Name of its model.")
    push_key_file: Path | None = Field(
        None, description="Key that signs push notifications. Default: `push.key` in the data folder."
    )
    push_hosts: str = Field(
        "fcm.googleapis.com, updates.push.services.mozilla.com, *.push.apple.com, *.notify.windows.com",
        description="Comma-separated hosts of push services that browsers may name.",
    )
    transcription_zone: Literal["any", "us", "eu", "apac", "own"] = Field(
        "any", description="Where that service works. `own`: on your own machines; `any`: not known."
    )
    transcription_attestation: str | None = Field(
        None,
        description="Proof that this service does not train on what it hears, without which one that works elsewhere "
        "is given nothing: `DOCUMENT; SIGNED; LAST DAY; KINDS`, as in COLLEAGUE_MODEL_ATTESTATION.",
    )
    egress_hosts: str = Field("", description="Comma-separated hosts that calls out may reach, besides granted ones.")
    egress_private: bool = Field(False, description="Let calls out reach private and loopback addresses (tests, demo).")
    demo: bool = Field(False, description="Demo organisation with one-click sign-in; refused off loopback.")

    @property
    def url(self) -> str:
        """The address people use, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    def environment(self) -> dict[str, str]:
        """Return an environment in which another process reads these very settings."""
        import os

        given = self.model_dump(exclude_defaults=True)
        plain = {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in given.items()}
        return {**os.environ, **{f"COLLEAGUE_{k.upper()}": str(v) for k, v in plain.items() if v is not None}}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values given in code win over the environment, which wins over the TOML file."""
        import os

        file = os.environ.get("COLLEAGUE_CONFIG")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources
