"""What comes back is what was promised, whatever the business's file has said since."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.cancel import cancel
from bookonce.booking.find import find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.payments.pay import pay
from bookonce.platform.actor import SYSTEM, VISITOR, Actor
from tests.factories import a_business, a_service
from tests.localstripe import LocalStripe
from tests.payments.conftest import DEPOSIT, NOW, TEN, Open, books, hold, settled

DAY = timedelta(days=1)
TIERS = [{"until_min": 24 * 60, "percent": 100}, {"until_min": 0, "percent": 50}]
NOTHING: list[dict[str, int]] = []


def salon(
    slug: str | None = None,
    refunds: list[dict[str, int]] | None = None,
    deposit: str = "30%",
    **policy: int,
) -> Business:
    payments = {} if refunds is None else {"refunds": refunds}
    return a_business(
        slug,
        policy={"grace_min": 0} | policy,
        payments=payments,
        service=[a_service("cut", price="48.00", deposit=deposit)],
    )


async def paid(shop: Installation, slug: str, stripe: LocalStripe) -> Booked:
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    await settled(shop, held)
    return held


async def cancelled(
    shop: Installation, held: Booked, stripe: LocalStripe, then: datetime, actor: Actor = VISITOR
) -> int:
    """What the business has kept once the client has cancelled."""
    await cancel(shop, held.directory.slug, held.appointment.id, actor=actor, now=then)
    await settled(shop, held, then)
    aside, taken, given_back = await books(stripe, held)
    assert aside == 0
    return taken - given_back


@pytest.mark.parametrize(
    "promised, later, kept_minor",
    [(None, NOTHING, 0), (TIERS, NOTHING, DEPOSIT // 2), (NOTHING, None, DEPOSIT)],
    ids=["all back", "half back", "nothing back"],
)
async def test_what_comes_back_is_what_was_promised(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    promised: list[dict[str, int]] | None,
    later: list[dict[str, int]] | None,
    kept_minor: int,
) -> None:
    slug = await open_business(salon(refunds=promised))
    held = await paid(shop, slug, stripe)
    await open_business(salon(slug, refunds=later))
    assert await cancelled(shop, held, stripe, TEN - timedelta(hours=2)) == kept_minor


async def test_a_deposit_stays_what_it_was(
    shop: Installation, open_business: Open, stripe: LocalStripe
) -> None:
    slug = await open_business(salon(refunds=TIERS))
    held = await hold(shop, slug)
    await open_business(salon(slug, refunds=TIERS, deposit="full"))
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    assert (await settled(shop, held)).deposit_minor == DEPOSIT
    assert (await books(stripe, held))[:2] == (0, DEPOSIT)


@pytest.mark.parametrize(
    "mover, hours_before, canceller, kept_minor",
    [
        (VISITOR, 2, VISITOR, DEPOSIT // 2),
        (VISITOR, 24, VISITOR, 0),
        (SYSTEM, 2, VISITOR, 0),
        (VISITOR, 2, SYSTEM, 0),
    ],
    ids=["late", "in time", "by the business", "the business cancels"],
)
async def test_moving_further_off_gives_back_no_more_than_cancelling_would(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    mover: Actor,
    hours_before: int,
    canceller: Actor,
    kept_minor: int,
) -> None:
    slug = await open_business(salon(refunds=TIERS))
    held = await paid(shop, slug, stripe)
    then, there = TEN - timedelta(hours=hours_before), MoveRequest(start=TEN + 10 * DAY)
    await move(shop, slug, held.appointment.id, there, actor=mover, now=then)
    assert await cancelled(shop, held, stripe, then, actor=canceller) == kept_minor


@pytest.mark.parametrize("minutes, kept_minor", [(0, 0), (15, 0), (16, DEPOSIT)])
async def test_for_a_while_after_booking_everything_comes_back(
    shop: Installation, open_business: Open, stripe: LocalStripe, minutes: int, kept_minor: int
) -> None:
    slug = await open_business(salon(refunds=NOTHING, grace_min=15))
    held = await paid(shop, slug, stripe)
    then = NOW + timedelta(minutes=minutes)
    assert await cancelled(shop, held, stripe, then) == kept_minor


async def test_the_while_begins_when_it_is_paid_for(
    shop: Installation, open_business: Open, stripe: LocalStripe
) -> None:
    slug = await open_business(salon(refunds=NOTHING, grace_min=15))
    held = await hold(shop, slug)
    paid_at = NOW + timedelta(minutes=9)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=paid_at)
    await settled(shop, held, paid_at)
    assert await cancelled(shop, held, stripe, paid_at + timedelta(minutes=15)) == 0


async def test_moving_at_once_forfeits_nothing_and_does_not_begin_the_while_anew(
    shop: Installation, open_business: Open, stripe: LocalStripe
) -> None:
    slug = await open_business(salon(refunds=NOTHING, grace_min=15))
    held = await paid(shop, slug, stripe)
    there = MoveRequest(start=TEN + DAY)
    await move(shop, slug, held.appointment.id, there, actor=VISITOR, now=NOW)
    found = (await find(shop, slug, held.appointment.id, now=NOW)).appointment
    assert (found.forfeit_minor, found.grace_end) == (None, NOW + timedelta(minutes=15))
    assert await cancelled(shop, held, stripe, NOW + timedelta(minutes=16)) == DEPOSIT
