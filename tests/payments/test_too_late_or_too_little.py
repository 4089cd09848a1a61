"""Holds that are over, and deposits that can't be charged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.business.deposits import CHARGE_MIN, below_charge_minimum
from bookonce.payments.pay import pay
from bookonce.payments.reconcile import expire_holds, reconcile
from bookonce.platform import money
from bookonce.platform.connection import Connection
from bookonce.platform.errors import PaymentUnavailableError, ValidationError
from tests.factories import a_business, a_service
from tests.localstripe import SECURE_CARD, LocalStripe
from tests.payments.conftest import NOW, TEN, Open, books, hold, intent_of, settled


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe(like_stripe=True) as running:
        yield running


@pytest.mark.parametrize("is_swept", [False, True])
async def test_a_hold_that_is_over_is_not_confirmed_once_the_visit_would_have_begun(
    shop: Installation, slug: str, stripe: LocalStripe, is_swept: bool
) -> None:
    begun = TEN - timedelta(minutes=20)
    held = await hold(shop, slug, begun)
    asked = await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=begun)
    stripe.authenticate(asked.client_secret or "")
    after = TEN + timedelta(minutes=45)
    if is_swept:
        await expire_holds(shop, now=after)
    await reconcile(shop, now=after)
    seen = await settled(shop, held, after)
    assert (seen.status, seen.payment_status) == (Status.CANCELLED, "cancelled")
    assert await books(stripe, held) == (0, 0, 0)


async def test_a_hold_that_lasts_is_confirmed_though_the_visit_has_begun(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    begun = TEN - timedelta(minutes=5)
    held = await hold(shop, slug, begun)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=TEN + timedelta(minutes=1))
    assert (await settled(shop, held, TEN)).status is Status.CONFIRMED


@pytest.mark.parametrize(
    "price, deposit, is_refused",
    [("1.00", "30%", True), ("20.00", "2%", True), ("1.00", "0.49", True), ("1.00", "0.50", False)],
)
@pytest.mark.parametrize("provider", ["stripe", "on_site"])
def test_a_deposit_that_no_card_can_be_charged_is_refused_in_the_file(
    price: str, deposit: str, is_refused: bool, provider: str
) -> None:
    service = [a_service("cut", price=price, deposit=deposit)]
    if is_refused and provider == "stripe":
        with pytest.raises(ValidationError, match=r"can't be charged less than 0\.50 EUR"):
            a_business(payments={"provider": provider}, service=service)
    else:
        a_business(payments={"provider": provider}, service=service)


@pytest.mark.parametrize("currency", sorted(CHARGE_MIN))
def test_the_least_of_each_currency_can_be_charged(currency: str) -> None:
    least = CHARGE_MIN[currency]
    assert below_charge_minimum(least, None, currency) is None
    less = money.major(money.minor_units(least, currency) - 1, currency)
    assert below_charge_minimum(less, None, currency) is not None


async def test_what_stripe_will_not_charge_is_no_payment_on_its_way(
    shop: Installation, open_business: Open, stripe: LocalStripe
) -> None:
    """A deposit that was applied before its amount was checked."""
    slug = await open_business(a_business(service=[a_service("cut", price="48.00", deposit="30%")]))

    async def apply_as_before(connection: Connection) -> None:
        await connection.execute(
            """
            UPDATE business_version
            SET document = jsonb_set(document, '{service,0,deposit}', '"0.30"')
            """
        )

    await shop.database.run(apply_as_before)
    held = await hold(shop, slug)
    for _ in range(2):
        with pytest.raises(PaymentUnavailableError):
            await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
        seen = await settled(shop, held)
        assert (seen.status, seen.payment_status) == (Status.HELD, "cancelled")


async def test_a_card_that_does_not_exist_ends_the_attempt_and_another_one_may_follow(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await hold(shop, slug)
    with pytest.raises(PaymentUnavailableError):
        await pay(shop, slug, held.appointment.id, "pm_unheard_of", now=NOW)
    assert (await settled(shop, held)).payment_status == "cancelled"
    assert stripe.books().intent(intent_of(stripe, held))["status"] == "canceled"
    paid = await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    assert paid.found.appointment.status is Status.CONFIRMED
