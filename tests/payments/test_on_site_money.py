"""Money that a person has seen is taken: whatever the business isn't due is to be handed back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.payments import payment_rows
from bookonce.payments.attempts import begin_attempt, named
from bookonce.payments.handed_over import returned
from bookonce.payments.orders import provider_named
from bookonce.payments.pay import pay, receive
from bookonce.payments.provider import ProviderError
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.payments.providers.stripe import StripePayments
from bookonce.payments.reconcile import reconcile
from bookonce.payments.settle import settle
from bookonce.payments.write_down import write_down
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import BookonceError, PaymentUnavailableError
from tests.factories import a_booking, a_business, a_service, a_visitor
from tests.localstripe import SECRET_KEY, SECURE_CARD, Fault, FaultyLine, LocalStripe
from tests.payments.conftest import (
    DEPOSIT,
    HOLD,
    NOW,
    TEN,
    Open,
    checked,
    hold,
    ledger,
    refunds,
    salon,
    settled,
    worries,
)

HALF = {"provider": "on_site", "refunds": [{"until_min": 0, "percent": 50}]}


@pytest.fixture
def till(database: Database) -> Installation:
    return Installation(database, providers={"on_site": OnSitePayments()})


@pytest.mark.parametrize("is_settled_first", [True, False])
async def test_half_is_handed_back_whether_or_not_a_job_had_run_before(
    till: Installation, open_business: Open, database_url: str, is_settled_first: bool
) -> None:
    slug = await open_business(salon(**HALF))
    held = await hold(till, slug)
    at = held.appointment.id
    assert (await receive(till, slug, at, now=NOW)).status is Status.CONFIRMED
    if is_settled_first:
        await settled(till, held)
    await cancel(till, slug, at, actor=VISITOR, now=NOW)
    await settled(till, held)
    assert await refunds(till) == [("pending", DEPOSIT // 2)]
    assert await worries(till) == ["not given back yet"]
    assert await returned(till, slug, at, actor=SYSTEM, now=NOW) == 1
    sums = await ledger(database_url)
    assert (sums["captured"], sums["refunded"]) == (DEPOSIT, DEPOSIT // 2)
    assert "released" not in sums
    await settled(till, held)
    assert (await worries(till), await checked(till, slug)) == ([], [])
    assert await returned(till, slug, at, actor=SYSTEM, now=NOW) == 0


async def test_what_was_paid_for_a_time_that_is_lost_is_handed_back(
    till: Installation, open_business: Open
) -> None:
    slug = await open_business(salon(provider="on_site"))
    held = await hold(till, slug)
    late = NOW + HOLD
    await book(till, slug, a_booking(TEN, "wash", client=a_visitor("Mia")), actor=VISITOR, now=late)
    with pytest.raises(BookonceError):
        await receive(till, slug, held.appointment.id, now=late)
    await settled(till, held, late)
    assert await refunds(till) == [("pending", DEPOSIT)]
    assert await worries(till) == ["not given back yet"]
    assert await returned(till, slug, held.appointment.id, actor=SYSTEM, now=late) == 1
    assert await checked(till, slug) == []


async def test_what_was_received_and_never_confirmed_is_found_by_the_schedule(
    till: Installation, open_business: Open, database: Database
) -> None:
    """Whoever noted it died between two transactions."""

    slug = await open_business(salon(provider="on_site"))
    held = await hold(till, slug)
    provider = provider_named(till, "on_site")
    payment = await begin_attempt(till, held.directory, held.appointment, provider, NOW)
    order = await named(till, held.directory, payment, provider, NOW)
    books = await provider.authorise(order, "received")
    [payment] = await database.run(
        payment_rows.of_appointment, held.directory.business_id, held.appointment.id
    )
    await write_down(till, held.directory.business_id, payment, books, NOW)
    assert await reconcile(till, now=NOW + timedelta(minutes=2)) == 1
    assert (await settled(till, held)).status is Status.CONFIRMED


async def test_an_earlier_attempt_that_cannot_be_asked_about_keeps_no_later_one_from_it(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    line: FaultyLine,
    till: Installation,
) -> None:
    slug = await open_business(salon())
    held = await hold(shop, slug)
    at = held.appointment.id
    await pay(shop, slug, at, stripe.make_token(SECURE_CARD), now=NOW)
    late = NOW + HOLD + timedelta(minutes=16)
    with line.failing(Fault.CUT, method="POST"), pytest.raises(ProviderError):
        await settled(shop, held, late)
    services = [a_service("cut", price="48.00", deposit="30%"), a_service("wash")]
    business = a_business(slug, payments={"provider": "on_site"}, service=services)
    await apply_file.apply(till.database, business, now=NOW)
    assert (await receive(till, slug, at, now=late)).status is Status.CONFIRMED
    await cancel(till, slug, at, actor=SYSTEM, now=late)
    with pytest.raises(PaymentUnavailableError):
        await settle(till, held.directory.business_id, at, now=late)
    assert await refunds(till) == [("pending", DEPOSIT)]
    assert [words for words in await checked(till, slug) if words.startswith("can't")] != []


async def test_the_key_of_another_mode_opens_nothing_and_is_named(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    live = StripePayments(secret_key=SECRET_KEY.replace("test", "live"), api_base=stripe.api_base)
    other = Installation(shop.database, providers={"stripe": live})
    with pytest.raises(PaymentUnavailableError, match="made with a test key"):
        await settle(other, held.directory.business_id, held.appointment.id, now=NOW)
    assert (await checked(other, slug))[0].startswith("can't be asked: This payment was made")
    await live.close()
    assert (await settled(shop, held)).payment_status == "captured"
