"""What a program that books, or tries cards, can do in a day: as much as many people, and no more.

The limits are for the whole installation and don't depend on how a business is set up. They are
counted by all workers of a server together (`counts.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from litestar import Request

from bookonce.booking.client import Client
from bookonce.booking.limits import folded
from bookonce.platform.errors import BookonceError, PaymentDeclinedError, RateLimitedError
from bookonce.platform.settings import Settings
from bookonce.web.booking_page.bots import Bots
from bookonce.web.client_address import wider_networks
from bookonce.web.counts import Counts, Kind

BOOKINGS_OF_A_NETWORK = "100/day"
BOOKINGS_OF_A_CLIENT = "10/day"
"""At one business, by mail address; whatever stands behind a plus sign makes no other client."""
DECLINES_OF_A_NETWORK = "10/hour"
BOOKINGS_OF_AN_AGENT = "120/hour"
"""By key. Agents of many businesses come from the few networks of those who run them, so a network
tells nothing of them.
"""

STATE = "automation"
Subject = tuple[Counts, str, int]


class Automation:
    """Lets people through, and programs to a point. Off where rates are not limited."""

    def __init__(self, settings: Settings, bots: Bots) -> None:
        self.bots = bots
        self._is_on = settings.rate_limit is not None
        self._of_network = Counts(Kind.BOOKINGS_OF_A_NETWORK, BOOKINGS_OF_A_NETWORK)
        self._of_client = Counts(Kind.BOOKINGS_OF_A_CLIENT, BOOKINGS_OF_A_CLIENT)
        self._of_agent = Counts(Kind.BOOKINGS_OF_AN_AGENT, BOOKINGS_OF_AN_AGENT)
        self._declines = Counts(Kind.DECLINES, DECLINES_OF_A_NETWORK)

    @contextmanager
    def booking(self, slug: str, client: Client, network: str) -> Iterator[Counted]:
        """Around a booking; one that is refused isn't counted. Raises RateLimitedError."""
        if not self._is_on:
            yield Counted([])
            return
        subjects = [(self._of_network, one, times) for one, times in wider_networks(network)]
        subjects.append((self._of_client, f"{slug} {folded(client.email)}", 1))
        with _counted(subjects) as counted:
            yield counted

    @contextmanager
    def booking_by_agent(self, key_id: str) -> Iterator[None]:
        """The same around a booking of an agent, by its key. Raises RateLimitedError."""
        with _counted([(self._of_agent, key_id, 1)] if self._is_on else []):
            yield

    @contextmanager
    def payment(self, network: str) -> Iterator[None]:
        """Around a try to pay; one that isn't declined isn't counted. Raises RateLimitedError."""
        if not self._is_on:
            yield
            return
        subjects = [(self._declines, one, times) for one, times in wider_networks(network)]
        counted = Counted(subjects)
        is_declined = False
        try:
            yield
        except PaymentDeclinedError:
            is_declined = True
            raise
        finally:
            if not is_declined:
                counted.give_back()


@contextmanager
def _counted(subjects: Sequence[Subject]) -> Iterator[Counted]:
    """Around what is given back if it is refused."""
    counted = Counted(subjects)
    try:
        yield counted
    except BookonceError:
        counted.give_back()
        raise


def automation_of(request: Request[Any, Any, Any]) -> Automation:
    """What bounds programs in the application that answers: kept in its state, since a dependency
    would take a booking's time to find.
    """
    found: Automation = request.app.state[STATE]
    return found


class Counted:
    """What was counted, and can be given back. Raises RateLimitedError if it is too much."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._subjects: list[Subject] = []
        for counts, subject, times in subjects:
            if wait_s := counts.wait_s(subject, time.time(), times):
                self.give_back()
                raise RateLimitedError(
                    "So many of these came from your network, with this key or for this mail "
                    f"address that we doubt that people want them; try again in {wait_s} seconds.",
                    wait_s=wait_s,
                )
            self._subjects.append((counts, subject, times))

    def give_back(self) -> None:
        """It didn't come about."""
        while self._subjects:
            counts, subject, _ = self._subjects.pop()
            counts.add(subject, time.time(), -1)
