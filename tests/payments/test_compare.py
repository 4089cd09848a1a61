"""Both books, both ways: everything that differs is listed, and nothing keeps the rest from it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.payments.pay import pay
from bookonce.payments.provider import ProviderError
from bookonce.payments.reconcile import reconcile
from bookonce.platform.actor import VISITOR
from bookonce.platform.connection import Connection
from tests.factories import a_booking, a_visitor
from tests.localstripe import Fault, FaultyLine, LocalStripe
from tests.payments.conftest import (
    DEPOSIT,
    NOW,
    TEN,
    books,
    called_off,
    checked,
    intent_of,
    paid_for,
    settled,
    worries,
)


async def test_a_payment_that_the_provider_does_not_know_keeps_no_other_from_being_compared(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    await paid_for(shop, slug, stripe)
    stripe.forget()
    wish = a_booking(TEN + timedelta(hours=1), client=a_visitor("Mia"))
    other = await book(shop, slug, wish, actor=VISITOR, now=NOW)
    await pay(shop, slug, other.appointment.id, stripe.make_token(), now=NOW)
    await settled(shop, other)
    stripe.refund_in_office(intent_of(stripe, other), 300)
    [unknown, office] = await checked(shop, slug)
    assert unknown.startswith("the provider doesn't tell: InvalidRequestError 404")
    assert office == "refunded: 0 here, 300 there"


async def test_a_payment_there_that_our_rows_lost_is_listed(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await paid_for(shop, slug, stripe)

    async def lose(connection: Connection) -> None:
        await connection.execute("DELETE FROM ledger_entry")
        await connection.execute("DELETE FROM payment")

    await shop.database.run(lose)
    stripe._request(
        "POST",
        "/v1/payment_intents",
        {"amount": "100", "currency": "eur", "metadata[business_id]": str(uuid4())},
    )
    assert await checked(shop, slug) == [f"captured there with {DEPOSIT}, no row here"]
    del held


async def test_a_provider_that_is_away_ends_it(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
) -> None:
    await paid_for(shop, slug, stripe)
    with line.failing(Fault.SERVER_ERROR), pytest.raises(ProviderError):
        await checked(shop, slug)


async def test_more_than_is_due_is_found_by_our_rows_alone_and_mended_without_a_queue(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
) -> None:
    held = await called_off(shop, slug, stripe)
    asked = len(line.seen)
    assert await worries(shop) == ["more was taken than is due"]
    assert len(line.seen) == asked
    assert await checked(shop, slug) == [f"kept: {DEPOSIT}, due: 0"]
    assert await reconcile(shop, now=NOW) == 1
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert (await worries(shop), await checked(shop, slug)) == ([], [])
    assert await reconcile(shop, now=NOW + timedelta(hours=1)) == 0


async def test_a_cancellation_of_just_now_is_no_worry_yet(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    await called_off(shop, slug, stripe)
    assert await worries(shop, NOW - timedelta(days=1, minutes=1)) == []


async def test_cancelled_while_the_books_were_away_is_still_found(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
) -> None:
    held = await paid_for(shop, slug, stripe)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=NOW)
    with line.failing(Fault.SERVER_ERROR):
        assert await reconcile(shop, now=NOW) == 1
    assert await reconcile(shop, now=NOW) == 1
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
