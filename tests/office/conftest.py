"""A cast for each test, on the shared server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.office.cast import Cast
from tests.running import RunningServer


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    """Alice, Bob and Charlie, none of whom is signed in."""
    cast = Cast(server)
    yield cast
    cast.close()
