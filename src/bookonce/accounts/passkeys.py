"""Passkeys (WebAuthn): a key pair in a device or a password manager, of which this keeps the public
half. What is signed names this site, so a passkey can't be given to another one by mistake.

Each signs a challenge that is good once and for five minutes. The device checks its owner (a
finger, a PIN), so a passkey is both factors in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bookonce.accounts import account_rows, passkey_rows, session_rows, sessions
from bookonce.accounts.account import Account
from bookonce.accounts.passkey_rows import Passkey, StoredPasskey
from bookonce.accounts.sessions import Session
from bookonce.accounts.sign_in import Browser
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import NotFoundError
from bookonce.platform.ids import new_id
from bookonce.platform.text import clean_line
from bookonce.platform.tokens import new_token, token_hash

CHALLENGE_LIFETIME = timedelta(minutes=5)
NAME_LENGTH_MAX = 80
OF_ACCOUNT_MAX = 20
_SELECTION = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.REQUIRED,
    user_verification=UserVerificationRequirement.REQUIRED,
)


class _ClientData(msgspec.Struct):
    """What a browser has had signed, as far as it is looked at before the signature is."""

    challenge: str


class _Signed(msgspec.Struct):
    client_data: str = msgspec.field(name="clientDataJSON")


class _Sent(msgspec.Struct):
    response: _Signed


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are for: an origin, and the name that they are bound to."""

    origin: str

    @property
    def name(self) -> str:
        """The host of the origin."""
        return urlsplit(self.origin).hostname or ""

    @property
    def can_have_passkeys(self) -> bool:
        """Whether browsers make passkeys for it: over TLS, and on `localhost`, but never for an
        address of numbers.
        """
        is_safe = self.origin.startswith("https:") or self.name == "localhost"
        return is_safe and not self.name.replace(".", "").isdecimal() and ":" not in self.name


async def options_to_add(database: Database, account: Account, site: Site, *, now: datetime) -> str:
    """What a browser needs to make a passkey for an account, as JSON."""
    known = await database.run(passkey_rows.of_account, account.account_id)
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name="Bookonce",
        user_id=account.account_id.bytes,
        user_name=account.email,
        user_display_name=account.label,
        authenticator_selection=_SELECTION,
        exclude_credentials=[PublicKeyCredentialDescriptor(one.credential_id) for one in known],
    )
    await database.run(
        passkey_rows.challenge,
        options.challenge,
        account.account_id,
        now + CHALLENGE_LIFETIME,
    )
    return webauthn.options_to_json(options)


async def add(
    database: Database, session: Session, credential: str, name: str, site: Site, *, now: datetime
) -> bool:
    """Keep a passkey that a browser has made; False if what it sent isn't one. Raises
    ProofRequiredError.
    """
    session.require_proof(now)
    account_id = session.account.account_id
    challenge = _challenge_of(credential)
    if challenge is None or not await database.run(
        passkey_rows.use_challenge, challenge, account_id, now
    ):
        return False
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    passkey = StoredPasskey(
        made.credential_id,
        new_id(),
        account_id,
        made.credential_public_key,
        made.sign_count,
        clean_line(name)[:NAME_LENGTH_MAX] or "Passkey",
        now,
    )

    async def work(connection: Connection) -> bool:
        if len(await passkey_rows.of_account(connection, account_id)) >= OF_ACCOUNT_MAX:
            return False
        added = await passkey_rows.add(connection, passkey)
        await session_rows.have_rotated(connection, account_id)
        return added

    return await database.transaction(work)


async def options_to_sign_in(database: Database, site: Site, *, now: datetime) -> str:
    """What a browser needs to sign in by whichever passkey its owner picks, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=site.name, user_verification=UserVerificationRequirement.REQUIRED
    )
    await database.run(passkey_rows.challenge, options.challenge, None, now + CHALLENGE_LIFETIME)
    return webauthn.options_to_json(options)


async def sign_in(
    database: Database, credential: str, browser: Browser, site: Site, *, now: datetime
) -> str | None:
    """Begin a session by a passkey: its id; None if that didn't prove anything."""
    account_id = await _verified(database, credential, site, now)
    if account_id is None:
        return None

    async def work(connection: Connection) -> str:
        await account_rows.know_network(connection, account_id, browser.caller.network_hash, now)
        return await sessions.begin(
            connection,
            account_id,
            instead_of=browser.token,
            lacks_code=False,
            user_agent=browser.user_agent,
            now=now,
        )

    return await database.transaction(work)


async def prove(
    database: Database, session: Session, credential: str, site: Site, *, now: datetime
) -> str | None:
    """Prove once more who is at the keyboard; the session's new id."""
    if await _verified(database, credential, site, now) != session.account.account_id:
        return None
    new = new_token()
    proved = await database.run(session_rows.prove, token_hash(session.token), token_hash(new), now)
    return new if proved else None


async def passkeys_of(database: Database, account_id: UUID) -> list[Passkey]:
    """An account's passkeys, the oldest first."""
    return await database.run(passkey_rows.of_account, account_id)


async def remove(database: Database, session: Session, passkey_id: UUID, *, now: datetime) -> None:
    """Take a passkey away. Raises NotFoundError and ProofRequiredError."""
    session.require_proof(now)
    if not await database.run(passkey_rows.remove, session.account.account_id, passkey_id):
        raise NotFoundError("There is no such passkey.")


async def _verified(database: Database, credential: str, site: Site, now: datetime) -> UUID | None:
    """Whose passkey has signed a challenge of ours."""
    challenge = _challenge_of(credential)
    if challenge is None or not await database.run(
        passkey_rows.use_challenge, challenge, None, now
    ):
        return None
    try:
        parsed = parse_authentication_credential_json(credential)
        found = await database.run(passkey_rows.by_credential, parsed.raw_id)
        if found is None:
            return None
        verified = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=found.public_key,
            credential_current_sign_count=found.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    await database.run(passkey_rows.used, found.credential_id, verified.new_sign_count, now)
    return found.account_id


def _challenge_of(credential: str) -> bytes | None:
    """The challenge that a browser says it answers."""
    try:
        sent = msgspec.json.decode(credential, type=_Sent)
        data = msgspec.json.decode(base64url_to_bytes(sent.response.client_data), type=_ClientData)
        return base64url_to_bytes(data.challenge)
    except (msgspec.DecodeError, ValueError):
        return None
