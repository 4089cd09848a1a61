"""A visitor for tests that need no event loop, and the database as it is behind the server."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.running import RunningServer
from tests.web.ledger import Ledger


@pytest.fixture(scope="session")
def visitor(server: RunningServer) -> Iterator[httpx.Client]:
    """Somebody who speaks HTTP to the shared server."""
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def ledger(server: RunningServer) -> Iterator[Ledger]:
    """What the shared server has written."""
    assert server.database_url is not None
    with Ledger(server.database_url) as opened:
        yield opened
