"""A cancellation whose job is dead, lost, or was never done: the money goes back without it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

import bookonce.followers
from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.payments.pay import pay
from bookonce.payments.settle import settle
from bookonce.platform.actor import VISITOR
from bookonce.platform.connection import Connection
from bookonce.queue.relay import relay
from bookonce.queue.worker import Tempo, Worker
from tests.factories import a_booking
from tests.faults.conftest import Place
from tests.faults.journeys import TEN, salon
from tests.faults.judge import offences
from tests.faults.test_money_under_faults import come_by, drain
from tests.localstripe import Fault


async def cancelled(place: Place, shop: Installation, now: datetime) -> Booked:
    """Paid for, taken and cancelled; the job stands in the queue."""
    business = salon()
    slug = business.business.slug
    await apply_file.apply(shop.database, business, now=now)
    held = await book(shop, slug, a_booking(TEN), actor=VISITOR, now=now)
    await pay(shop, slug, held.appointment.id, place.stripe.make_token(), now=now)
    await settle(shop, held.directory.business_id, held.appointment.id, now=now)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=now)
    while await relay(shop.database, bookonce.followers.registry()):
        pass
    return held


@pytest.mark.parametrize("becomes", ["waits for ever", "is dead", "is gone"])
async def test_what_only_a_job_knew_of_is_given_back_without_it(place: Place, becomes: str) -> None:
    now = datetime.now(UTC)
    place.stripe.forget()
    async with place.sound() as shop:
        held = await cancelled(place, shop, now)

        async def become(connection: Connection) -> None:
            if becomes == "is dead":
                await connection.execute("UPDATE job SET status = 'dead', ended_at = now()")
            elif becomes == "is gone":
                await connection.execute("DELETE FROM job")

        await shop.database.run(become)
        slug = held.directory.slug
        assert await offences(place.database_url, shop, slug, place.stripe) != []
        await come_by(shop, now)
        assert await offences(place.database_url, shop, slug, place.stripe) == []


async def test_a_worker_does_what_was_relayed_before_its_process_died(place: Place) -> None:
    now = datetime.now(UTC)
    place.stripe.forget()
    async with place.sound() as shop:
        held = await cancelled(place, shop, now)
        await drain(place.database_url, shop)
        slug = held.directory.slug
        assert await offences(place.database_url, shop, slug, place.stripe) == []


async def test_a_job_that_dies_while_the_provider_is_away(place: Place) -> None:
    now = datetime.now(UTC)
    place.stripe.forget()
    async with place.sound() as shop, place.faulty() as away:
        held = await cancelled(place, shop, now)

        async def wear_out(connection: Connection) -> None:
            await connection.execute("UPDATE job SET attempts = attempts_max - 1, run_at = now()")

        async def is_dead(connection: Connection) -> bool:
            return bool(await connection.fetchval("SELECT bool_and(status <> 'waiting') FROM job"))

        await shop.database.run(wear_out)
        registry = bookonce.followers.registry()
        registry.schedules.clear()
        stop = asyncio.Event()
        with place.stripe_line.failing(Fault.SERVER_ERROR):
            worker = Worker(shop.database, away, registry, Tempo(poll_s=0.05))
            running = asyncio.create_task(worker.run(stop))
            async with asyncio.timeout(30):
                while not await shop.database.run(is_dead):
                    await asyncio.sleep(0.05)
            stop.set()
            await running
        await come_by(shop, now)
        slug = held.directory.slug
        assert await offences(place.database_url, shop, slug, place.stripe) == []
