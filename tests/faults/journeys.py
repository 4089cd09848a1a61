"""The ways of a payment, as scripts: what is done before anything fails, and what fails under."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.payments.pay import follow, pay
from bookonce.payments.refund import refund
from bookonce.payments.settle import settle
from bookonce.platform.actor import SYSTEM, VISITOR
from tests.factories import a_booking, a_business, a_service, a_visitor, tomorrow_at
from tests.localstripe import GOOD_CARD, REFUSED_AT_CHARGE_CARD, SECURE_CARD, LocalStripe

TEN = tomorrow_at(10)
HOLD = timedelta(minutes=10)
Made = tuple[Installation, LocalStripe, Booked, datetime]


def salon() -> Business:
    """Ada cuts for 48.00, with 30% in advance; half of it comes back on the last day."""
    tiers = [{"until_min": 2880, "percent": 100}, {"until_min": 0, "percent": 50}]
    return a_business(
        payments={"refunds": tiers},
        service=[a_service("cut", price="48.00", deposit="30%"), a_service("wash")],
    )


@dataclass(frozen=True)
class Journey:
    """`before` is done soundly; under `under` every step fails once in every way."""

    name: str
    before: Callable[[Made], Awaitable[None]]
    under: Callable[[Made], Awaitable[None]]


async def _nothing(_: Made) -> None:
    pass


async def _settle(made: Made) -> None:
    shop, _, held, now = made
    await settle(shop, held.directory.business_id, held.appointment.id, now=now)


def _paying(card: str) -> Callable[[Made], Awaitable[None]]:
    async def run(made: Made) -> None:
        shop, stripe, held, now = made
        paid = await pay(
            shop, held.directory.slug, held.appointment.id, stripe.make_token(card), now=now
        )
        if paid.client_secret:
            stripe.authenticate(paid.client_secret)
            await follow(shop, held.directory.slug, held.appointment.id, now=now)
        await _settle(made)

    return run


async def _cancel(made: Made) -> None:
    shop, _, held, now = made
    await cancel(shop, held.directory.slug, held.appointment.id, actor=VISITOR, now=now)
    await _settle(made)


async def _refund_in_part(made: Made) -> None:
    shop, _, held, now = made
    await refund(shop, held.directory.slug, held.appointment.id, 400, actor=SYSTEM, now=now)
    await _settle(made)


async def _ask_the_bank_and_lose_the_time(made: Made) -> None:
    shop, stripe, held, now = made
    slug = held.directory.slug
    paid = await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=now)
    wish = a_booking(TEN, "wash", client=a_visitor("Mia"))
    await book(shop, slug, wish, actor=VISITOR, now=now + HOLD)
    stripe.authenticate(paid.client_secret or "")


async def _pay_too_late(made: Made) -> None:
    shop, stripe, held, now = made
    await follow(shop, held.directory.slug, held.appointment.id, now=now + HOLD)
    await _settle((shop, stripe, held, now + HOLD))


JOURNEYS = [
    Journey("pay and take", _nothing, _paying(GOOD_CARD)),
    Journey("cancel and give back", _paying(GOOD_CARD), _cancel),
    Journey("the bank asks", _nothing, _paying(SECURE_CARD)),
    Journey("declined", _nothing, _paying(REFUSED_AT_CHARGE_CARD)),
    Journey("lost and let go", _ask_the_bank_and_lose_the_time, _pay_too_late),
    Journey("give a part back", _paying(GOOD_CARD), _refund_in_part),
]
