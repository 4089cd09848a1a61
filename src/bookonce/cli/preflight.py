"""What `serve` and `worker` do before they open: bring the schema up to date, and look whether
everything that keeps bookings apart is there.
"""

from __future__ import annotations

from bookonce.cli.output import err
from bookonce.platform.embedded import RUNTIME_ROLE
from bookonce.platform.hosts import connect
from bookonce.platform.pooler import pooler_fault
from bookonce.platform.readiness import (
    Fault,
    UnfitInstallationError,
    foundation_faults,
    installation_faults,
)
from bookonce.platform.runtime_role import grant_runtime, with_role
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings

CONNECT_TIMEOUT_S = 10.0


async def made_ready(url: str) -> None:
    """Bring a database up to date and require that it can be served. Says what was applied.

    Raises UnfitInstallationError and MigrationError.
    """
    if pooler := await pooler_fault(url):
        raise UnfitInstallationError([pooler])
    connection = await connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        _require_none(await foundation_faults(connection))
        if applied := await migrate(url):
            err.print(f"schema: applied {', '.join(applied)}")
        _require_none(await installation_faults(connection))
    finally:
        await connection.close()


def _require_none(faults: list[Fault]) -> None:
    if faults:
        raise UnfitInstallationError(faults)


async def runtime_url(settings: Settings, url: str) -> str:
    """The address that serves requests and does jobs: that of a role which may do less than the one
    that owns the tables; the owner's own where the operator has named no other. Gives that role
    what it needs.

    Raises MigrationError.
    """
    if settings.database_url is None:
        lesser = with_role(url, RUNTIME_ROLE)
    else:
        lesser = settings.runtime_database_url or url
    await grant_runtime(url, lesser)
    return lesser
