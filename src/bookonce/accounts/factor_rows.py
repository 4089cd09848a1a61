"""Second factors as stored: the secret of the codes, and recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_USE_STEP = Statement(
    """
    UPDATE account SET totp_step = :step
    WHERE account_id = :account_id AND totp_sealed IS NOT NULL
      AND (totp_step IS NULL OR totp_step < :step)
    """
)

_PROPOSED = Statement("SELECT totp_proposed FROM account WHERE account_id = :account_id")

_PROPOSE = Statement("UPDATE account SET totp_proposed = :sealed WHERE account_id = :account_id")

_CONFIRM = Statement(
    """
    UPDATE account SET totp_sealed = totp_proposed, totp_proposed = NULL, totp_step = :step
    WHERE account_id = :account_id AND totp_proposed = :sealed
    """
)

_TURN_OFF = Statement(
    """
    UPDATE account SET totp_sealed = NULL, totp_step = NULL, totp_proposed = NULL
    WHERE account_id = :account_id
    """
)

_USE_RECOVERY_CODE = Statement(
    """
    UPDATE recovery_code SET used_at = :now
    WHERE account_id = :account_id AND code_hash = :code_hash AND used_at IS NULL
    """
)

_FORGET_RECOVERY_CODES = Statement("DELETE FROM recovery_code WHERE account_id = :account_id")

_ADD_RECOVERY_CODE = Statement(
    "INSERT INTO recovery_code (account_id, code_hash) VALUES (:account_id, :code_hash)"
)

_RECOVERY_CODES_LEFT = Statement(
    """
    SELECT count(*) FROM recovery_code WHERE account_id = :account_id AND used_at IS NULL
    """
)


async def use_step(connection: Connection, account_id: UUID, step: int) -> bool:
    """Use up a step of time; False if it or a later one was used."""
    return bool(await _USE_STEP.run(connection, account_id=account_id, step=step))


async def proposed(connection: Connection, account_id: UUID) -> bytes | None:
    """The sealed secret that waits for its first code."""
    sealed: bytes | None = await _PROPOSED.value(connection, account_id=account_id)
    return sealed


async def propose(connection: Connection, account_id: UUID, sealed: bytes) -> None:
    """Have a sealed secret wait for its first code."""
    await _PROPOSE.run(connection, account_id=account_id, sealed=sealed)


async def confirm(connection: Connection, account_id: UUID, sealed: bytes, step: int) -> bool:
    """Have the secret count that waits; False if it is another one by now."""
    return bool(await _CONFIRM.run(connection, account_id=account_id, sealed=sealed, step=step))


async def turn_off(connection: Connection, account_id: UUID) -> None:
    """Forget the secrets."""
    await _TURN_OFF.run(connection, account_id=account_id)


async def use_recovery_code(
    connection: Connection, account_id: UUID, code_hash: bytes, now: datetime
) -> bool:
    """Use up a recovery code; False if there is none such, or it was used."""
    return bool(
        await _USE_RECOVERY_CODE.run(
            connection, account_id=account_id, code_hash=code_hash, now=now
        )
    )


async def replace_recovery_codes(
    connection: Connection, account_id: UUID, hashes: Sequence[bytes]
) -> None:
    """Have these recovery codes and no others."""
    await _FORGET_RECOVERY_CODES.run(connection, account_id=account_id)
    await _ADD_RECOVERY_CODE.run_many(
        connection, [{"account_id": account_id, "code_hash": one} for one in hashes]
    )


async def recovery_codes_left(connection: Connection, account_id: UUID) -> int:
    """How many recovery codes are unused."""
    return int(await _RECOVERY_CODES_LEFT.value(connection, account_id=account_id))
