"""Tries to sign in that failed, as stored: one row for each thing they are counted by."""

from __future__ import annotations

from datetime import datetime

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

# The row's lock makes tries wait for one another, in whichever worker they are. A try that comes
# before its time changes nothing.
_COUNT = Statement(
    """
    INSERT INTO sign_in_attempt (key_hash, failures, last_at, ready_at)
    VALUES (:key_hash, 1, :now, :now)
    ON CONFLICT (key_hash) DO UPDATE
    SET failures = CASE WHEN sign_in_attempt.last_at < :forgotten_before THEN 1
                        ELSE sign_in_attempt.failures + 1 END,
        last_at = :now,
        ready_at = CASE
            WHEN sign_in_attempt.last_at < :forgotten_before
                OR sign_in_attempt.failures + 1 < :free THEN :now
            ELSE :now + make_interval(secs => least(
                :wait_s_max::float8,
                power(2, least(30, sign_in_attempt.failures + 1 - :free)))) END
    WHERE sign_in_attempt.ready_at <= :now
    RETURNING failures
    """
)

_READY_AT = Statement("SELECT ready_at FROM sign_in_attempt WHERE key_hash = :key_hash")

_UNCOUNT = Statement(
    """
    UPDATE sign_in_attempt SET failures = failures - 1, ready_at = last_at
    WHERE key_hash = :key_hash AND failures > 1
    """
)

_FORGET = Statement("DELETE FROM sign_in_attempt WHERE key_hash = :key_hash")


async def count(
    connection: Connection,
    key_hash: bytes,
    *,
    free: int,
    wait_s_max: int,
    forgotten_before: datetime,
    now: datetime,
) -> float:
    """Count a failure; 0, or how many seconds too early it came."""
    counted = await _COUNT.value(
        connection,
        key_hash=key_hash,
        free=free,
        wait_s_max=float(wait_s_max),
        forgotten_before=forgotten_before,
        now=now,
    )
    if counted is not None:
        return 0.0
    ready_at = await _READY_AT.value(connection, key_hash=key_hash)
    return max(0.001, (ready_at - now).total_seconds()) if ready_at else 0.0


async def uncount(connection: Connection, key_hash: bytes) -> None:
    """Take one failure back."""
    await _UNCOUNT.run(connection, key_hash=key_hash)


async def forget(connection: Connection, key_hash: bytes) -> None:
    """Take all failures back."""
    await _FORGET.run(connection, key_hash=key_hash)
