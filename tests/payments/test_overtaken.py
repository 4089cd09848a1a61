"""What happens between an answer and whoever asked: nothing is done by a look that is too old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.payments import payment_rows
from bookonce.payments.confirm import confirm
from bookonce.payments.pay import Paid, follow, pay
from bookonce.payments.provider import Books, PaymentOrder, ProviderError
from bookonce.payments.providers.stripe import StripePayments
from bookonce.payments.reconcile import reconcile
from bookonce.payments.settle import settle
from bookonce.payments.states import LATE as LATE_AFTER
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    HoldExpiredError,
)
from tests.localstripe import (
    SECRET_KEY,
    SECURE_CARD,
    Fault,
    FaultyLine,
    LocalStripe,
)
from tests.payments.conftest import (
    DEPOSIT,
    HOLD,
    NOW,
    books,
    hold,
    settled,
)

LATE = NOW + HOLD + LATE_AFTER + timedelta(minutes=1)


class Overtaken(StripePayments):
    """Between one of its answers and whoever asked, something else happens, once."""

    def __init__(self, line: FaultyLine, **then: Callable[[], Awaitable[object]]) -> None:
        super().__init__(secret_key=SECRET_KEY, api_base=line.api_base)
        self._then = then

    async def begin(self, order: PaymentOrder) -> str:
        """Stripe answers the same to the same idempotency key, which localstripe doesn't know."""
        made = await self._overtake("begin")
        return str(made) if made else await super().begin(order)

    async def look(self, order: PaymentOrder) -> Books:
        found = await super().look(order)
        await self._overtake("look")
        return found

    async def release(self, order: PaymentOrder) -> Books:
        found = await super().release(order)
        await self._overtake("release")
        return found

    async def _overtake(self, answer: str) -> object:
        then = self._then.pop(answer, None)
        return await then() if then else None


async def test_who_begins_a_payment_that_is_made_meanwhile_does_not_end_it(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine, database: Database
) -> None:
    held = await hold(shop, slug)

    async def pay_meanwhile() -> object:
        await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
        async with database.connection() as connection:
            return await connection.fetchval("SELECT provider_ref FROM payment")

    provider = Overtaken(line, begin=pay_meanwhile)
    slow = Installation(database, providers={"stripe": provider})
    paid = await pay(slow, slug, held.appointment.id, stripe.make_token(), now=NOW)
    await provider.close()
    assert paid.found.appointment.status is Status.CONFIRMED
    assert (await settled(shop, held)).payment_status == "captured"
    assert await books(stripe, held) == (0, DEPOSIT, 0)


async def test_a_look_that_is_older_than_the_payment_does_not_end_it(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine, database: Database
) -> None:
    held = await hold(shop, slug)
    asked = await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    assert asked.client_secret

    async def pay_meanwhile() -> None:
        stripe.authenticate(asked.client_secret or "", success=True)
        await follow(shop, slug, held.appointment.id, now=NOW)

    provider = Overtaken(line, look=pay_meanwhile)
    slow = Installation(database, providers={"stripe": provider})
    await settle(slow, held.directory.business_id, held.appointment.id, now=NOW)
    await provider.close()
    assert await books(stripe, held) == (DEPOSIT, 0, 0)
    assert (await settled(shop, held)).payment_status == "captured"
    assert await books(stripe, held) == (0, DEPOSIT, 0)


async def test_what_was_given_up_confirms_nothing_however_late_the_payer_s_look_is_acted_on(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine, database: Database
) -> None:
    """The payer's request reads that the money is there, and stands still. A job that had read
    before that it wasn't lets the money go. Before the job can write that down, the payer's goes on.
    """
    held = await hold(shop, slug)
    asked = await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    has_seen, may_go_on = asyncio.Event(), asyncio.Event()
    paying: list[asyncio.Task[Paid]] = []

    async def stand_still() -> None:
        has_seen.set()
        await may_go_on.wait()

    async def pay_meanwhile() -> None:
        stripe.authenticate(asked.client_secret or "", success=True)
        payer = Installation(database, providers={"stripe": payers})
        paying.append(asyncio.create_task(follow(payer, slug, held.appointment.id, now=LATE)))
        await has_seen.wait()

    async def let_the_payer_go_on() -> None:
        may_go_on.set()
        await asyncio.wait(paying)

    payers = Overtaken(line, look=stand_still)
    jobs = Overtaken(line, look=pay_meanwhile, release=let_the_payer_go_on)
    worker = Installation(database, providers={"stripe": jobs})
    await settle(worker, held.directory.business_id, held.appointment.id, now=LATE)
    for provider in (payers, jobs):
        await provider.close()
    with pytest.raises(HoldExpiredError):
        await paying[0]
    seen = await settled(shop, held, LATE)
    assert (seen.status, seen.payment_status) == (Status.EXPIRED, "cancelled")
    assert await books(stripe, held) == (0, 0, 0)


async def test_whoever_confirms_looks_under_the_lock_whether_it_was_given_up(
    shop: Installation, slug: str, stripe: LocalStripe, database: Database
) -> None:
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    business_id = held.directory.business_id
    async with database.connection() as connection:
        (payment,) = await payment_rows.of_appointment(connection, business_id, held.appointment.id)
        await payment_rows.give_up(connection, business_id, payment.id)
    seen = (await confirm(shop, held.directory, payment, now=NOW)).appointment
    assert seen.status is Status.HELD
    assert (await settled(shop, held)).status is Status.HELD


async def test_giving_up_that_was_not_followed_through_is_taken_up_again(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
) -> None:
    held = await hold(shop, slug)
    asked = await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    with line.failing(Fault.CUT, method="POST"), pytest.raises(ProviderError):
        await settled(shop, held, LATE)
    stripe.authenticate(asked.client_secret or "", success=True)
    assert await books(stripe, held) == (DEPOSIT, 0, 0)
    assert await reconcile(shop, now=LATE) == 1
    assert (await settled(shop, held, LATE)).status is Status.EXPIRED
    assert await books(stripe, held) == (0, 0, 0)
