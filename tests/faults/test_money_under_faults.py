"""Every step of a payment and a refund, with every fault, and what is left when all has settled.

Steps aren't listed: a fault is put at the first, the second, the third request until there are no
more. A step is a statement to the database, or a request to the provider.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

import bookonce.followers
from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.replay import Booked
from bookonce.payments.provider import ProviderError, RefusedByProviderError
from bookonce.payments.reconcile import expire_holds, reconcile
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookonceError
from bookonce.queue.worker import Tempo, Worker
from bookonce.torture.proxies import Cut
from tests.factories import a_booking
from tests.faults.conftest import Killed, Place
from tests.faults.journeys import JOURNEYS, TEN, Journey, salon
from tests.faults.judge import later, offences, open_jobs
from tests.localstripe import Fault

FOREVER = sys.maxsize
STEPS_MAX = 200
STRIDE = 1 if "TEST_EXAMPLES" in os.environ else 12
"""Every step at night; in each run every twelfth, another twelfth for each way to break one."""
ENOUGH = (BookonceError, ProviderError, RefusedByProviderError)
"""What a process may answer when something is broken under it; anything else is a fault of ours."""


@dataclass(frozen=True)
class Breaking:
    """A way to break one step: arm it at the nth, and whether it is the end of the process."""

    name: str
    arm: Callable[[Place, int], None]
    doomed: bool = False


def _cut(cut: Cut, times: int) -> Callable[[Place, int], None]:
    return lambda place, step: place.proxy.arm(cut, step, times)


def _fail(fault: Fault) -> Callable[[Place, int], None]:
    return lambda place, step: place.stripe_line.fail(fault, nth=step)


BREAKINGS = [
    *(Breaking(f"database connection cut {cut.name.lower()}", _cut(cut, 1)) for cut in Cut),
    # Cut for good at one statement and ever after is what the database sees of a killed process.
    *(Breaking(f"killed, database {cut.name.lower()}", _cut(cut, FOREVER)) for cut in Cut),
    *(Breaking(f"provider: {fault.name.lower()}", _fail(fault)) for fault in Fault),
    Breaking("killed before the provider hears", _fail(Fault.CUT), doomed=True),
    Breaking("killed before the provider is heard", _fail(Fault.ANSWER_LOST), doomed=True),
]
CASES = [
    pytest.param(
        journey,
        breaking,
        id=f"{journey.name}-{breaking.name}",
        # The two ways that the product promises are whole in every run; the others each night.
        marks=() if number < 2 else pytest.mark.nightly,
    )
    for number, journey in enumerate(JOURNEYS)
    for breaking in BREAKINGS
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("journey, breaking", CASES)
async def test_no_fault_at_any_step_costs_anybody_money(
    place: Place, journey: Journey, breaking: Breaking
) -> None:
    first = 1 + BREAKINGS.index(breaking) % STRIDE  # so that together they meet every step
    broken = 0
    async with place.sound() as sound:
        for step in range(first, STEPS_MAX, STRIDE):
            place.stripe.forget()
            if not await _run(place, sound, journey, breaking, step):
                break
            broken += 1
    assert broken > 0 or first > 1
    assert step < STEPS_MAX - STRIDE


async def _run(
    place: Place, sound: Installation, journey: Journey, breaking: Breaking, step: int
) -> bool:
    """One journey with one step broken; whether there was such a step."""
    now = datetime.now(UTC)
    held = await _open(sound, now)
    await journey.before((sound, place.stripe, held, now))
    cuts, seen = place.proxy.cuts, len(place.stripe_line.seen)
    async with place.faulty(doomed=breaking.doomed) as faulty:
        await faulty.current(held.directory.slug)  # a connection that knows what it will be asked
        breaking.arm(place, step)
        with suppress(Killed, *ENOUGH):
            await journey.under((faulty, place.stripe, held, now))
    place.proxy.disarm()
    place.stripe_line.mend()
    struck = place.proxy.cuts > cuts or any(
        one.fault is not None for one in place.stripe_line.seen[seen:]
    )
    if step % 2:  # half of them come back and send the same again
        with suppress(*ENOUGH):
            await journey.under((sound, place.stripe, held, now))
    await recover(place, sound, held.directory.slug, now)
    found = await offences(place.database_url, sound, held.directory.slug, place.stripe)
    assert found == [], f"step {step} of {journey.name}, {breaking.name}"
    return struck


async def _open(shop: Installation, now: datetime) -> Booked:
    business = salon()
    await apply_file.apply(shop.database, business, now=now)
    return await book(shop, business.business.slug, a_booking(TEN), actor=VISITOR, now=now)


async def recover(place: Place, shop: Installation, slug: str, now: datetime) -> None:
    """What the queue and the schedules do: follow up what happened, look after the rest, and follow
    up what the schedules found.
    """
    await drain(place.database_url, shop)
    await come_by(shop, now)
    await drain(place.database_url, shop)


async def come_by(shop: Installation, now: datetime) -> None:
    """What the schedules do, without any help of the queue's."""
    for moment in range(3):
        await expire_holds(shop, now=later(now, moment))
        await reconcile(shop, now=later(now, moment))


async def drain(url: str, shop: Installation) -> None:
    """A real worker, until the queue is empty: what stands in it is done as the product does it.

    Its schedules are left out; they follow at the times that the test says.
    """
    if not await open_jobs(url):
        return
    registry = bookonce.followers.registry()
    registry.schedules.clear()
    stop = asyncio.Event()
    worker = Worker(shop.database, shop, registry, Tempo(poll_s=0.02, silent_s=3))
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(90):
        while await open_jobs(url):
            await asyncio.sleep(0.02)
    stop.set()
    await running
