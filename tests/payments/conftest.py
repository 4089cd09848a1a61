"""A salon that asks for a deposit, a localstripe, and a line to it that can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Appointment
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import find
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.payments import worry_rows
from bookonce.payments.compare import compare
from bookonce.payments.pay import pay
from bookonce.payments.providers.stripe import StripePayments
from bookonce.payments.settle import settle
from bookonce.platform.actor import VISITOR
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from tests.factories import a_booking, a_business, a_service, a_visitor, tomorrow_at
from tests.localstripe import (
    SECRET_KEY,
    FaultyLine,
    LocalStripe,
)

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
HOLD = timedelta(minutes=10)
TEN = tomorrow_at(10)
DEPOSIT = 1440


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe() as running:
        yield running


@pytest.fixture
def line(stripe: LocalStripe) -> Iterator[FaultyLine]:
    with FaultyLine(stripe.api_base) as running:
        yield running


@pytest.fixture
async def shop(database: Database, line: FaultyLine) -> AsyncIterator[Installation]:
    provider = StripePayments(secret_key=SECRET_KEY, api_base=line.api_base)
    yield Installation(database, providers={"stripe": provider})
    await provider.close()


@pytest.fixture
async def slug(open_business: Open) -> str:
    return await open_business(salon())


def salon(**payments: object) -> Business:
    """Ada cuts for 48.00, with 30% in advance; washing is free of that. No grace after booking."""
    return a_business(
        policy={"grace_min": 0},
        payments=payments,
        service=[a_service("cut", price="48.00", deposit="30%"), a_service("wash")],
    )


async def hold(shop: Installation, slug: str, now: datetime = NOW, name: str = "Zoe") -> Booked:
    return await book(shop, slug, a_booking(TEN, client=a_visitor(name)), actor=VISITOR, now=now)


async def settled(shop: Installation, held: Booked, now: datetime = NOW) -> Appointment:
    await settle(shop, held.directory.business_id, held.appointment.id, now=now)
    return (await find(shop, held.directory.slug, held.appointment.id, now=now)).appointment


async def books(stripe: LocalStripe, held: Booked) -> tuple[int, int, int]:
    """Set aside, taken, and given back."""
    found = stripe.books().of(appointment_id=held.appointment.id)
    return found.held, found.taken, found.given_back


async def paid_for(shop: Installation, slug: str, stripe: LocalStripe) -> Booked:
    """An appointment whose deposit is taken."""
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    await settled(shop, held)
    return held


async def called_off(
    shop: Installation, slug: str, stripe: LocalStripe, now: datetime = NOW
) -> Booked:
    """An appointment that was paid for and cancelled; nobody has given anything back yet."""
    held = await paid_for(shop, slug, stripe)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=now)
    return held


async def refunds(shop: Installation) -> list[tuple[str, int]]:
    """Every refund of ours: its status and amount."""

    async def read(connection: Connection) -> list[tuple[str, int]]:
        rows = await connection.fetch(
            "SELECT status, amount_minor FROM refund ORDER BY created_at, refund_id"
        )
        return [(row["status"], row["amount_minor"]) for row in rows]

    return await shop.database.run(read)


async def worries(shop: Installation, now: datetime | None = None) -> list[str]:
    """What an operator is told a day later."""
    then = (now or NOW) + timedelta(days=1)
    return [one.what for one in await shop.database.run(worry_rows.worries, then, 100)]


async def checked(shop: Installation, slug: str) -> list[str]:
    """Everything in which our books and the provider's differ."""
    return [words async for one in compare(shop, slug) for words in one.differences]


def intent_of(stripe: LocalStripe, held: Booked) -> str:
    """What Stripe calls the one payment of an appointment."""
    [intent] = stripe.books().of(appointment_id=held.appointment.id).intents
    return str(intent["id"])


async def ledger(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT kind, sum(amount_minor)::bigint AS minor FROM ledger_entry GROUP BY kind"
    )
    await connection.close()
    return {row["kind"]: row["minor"] for row in rows}
