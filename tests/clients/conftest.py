"""A salon with an owner who keeps its book of clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bookonce.availability.installation import Installation
from bookonce.business.document import Business
from tests.clients.cast import Book
from tests.desk.cast import somebody
from tests.factories import a_business, a_staff_member

Open = Callable[[Business], Awaitable[str]]


@pytest.fixture
async def book(installation: Installation, open_business: Open) -> Book:
    """Alice's, in a salon in Berlin with Ada and Ben."""
    slug = await open_business(a_business(staff=[a_staff_member("ada"), a_staff_member("ben")]))
    directory = await installation.current(slug)
    return Book(installation, directory, await somebody(installation, slug))
