"""The people and groups of the protocol: what of RFC 7643 is kept, and how the service describes itself.

Only what is used is kept (name, addresses, manager, place in the organisation); telephone numbers, photos, private
addresses and passwords are dropped where they arrive. Imported with the first request: the library costs half a second.
"""

from functools import cache
from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    EnterpriseUser,
    ETag,
    Filter,
    Mutability,
    Name,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.urn import URN

from colleague.identity.scim.normal import CORE, GROUP

PAGE = 200
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Email(ComplexAttribute):
    """A mail address of a person."""

    value: Annotated[str | None, Required.true] = None
    display: str | None = None
    type: str | None = Field(None, examples=["work", "other"])
    primary: bool | None = None


class GroupMembership(ComplexAttribute):
    """A group that a person is in; changed at the group."""

    value: Annotated[str | None, Mutability.read_only] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None
    type: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """A person."""

    __schema__ = URN(CORE)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: Annotated[bool | None, Required.true] = None
    emails: Annotated[list[Email] | None, Required.true] = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """Somebody in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of people."""

    __schema__ = URN(GROUP)

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


Person = User[EnterpriseUser]  # type: ignore[type-arg]


@cache
def discovery(base: str) -> dict[str, Any]:
    """Return what the service says of itself: the three endpoints of RFC 7644 §4, by their path."""
    types = [ResourceType.from_resource(Person), ResourceType.from_resource(Group)]
    schemas = [Person.to_schema(), Group.to_schema(), EnterpriseUser.to_schema()]
    config = ServiceProviderConfig(
        documentation_uri="https://github.com/colleague/colleague",
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=PAGE),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken, name="Provisioning token",
                description="A token that an administrator makes under Provisioning.", primary=True,
            )
        ],
    )  # fmt: skip
    dumped: dict[str, Any] = {"ServiceProviderConfig": _dump(config, f"{base}/ServiceProviderConfig")}
    dumped["ResourceTypes"] = [_dump(t, f"{base}/ResourceTypes/{t.id}") for t in types]
    dumped["Schemas"] = [_dump(s, f"{base}/Schemas/{s.id}") for s in schemas]
    return dumped


def _dump(thing: ServiceProviderConfig | ResourceType | Schema, location: str) -> dict[str, Any]:
    found = thing.model_dump()
    return {**found, "meta": {"resourceType": type(thing).__name__, "location": location}}
