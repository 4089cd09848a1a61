"""The second factor: six digits that change every half minute (TOTP, RFC 6238), and recovery codes
for when the device that shows them is lost.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pyotp

from bookonce.accounts import account_rows, attempts, factor_rows, session_rows
from bookonce.accounts.attempts import Counted
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.seals import Purpose, seal, unseal

STEP_S = 30
STEPS_APART_MAX = 1
"""Clocks differ, and typing takes a while."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is mistaken for something else
_RECOVERY_LENGTH = 16
_TOTP = re.compile(r"\d{6}", re.ASCII)


async def uses_code(
    database: Database,
    account_id: UUID,
    code: str,
    counts: Sequence[Counted],
    *,
    secret_key: str,
    now: datetime,
) -> bool:
    """Use up a code of either kind; whether it was right. Guesses at six digits are counted and
    slowed down, which a recovery code isn't: nobody guesses one. Raises SlowDownError.
    """
    plain = "".join(code.split()).replace("-", "").lower()
    if len(plain) == _RECOVERY_LENGTH:
        return await database.run(factor_rows.use_recovery_code, account_id, _hash(plain), now)
    await attempts.begin(database, counts, now=now)
    if not _TOTP.fullmatch(plain):
        return False
    found = await database.run(account_rows.credentials_by_id, account_id)
    if found is None or found.totp_sealed is None:
        return False
    secret = unseal(found.totp_sealed, account_id, secret_key, Purpose.TOTP)
    step = _step_of(secret, plain, now) if secret else None
    # The statement takes a step only after the last one that was used: no code counts twice.
    return step is not None and await database.run(factor_rows.use_step, account_id, step)


async def propose(database: Database, account_id: UUID, *, secret_key: str) -> str:
    """A secret for a device to take over; it counts once a code of it has confirmed it. The one
    proposed before, if it isn't confirmed yet, so that a page shown again shows the same.
    """
    sealed = await database.run(factor_rows.proposed, account_id)
    if sealed is not None and (secret := unseal(sealed, account_id, secret_key, Purpose.TOTP)):
        return secret
    secret = pyotp.random_base32()
    sealed = seal(secret, account_id, secret_key, Purpose.TOTP)
    await database.run(factor_rows.propose, account_id, sealed)
    return secret


def provisioning_uri(secret: str, email: str) -> str:
    """What the QR code says to the device."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Bookonce")


async def confirm(
    database: Database, account_id: UUID, code: str, *, secret_key: str, now: datetime
) -> list[str] | None:
    """Have the proposed secret count if this is a code of it: the recovery codes, to be shown once.
    None if it is not. The other sessions of the account get another id.
    """
    sealed = await database.run(factor_rows.proposed, account_id)
    secret = unseal(sealed, account_id, secret_key, Purpose.TOTP) if sealed else None
    step = _step_of(secret, "".join(code.split()), now) if secret else None
    if sealed is None or step is None:
        return None

    async def work(connection: Connection) -> list[str] | None:
        if not await factor_rows.confirm(connection, account_id, sealed, step):
            return None
        await session_rows.have_rotated(connection, account_id)
        return await _new_recovery_codes(connection, account_id)

    return await database.transaction(work)


async def turn_off(database: Database, account_id: UUID) -> None:
    """Do without the second factor; its recovery codes go with it."""

    async def work(connection: Connection) -> None:
        await factor_rows.turn_off(connection, account_id)
        await factor_rows.replace_recovery_codes(connection, account_id, [])
        await session_rows.have_rotated(connection, account_id)

    await database.transaction(work)


async def renew_recovery_codes(database: Database, account_id: UUID) -> list[str]:
    """New recovery codes, to be shown once; the old ones are good no longer."""
    return await database.transaction(_new_recovery_codes, account_id)


async def recovery_codes_left(database: Database, account_id: UUID) -> int:
    """How many recovery codes are unused."""
    return await database.run(factor_rows.recovery_codes_left, account_id)


async def _new_recovery_codes(connection: Connection, account_id: UUID) -> list[str]:
    plain = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    await factor_rows.replace_recovery_codes(connection, account_id, [_hash(one) for one in plain])
    return ["-".join(one[at : at + 4] for at in range(0, len(one), 4)) for one in plain]


def _hash(recovery_code: str) -> bytes:
    """About 79 bits of chance need no slow hash."""
    return hashlib.sha256(f"recovery {recovery_code}".encode()).digest()


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of time whose code this is, if it is one of about now."""
    if not _TOTP.fullmatch(code):
        return None
    totp, step = pyotp.TOTP(secret, interval=STEP_S), int(now.timestamp()) // STEP_S
    for near in range(step - STEPS_APART_MAX, step + STEPS_APART_MAX + 1):
        if secrets.compare_digest(totp.generate_otp(near), code):
            return near
    return None
