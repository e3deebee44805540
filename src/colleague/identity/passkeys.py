"""Passkeys (WebAuthn Level 2): registration and sign-in; challenges are kept here and used once."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.links.first_run import LinkSpent
from colleague.identity.sessions import open_session, sha256
from colleague.identity.tables import LinkRow, PasskeyRow, PersonRow
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id

LIFE = timedelta(minutes=5)
ADD, SIGN_IN = "passkey_add", "passkey_sign_in"


class PasskeyRefused(Forbidden):
    """This passkey could not be verified. Try again, or sign in with your password."""


class PasskeyUnusable(Invalid):
    """This passkey could not be added. Try again."""


class NoSuchPasskey(NotFound):
    """There is no such passkey."""


def _rp(url: str) -> str:
    return urlsplit(url).hostname or "localhost"


async def _challenge(session: Session, purpose: str, person_id: str | None, clock: Clock) -> tuple[str, bytes]:
    """Keep a fresh challenge and return (its handle, the challenge)."""
    # Anybody may ask for a challenge: those that have ended do not pile up.
    ended = LinkRow.purpose.in_((SIGN_IN, ADD)) & (LinkRow.expires_at <= clock.now())
    await session.execute(delete(LinkRow).where(ended))
    handle, challenge = secrets.token_urlsafe(24), secrets.token_bytes(32)
    row = LinkRow(
        token_sha256=sha256(handle), purpose=purpose, person_id=person_id, data=challenge.hex(),
        expires_at=clock.now() + LIFE,
    )  # fmt: skip
    session.add(row)
    return handle, challenge


async def _take(session: Session, handle: str, purpose: str, clock: Clock) -> LinkRow:
    row = await session.get(LinkRow, sha256(handle), with_for_update=True)
    if row is None or row.purpose != purpose or row.used_at is not None or clock.now() >= row.expires_at:
        raise LinkSpent
    row.used_at = clock.now()
    return row


async def registration_options(session: Session, actor: Actor, *, url: str, clock: Clock) -> dict[str, Any]:
    """Return what the browser needs to make a passkey for the actor: {challenge: handle, publicKey: options}.

    Raises SignInYourself for a token.
    """
    actor.require_presence()
    known = (await session.scalars(select(PasskeyRow.credential_id).where(PasskeyRow.person_id == actor.id))).all()
    handle, challenge = await _challenge(session, ADD, actor.id, clock)
    options = webauthn.generate_registration_options(
        rp_id=_rp(url), rp_name="Colleague", user_id=actor.id.encode(), user_name=actor.email,
        user_display_name=actor.name, challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=c) for c in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )  # fmt: skip
    return {"challenge": handle, "publicKey": json.loads(webauthn.options_to_json(options))}


async def add_passkey(
    session: Session, actor: Actor, handle: str, credential: Mapping[str, Any], *, name: str, url: str, ledger: Ledger,
    clock: Clock,
) -> None:  # fmt: skip
    """Verify the browser's answer and keep the passkey. Raises LinkSpent, PasskeyUnusable, SignInYourself."""
    actor.require_presence()
    row = await _take(session, handle, ADD, clock)
    if row.person_id != actor.id:
        raise LinkSpent
    try:
        verified = webauthn.verify_registration_response(
            credential=dict(credential), expected_challenge=bytes.fromhex(row.data), expected_rp_id=_rp(url),
            expected_origin=url, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:
        # Whatever a made-up credential breaks in the parsers (CBOR, certificates, JSON) is a refusal.
        raise PasskeyUnusable from error
    passkey = PasskeyRow(
        id=new_id("passkey"), credential_id=verified.credential_id, person_id=actor.id,
        public_key=verified.credential_public_key, sign_count=verified.sign_count, name=name[:80] or "Passkey",
        created_at=clock.now(),
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(passkey)
    except IntegrityError:
        raise PasskeyUnusable from None
    await ledger.record(session, Event("passkey.added", actor.id, subject=passkey.id, person=actor.id))


async def sign_in_options(session: Session, *, url: str, clock: Clock) -> dict[str, Any]:
    """Return what the browser needs to sign anybody in with a passkey it has for this site."""
    handle, challenge = await _challenge(session, SIGN_IN, None, clock)
    options = webauthn.generate_authentication_options(
        rp_id=_rp(url), challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return {"challenge": handle, "publicKey": json.loads(webauthn.options_to_json(options))}


async def sign_in_with_passkey(
    database: Database, handle: str, credential: Mapping[str, Any], *, url: str, device: str, ledger: Ledger,
    clock: Clock,
) -> str:  # fmt: skip
    """Verify the answer and return the cookie of a new session. Raises LinkSpent, PasskeyRefused.

    A signature counter that went back means a cloned authenticator and is refused (WebAuthn §7.2, step 21).
    A refusal uses the challenge up and stays on record: it has its own transaction.
    """
    try:
        async with database.transaction() as session:
            row = await _take(session, handle, SIGN_IN, clock)
            person = await _verified(session, row, credential, url)
            return await open_session(session, person, how="passkey", device=device, ledger=ledger, clock=clock)
    except PasskeyRefused:
        async with database.transaction() as session:
            await _take(session, handle, SIGN_IN, clock)
            await ledger.record(session, Event("sign_in.failed", "nobody", data={"how": "passkey"}))
        raise


async def _verified(session: Session, row: LinkRow, credential: Mapping[str, Any], url: str) -> str:
    """Return whose passkey answered the challenge, and move its counter on. Raises PasskeyRefused."""
    try:
        wanted = base64url_to_bytes(str(credential["id"]))
    except Exception as error:
        raise PasskeyRefused from error
    passkey = await session.scalar(select(PasskeyRow).where(PasskeyRow.credential_id == wanted).with_for_update())
    if passkey is None:
        raise PasskeyRefused
    try:
        verified = webauthn.verify_authentication_response(
            credential=dict(credential), expected_challenge=bytes.fromhex(row.data), expected_rp_id=_rp(url),
            expected_origin=url, credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:
        raise PasskeyRefused from error
    person = await session.get_one(PersonRow, passkey.person_id)
    if not person.active:
        raise PasskeyRefused
    passkey.sign_count = verified.new_sign_count
    return person.id


async def list_passkeys(session: Session, actor: Actor) -> Sequence[PasskeyRow]:
    """Return one's own passkeys."""
    query = select(PasskeyRow).where(PasskeyRow.person_id == actor.id).order_by(PasskeyRow.created_at)
    return (await session.scalars(query)).all()


async def remove_passkey(session: Session, actor: Actor, passkey_id: str, *, ledger: Ledger) -> None:
    """Remove one of one's own passkeys. Raises NoSuchPasskey, SignInYourself."""
    actor.require_presence()
    row = await session.get(PasskeyRow, passkey_id) if is_id(passkey_id) else None
    if row is None or row.person_id != actor.id:
        raise NoSuchPasskey
    await session.delete(row)
    await ledger.record(session, Event("passkey.removed", actor.id, subject=passkey_id, person=actor.id))
