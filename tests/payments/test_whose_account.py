"""The account that took the money gives it back, whatever the business file says by then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.cancel import cancel
from bookonce.payments.pay import pay
from bookonce.platform.actor import VISITOR
from tests.factories import a_business, a_service
from tests.localstripe import FaultyLine, LocalStripe
from tests.payments.conftest import DEPOSIT, NOW, Open, checked, hold, settled


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe(like_stripe=True) as running:
        yield running


@pytest.mark.parametrize("before, after", [("acct_old", "acct_new"), ("acct_old", None)])
async def test_a_refund_goes_through_the_account_that_took_the_money(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    line: FaultyLine,
    before: str,
    after: str | None,
) -> None:
    service = [a_service("cut", price="48.00", deposit="30%")]
    business = a_business(payments={"account": before}, service=service)
    slug = await open_business(business)
    held = await hold(shop, slug)
    # A connected account has cards of its own.
    token = stripe.make_token(account=before)
    await pay(shop, slug, held.appointment.id, token, now=NOW)
    await settled(shop, held)
    moved = a_business(slug, payments={"account": after} if after else {}, service=service)
    await apply_file.apply(shop.database, moved, now=NOW)
    asked = len(line.seen)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=NOW)
    await settled(shop, held)
    assert {one.headers.get("Stripe-Account") for one in line.seen[asked:]} == {before}
    found = stripe.books(before)
    assert (found.taken, found.given_back) == (DEPOSIT, DEPOSIT)
    assert await checked(shop, slug) == []
    stripe.forget()
