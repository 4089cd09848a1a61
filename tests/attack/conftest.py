"""A server as operators run it, and businesses that are dear to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from tests.factories import a_business, a_staff_member
from tests.running import RunningServer

PER_ADDRESS_MAX = 32


@pytest.fixture(scope="module")
def exposed(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server with the limits that it has by default, but for few connections of one address."""
    environment = {
        "BOOKONCE_RATE_LIMIT": "60/minute",
        "BOOKONCE_CONNECTIONS_PER_ADDRESS": str(PER_ADDRESS_MAX),
    }
    with RunningServer(new_database(), scratch / "exposed", environment=environment) as running:
        yield running


def a_big_business() -> Business:
    """Three hundred people, each with hours of their own, and starts on every minute."""
    staff = [
        a_staff_member(
            f"s{number}", hours={day: [f"{9 + number % 3:02}:00-21:00"] for day in WEEKDAYS}
        )
        for number in range(300)
    ]
    return a_business(staff=staff, policy={"slot_step_min": 1, "horizon_days": 90})
