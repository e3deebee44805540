"""Rows of identity."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class PersonRow(Base):
    """Somebody who may sign in, or did. Rows are never deleted: a person is deactivated or erased."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=False)
    # Somebody who may come in once there is a seat for them; not active until then.
    waiting_since: Mapped[datetime | None]
    department: Mapped[str] = mapped_column(default="", server_default="")
    manager_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    # Why they are no person of the programme, as a test user or a service account; "" for everybody else.
    excluded_why: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # From then on the record names nobody.
    erased_at: Mapped[datetime | None]


class TeamRow(Base):
    """A group of people to whom connectors are opened."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class MembershipRow(Base):
    """A person in a team: put there by hand, by the rules of their groups, or both."""

    __tablename__ = "memberships"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    by_hand: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    by_groups: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class RoleRow(Base):
    """A role that a person holds: given by hand, by the rules of their groups, or both."""

    __tablename__ = "person_roles"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    by_hand: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    by_groups: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class CustomRoleRow(Base):
    """A role that the organisation made itself: a named set of permissions, never the owner's."""

    __tablename__ = "custom_roles"

    name: Mapped[str] = mapped_column(primary_key=True)
    meaning: Mapped[str]
    permissions: Mapped[list[str]]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class GroupRow(Base):
    """A group of an identity provider. `source`: scim, or a sign-on; `key`: what that calls it, once and for all."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("source", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    external_id: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class GroupMemberRow(Base):
    """A person in a group, as the identity provider says."""

    __tablename__ = "group_members"

    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class GroupRuleRow(Base):
    """What a group gives its people. `kind`: team or role; `target`: a team's id or a role's name."""

    __tablename__ = "group_rules"

    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class ProvisioningTokenRow(Base):
    """What an identity provider proves itself with. Only the SHA-256 is kept; it opens nothing but /scim/v2."""

    __tablename__ = "provisioning_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    made_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class ProvisionedRow(Base):
    """A person as the identity provider describes them. `gone_at`: it deleted them; the person's own record stays."""

    __tablename__ = "provisioned_people"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    user_name: Mapped[str] = mapped_column(unique=True)
    external_id: Mapped[str | None] = mapped_column(index=True)
    manager_ref: Mapped[str | None] = mapped_column(index=True)
    department: Mapped[str] = mapped_column(default="", server_default="")
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class ProvisioningFaultRow(Base):
    """A call of an identity provider that was refused, in words and without personal data; the newest are kept."""

    __tablename__ = "provisioning_faults"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    token_id: Mapped[str]
    at: Mapped[datetime]
    call: Mapped[str]
    status: Mapped[int]
    words: Mapped[str]


class SignInRow(Base):
    """A session of a browser. Only the SHA-256 of its cookie is kept."""

    __tablename__ = "sign_ins"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(default="")


class TokenRow(Base):
    """An API token: narrower than its owner, shown once, kept as SHA-256."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str]
    permissions: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class PasskeyRow(Base):
    """A passkey (WebAuthn credential) of a person."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str]
    created_at: Mapped[datetime]


class LinkRow(Base):
    """A link that works once: the first owner's, an invitation, or a passkey challenge."""

    __tablename__ = "once_links"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    data: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FailureRow(Base):
    """A failed sign-in, by the hash of its account or network address; kept for a quarter of an hour."""

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]


class ProviderRow(Base):
    """An identity provider of the company. `version` grows with each change; what was tried was tried at one."""

    __tablename__ = "sso_providers"

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    title: Mapped[str]
    enabled: Mapped[bool]
    joining: Mapped[str]
    config: Mapped[dict[str, Any]]
    sealed: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    tried_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    tried_version: Mapped[int | None]
    tried_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SsoLinkRow(Base):
    """A person as one provider knows them: by its stable subject. Groups are those of the last sign-in."""

    __tablename__ = "sso_links"

    provider_id: Mapped[str] = mapped_column(ForeignKey("sso_providers.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    groups: Mapped[list[str]]
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]


class SsoFlowRow(Base):
    """A way to a provider and back: good once, ten minutes, in the browser that began it."""

    __tablename__ = "sso_flows"

    handle_sha256: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("sso_providers.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    browser_sha256: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    sealed: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SsoSeenRow(Base):
    """What a provider sent once and must not send again (an assertion, a logout token), until it ends by itself."""

    __tablename__ = "sso_seen"

    id_sha256: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class SsoSessionRow(Base):
    """A session of a browser that a provider opened, and what the provider calls it."""

    __tablename__ = "sso_sessions"

    token_sha256: Mapped[str] = mapped_column(ForeignKey("sign_ins.token_sha256", ondelete="CASCADE"), primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("sso_providers.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str]
    sid: Mapped[str]
    sealed: Mapped[str]


class SeatLimitRow(Base):
    """How many seats there may be, and in which words; one row, none means those of a pilot."""

    __tablename__ = "seat_limit"

    id: Mapped[int] = mapped_column(primary_key=True)
    most: Mapped[int | None]
    words: Mapped[str]
    by_hand: Mapped[bool]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    sponsor_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    criteria: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class SeatChoiceRow(Base):
    """Somebody who may hold a seat in the pilot: `how` is «chosen» on the three criteria, or «exception»; as
    whom (`name`, `email`) they were."""

    __tablename__ = "seat_choices"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    how: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str] = mapped_column(server_default="")


class SeatReasonRow(Base):
    """Why somebody has a seat in the pilot although it is warned of them: the sponsor's words, and who wrote them."""

    __tablename__ = "seat_reasons"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    sponsor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class LocalRouteRow(Base):
    """Whether people may sign in without the company's identity provider; one row, none means they may."""

    __tablename__ = "sign_on_mode"

    id: Mapped[int] = mapped_column(primary_key=True)
    passwords_off: Mapped[bool]
    break_glass_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    broken_at: Mapped[datetime | None]
