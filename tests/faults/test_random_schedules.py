"""Random schedules of paying, cancelling, giving back, looking after and dying, from a seed.

Whatever came in which order: when everything has come to rest, with the queue's help or without it,
nobody has too much or too little. A seed that fails is repeated by its number.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.payments.pay import follow, pay
from bookonce.payments.reconcile import expire_holds, look_again, reconcile
from bookonce.payments.refund import refund
from bookonce.payments.settle import settle
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.torture.proxies import Cut
from tests.factories import a_booking, a_visitor
from tests.faults.conftest import Killed, Place
from tests.faults.journeys import TEN, salon
from tests.faults.judge import offences
from tests.faults.test_money_under_faults import ENOUGH, FOREVER, come_by, drain
from tests.localstripe import (
    GOOD_CARD,
    REFUSED_AT_CHARGE_CARD,
    SECURE_CARD,
    Fault,
    LocalStripe,
)

SCHEDULES = 200
EACH_RUN = 6
STEPS = 14
CARDS = (GOOD_CARD, GOOD_CARD, GOOD_CARD, SECURE_CARD, REFUSED_AT_CHARGE_CARD)
Act = Callable[[Installation], Awaitable[object]]


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe(like_stripe=True) as running:
        yield running


@dataclass
class Schedule:
    """A salon with three visitors, two of whom want one time, and what happens to them next."""

    place: Place
    chance: random.Random
    slug: str
    now: datetime
    held: list[Booked] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def next_act(self) -> tuple[str, Act]:
        one = self.chance.choice(self.held)
        at, business_id = one.appointment.id, one.directory.business_id
        card = self.chance.choice(CARDS)
        part = self.chance.choice((None, 100, 440))

        async def pays(shop: Installation) -> None:
            token = self.place.stripe.make_token(card)
            paid = await pay(shop, self.slug, at, token, now=self.now)
            if paid.client_secret:
                self.secrets.append(paid.client_secret)

        async def answers(shop: Installation) -> None:
            if self.secrets:
                secret = self.secrets.pop(0)
                self.place.stripe.authenticate(secret, success=self.chance.random() < 0.8)
            await follow(shop, self.slug, at, now=self.now)

        async def cancels(shop: Installation) -> None:
            await cancel(shop, self.slug, at, actor=VISITOR, now=self.now)

        async def gives(shop: Installation) -> None:
            await refund(shop, self.slug, at, part, actor=SYSTEM, now=self.now, key=f"{part}")

        async def settles(shop: Installation) -> None:
            await settle(shop, business_id, at, now=self.now)

        async def looks_after(shop: Installation) -> None:
            await reconcile(shop, now=self.now)

        async def looks_again(shop: Installation) -> None:
            await look_again(shop, now=self.now)

        async def sweeps(shop: Installation) -> None:
            await expire_holds(shop, now=self.now)

        async def comes_back(shop: Installation) -> None:
            """The bank sends back a refund that had succeeded."""
            del shop
            of_it = self.place.stripe.books().of(appointment_id=at)
            if done := [each for each in of_it.given if each["status"] == "succeeded"]:
                self.place.stripe.send_back(self.chance.choice(done)["id"])

        acts = [pays, pays, pays, answers, cancels, gives, settles, settles, looks_after]
        act = self.chance.choice([*acts, looks_again, sweeps, comes_back])
        return f"{act.__name__} {self.held.index(one)}", act

    async def step(self, sound: Installation) -> None:
        """One act, at a time that has gone on; in a third of all by a process that dies over it."""
        self.now += timedelta(seconds=self.chance.choice((0, 1, 30, 150, 400)))
        said, act = self.next_act()
        if self.chance.random() > 0.33:
            self.said.append(said)
            with suppress(*ENOUGH):
                await act(sound)
            return
        is_doomed = self.chance.random() < 0.5
        nth = self.chance.randrange(1, 9)
        async with self.place.faulty(doomed=is_doomed) as faulty:
            await faulty.current(self.slug)
            if is_doomed:
                fault = self.chance.choice((Fault.CUT, Fault.ANSWER_LOST, Fault.SERVER_ERROR))
                self.place.stripe_line.fail(fault, nth=nth)
            else:
                cut = self.chance.choice(list(Cut))
                self.place.proxy.arm(cut, nth, FOREVER)
            self.said.append(f"{said}, {fault.name if is_doomed else cut.name} at {nth}")
            with suppress(Killed, *ENOUGH):
                await act(faulty)
        self.place.proxy.disarm()
        self.place.stripe_line.mend()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(seed, marks=() if seed < EACH_RUN else pytest.mark.nightly)
        for seed in range(SCHEDULES)
    ],
)
async def test_a_random_schedule_leaves_nobody_with_too_much_or_too_little(
    place: Place, seed: int
) -> None:
    chance = random.Random(seed)
    place.stripe.forget()
    async with place.sound() as sound:
        business = salon()
        now = datetime.now(UTC)
        await apply_file.apply(sound.database, business, now=now)
        schedule = Schedule(place, chance, business.business.slug, now)
        for number, name in enumerate(("Zoe", "Mia", "Eve")):
            start = TEN + timedelta(hours=number)
            wish = a_booking(start, client=a_visitor(name))
            schedule.held.append(await book(sound, schedule.slug, wish, actor=VISITOR, now=now))
        for _ in range(STEPS):
            await schedule.step(sound)
        if seed % 2:
            await drain(place.database_url, sound)
        for _ in range(2):  # what the first round of it has begun
            await come_by(sound, schedule.now)
            schedule.now += timedelta(hours=3)
        await look_again(sound, now=schedule.now + timedelta(days=1))
        await come_by(sound, schedule.now + timedelta(days=1, hours=2))
        found = await offences(place.database_url, sound, schedule.slug, place.stripe)
    assert found == [], "\n".join(schedule.said)
