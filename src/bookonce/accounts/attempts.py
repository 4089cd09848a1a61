"""How fast somebody may go on trying to sign in: after a few failures each try has to wait longer
than the one before, up to a limit. Nobody is ever locked out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookonce.accounts import account_rows, attempt_rows
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import SlowDownError

FORGOTTEN_AFTER = timedelta(minutes=30)
"""Failures count until there was none for so long."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many failures are free; each one more doubles the wait, from a second up to the limit."""

    name: str
    free: int
    wait_s_max: int


OF_NETWORK = Pace("network", 30, 30)
OF_ADDRESS = Pace("address", 20, 5)
"""Strangers anywhere can fail at somebody's address; the short limit lets its owner through, and
networks that the owner has signed in from aren't counted by it."""
OF_BOTH = Pace("both", 5, 60)
OF_CODE = Pace("code", 5, 900)
"""Six digits can be guessed, so this one waits longest. Whoever is here knew the password, and a
recovery code isn't held up."""
OF_PROOF = Pace("proof", 5, 60)


@dataclass(frozen=True, slots=True)
class Counted:
    """What failures are counted by: a pace, and a hash of whose they are."""

    pace: Pace
    key_hash: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tries: the hash of a network, made so that a copy of the database names none."""

    network_hash: bytes

    @classmethod
    def at(cls, network: str, secret_key: str) -> Caller:
        """Somebody at a network."""
        return cls(hmac.digest(f"network {secret_key}".encode(), network.encode(), "sha256"))


def counted(pace: Pace, *parts: bytes) -> Counted:
    """Something to count by."""
    return Counted(pace, hashlib.sha256(b"\0".join((pace.name.encode(), *parts))).digest())


async def of_sign_in(database: Database, email: str, caller: Caller) -> list[Counted]:
    """What a try with a password is counted by."""
    network, address = caller.network_hash, email.encode()
    found = [counted(OF_NETWORK, network), counted(OF_BOTH, address, network)]
    if not await database.run(account_rows.is_known_network, email, network):
        found.append(counted(OF_ADDRESS, address))
    return found


async def begin(database: Database, counts: Sequence[Counted], *, now: datetime) -> None:
    """Count a try as failed before it is judged, so that many at once count, too; or raise
    SlowDownError, and count nothing.
    """

    async def work(connection: Connection) -> None:
        waits_s = [
            await attempt_rows.count(
                connection,
                one.key_hash,
                free=one.pace.free,
                wait_s_max=one.pace.wait_s_max,
                forgotten_before=now - FORGOTTEN_AFTER,
                now=now,
            )
            # In one order for everybody, so that nobody waits for who waits for them.
            for one in sorted(counts, key=lambda one: one.key_hash)
        ]
        if wait_s := max(waits_s):
            raise SlowDownError(
                f"Too many tries failed. The next one counts in {int(wait_s) + 1} seconds.",
                wait_s=int(wait_s) + 1,
            )

    await database.transaction(work)


async def succeeded(connection: Connection, counts: Sequence[Counted]) -> None:
    """Take back what was counted. What a network failed at otherwise stays: an attacker can have an
    account of their own.
    """
    for one in sorted(counts, key=lambda one: one.key_hash):
        if one.pace is OF_NETWORK:
            await attempt_rows.uncount(connection, one.key_hash)
        else:
            await attempt_rows.forget(connection, one.key_hash)
