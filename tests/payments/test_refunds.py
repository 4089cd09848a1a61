"""Refunds that fail, are refused, are made by two, or of which only somebody else knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.payments.handed_over import retry
from bookonce.payments.handed_over import settled as settled_by_hand
from bookonce.payments.notice import take_notice
from bookonce.payments.pay import pay
from bookonce.payments.provider import (
    Books,
    PaymentOrder,
    ProviderError,
    ProviderEvent,
    RefusedByProviderError,
)
from bookonce.payments.providers.stripe import StripePayments
from bookonce.payments.reconcile import look_again, reconcile
from bookonce.payments.refund import refund
from bookonce.payments.settle import settle
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import IdempotencyMismatchError, ValidationError
from tests.factories import a_business, a_service
from tests.localstripe import SECRET_KEY, Fault, FaultyLine, LocalStripe
from tests.payments.conftest import (
    DEPOSIT,
    NOW,
    Open,
    books,
    called_off,
    checked,
    hold,
    intent_of,
    ledger,
    paid_for,
    refunds,
    salon,
    settled,
    worries,
)

HALF = {"refunds": [{"until_min": 0, "percent": 50}]}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe(like_stripe=True) as running:
        yield running


class Refusing(StripePayments):
    """As Stripe answers while a dispute is open, the balance too low or the key restricted."""

    async def refund(self, order: PaymentOrder, refund_id: UUID, amount_minor: int) -> Books:
        raise RefusedByProviderError("InvalidRequestError 400 insufficient_funds")


async def refused(database: Database, line: FaultyLine, held: Booked) -> None:
    provider = Refusing(secret_key=SECRET_KEY, api_base=line.api_base)
    shop = Installation(database, providers={"stripe": provider})
    with pytest.raises(RefusedByProviderError):
        await settle(shop, held.directory.business_id, held.appointment.id, now=NOW)
    await provider.close()


async def test_it_works(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await called_off(shop, slug, stripe)
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert await refunds(shop) == [("done", DEPOSIT)]
    assert (await ledger(database_url))["refunded"] == DEPOSIT
    assert (await worries(shop), await checked(shop, slug)) == ([], [])


async def test_one_that_the_bank_sends_back_is_taken_back_in_the_ledger_and_tried_again(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await called_off(shop, slug, stripe)
    await settled(shop, held)
    [one] = stripe.books().of(appointment_id=held.appointment.id).given
    stripe.send_back(one["id"])
    assert await checked(shop, slug) == [
        f"refunded: {DEPOSIT} here, 0 there",
        next(words for words in await checked(shop, slug) if words.endswith("not there")),
        f"kept: {DEPOSIT}, due: 0",
    ]
    seen = await settled(shop, held, NOW + timedelta(minutes=1))
    assert seen.refunded_minor == 0
    assert (await ledger(database_url))["refunded"] == 0
    assert await refunds(shop) == [("failed", DEPOSIT)]
    assert await worries(shop) == ["the provider refuses to give it back"]
    await reconcile(shop, now=NOW + 2 * HOUR)
    assert await refunds(shop) == [("withdrawn", DEPOSIT), ("done", DEPOSIT)]
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert (await ledger(database_url))["refunded"] == DEPOSIT
    assert (await worries(shop), await checked(shop, slug)) == ([], [])


async def test_one_that_comes_back_is_noticed_without_a_message(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await called_off(shop, slug, stripe)
    await settled(shop, held)
    [one] = stripe.books().of(appointment_id=held.appointment.id).given
    stripe.send_back(one["id"])
    assert await look_again(shop, now=NOW + 2 * HOUR) == 1
    assert await refunds(shop) == [("failed", DEPOSIT)]
    assert await look_again(shop, now=NOW + 2 * HOUR) == 0


async def test_one_that_was_refused_once_is_tried_again_slowly_until_it_is_done(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    line: FaultyLine,
    database: Database,
) -> None:
    slug = await open_business(salon(**HALF))
    held = await called_off(shop, slug, stripe)
    await refused(database, line, held)
    assert await refunds(shop) == [("failed", DEPOSIT // 2)]
    assert await worries(shop) == ["the provider refuses to give it back"]
    await reconcile(shop, now=NOW + timedelta(minutes=50))
    assert await refunds(shop) == [("failed", DEPOSIT // 2)]
    await reconcile(shop, now=NOW + HOUR)
    assert await refunds(shop) == [("withdrawn", DEPOSIT // 2), ("done", DEPOSIT // 2)]
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT // 2)
    assert (await worries(shop), await checked(shop, slug)) == ([], [])


async def test_a_person_has_it_tried_again_at_once(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine, database: Database
) -> None:
    held = await called_off(shop, slug, stripe)
    await refused(database, line, held)
    assert await retry(shop, slug, held.appointment.id, actor=SYSTEM, now=NOW) == 1
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert await retry(shop, slug, held.appointment.id, actor=SYSTEM, now=NOW) == 0


async def test_a_person_tells_that_it_was_given_in_another_way(
    shop: Installation,
    slug: str,
    stripe: LocalStripe,
    line: FaultyLine,
    database: Database,
    database_url: str,
) -> None:
    held = await called_off(shop, slug, stripe)
    await refused(database, line, held)
    assert await settled_by_hand(shop, slug, held.appointment.id, actor=SYSTEM, now=NOW) == 1
    for days in range(3):
        await settled(shop, held, NOW + days * DAY)
        await reconcile(shop, now=NOW + days * DAY)
    assert await refunds(shop) == [("settled", DEPOSIT)]
    assert await books(stripe, held) == (0, DEPOSIT, 0)
    assert (await ledger(database_url))["refunded"] == DEPOSIT
    assert (await worries(shop), await checked(shop, slug)) == ([], [])
    assert await settled_by_hand(shop, slug, held.appointment.id, actor=SYSTEM, now=NOW) == 0


async def test_what_an_office_gave_back_meanwhile_is_not_given_again(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
) -> None:
    held = await called_off(shop, slug, stripe)
    with line.failing(Fault.SERVER_ERROR, method="POST"), pytest.raises(ProviderError):
        await settled(shop, held)
    stripe.refund_in_office(intent_of(stripe, held), 300)
    await settled(shop, held, NOW + timedelta(minutes=3))
    assert await refunds(shop) == [("withdrawn", DEPOSIT), ("done", DEPOSIT - 300)]
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert (await worries(shop), await checked(shop, slug)) == ([], [])


async def test_what_an_office_gave_back_is_in_the_ledger_without_a_message(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await paid_for(shop, slug, stripe)
    stripe.refund_in_office(intent_of(stripe, held), 300)
    await look_again(shop, now=NOW + 2 * HOUR)
    assert (await ledger(database_url))["refunded"] == 300
    assert await checked(shop, slug) == []


async def test_rows_that_a_failover_lost_are_not_given_back_twice(
    shop: Installation, open_business: Open, stripe: LocalStripe, database_url: str
) -> None:
    slug = await open_business(salon(**HALF))
    held = await called_off(shop, slug, stripe)
    await settled(shop, held)

    async def lose(connection: Connection) -> None:
        await connection.execute("DELETE FROM ledger_entry WHERE kind = 'refunded'")
        await connection.execute("DELETE FROM refund")

    await shop.database.run(lose)
    assert [words.split(" of ")[0].split(" ")[0] for words in await checked(shop, slug)] == [
        "refunded:",
        "refund",
    ]
    await reconcile(shop, now=NOW + HOUR)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT // 2)
    assert (await ledger(database_url))["refunded"] == DEPOSIT // 2
    assert await worries(shop) == []


async def test_two_processes_ask_once_though_nobody_keeps_keys(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    line: FaultyLine,
    database: Database,
) -> None:
    """Both have looked before either asks; `localstripe` behind this line keeps no keys."""
    slug = await open_business(salon(**HALF))
    held = await called_off(shop, slug, stripe)
    both = asyncio.Barrier(2)

    class AtOnce(StripePayments):
        has_met = False

        async def look(self, order: PaymentOrder) -> Books:
            found = await super().look(order)
            if not self.has_met:
                self.has_met = True
                await asyncio.wait_for(both.wait(), 10)
            return found

    providers = [AtOnce(secret_key=SECRET_KEY, api_base=line.api_base) for _ in range(2)]
    shops = [Installation(database, providers={"stripe": one}) for one in providers]
    await asyncio.gather(
        *(settle(one, held.directory.business_id, held.appointment.id, now=NOW) for one in shops)
    )
    for provider in providers:
        await provider.close()
    assert line.count("POST", "/v1/refunds") == 1
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT // 2)
    assert await checked(shop, slug) == []


async def test_whoever_dies_asking_keeps_others_off_for_a_while_and_no_longer(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
) -> None:
    held = await called_off(shop, slug, stripe)
    with line.failing(Fault.CUT, method="POST"), pytest.raises(ProviderError):
        await settled(shop, held)
    await settled(shop, held, NOW + timedelta(minutes=1))
    assert line.count("POST", "/v1/refunds") == 1
    await reconcile(shop, now=NOW + timedelta(minutes=2))
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert await refunds(shop) == [("done", DEPOSIT)]


async def test_a_refusal_that_stripe_remembers_by_its_key_is_not_the_last_word(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    """A dispute was opened between our look and our asking: Stripe refuses, and would answer so for
    a day.
    """
    held = await called_off(shop, slug, stripe)

    class Overtaken(StripePayments):
        async def refund(self, order: PaymentOrder, refund_id: UUID, amount_minor: int) -> Books:
            stripe.dispute(intent_of(stripe, held))
            return await super().refund(order, refund_id, amount_minor)

    provider = Overtaken(secret_key=SECRET_KEY, api_base=stripe.api_base)
    overtaken = Installation(shop.database, providers={"stripe": provider})
    with pytest.raises(RefusedByProviderError, match="charge_disputed"):
        await settle(overtaken, held.directory.business_id, held.appointment.id, now=NOW)
    await provider.close()
    stripe.dispute(intent_of(stripe, held), "won")
    await reconcile(shop, now=NOW + HOUR)
    # localstripe's charge stays marked as disputed, so it refuses again; the row says so.
    assert (await refunds(shop))[0] == ("withdrawn", DEPOSIT)


async def test_what_cannot_be_looked_at_keeps_no_other_from_it(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    await paid_for(shop, slug, stripe)
    stripe.forget()
    assert await look_again(shop, now=NOW + 2 * HOUR) == 1
    assert await look_again(shop, now=NOW + 2 * HOUR) == 0
    assert await look_again(shop, now=NOW + 3 * HOUR) == 1


async def test_a_message_that_tells_no_ids_of_ours_is_heard_by_the_name_of_the_payment(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    """A dispute's metadata, and an office refund's, is empty."""
    held = await paid_for(shop, slug, stripe)
    told = ProviderEvent("evt_1", "charge.dispute.created", None, None, intent_of(stripe, held))
    assert await take_notice(shop, "stripe", told, now=NOW)
    assert not await take_notice(shop, "stripe", told, now=NOW)
    nobody = ProviderEvent("evt_2", "charge.dispute.created", None, None, "pi_unheard_of")
    assert not await take_notice(shop, "stripe", nobody, now=NOW)


class TestDisputes:
    async def test_while_one_is_open_nothing_is_given_back_and_the_operator_is_told(
        self, shop: Installation, slug: str, stripe: LocalStripe, database_url: str
    ) -> None:
        held = await called_off(shop, slug, stripe)
        stripe.dispute(intent_of(stripe, held))
        await settled(shop, held)
        assert await refunds(shop) == []
        assert (await ledger(database_url))["disputed"] == DEPOSIT
        assert await worries(shop) == ["the bank disputes it: answer at the provider"]
        assert await checked(shop, slug) == [f"disputed at the bank: {DEPOSIT}, open"]

    async def test_one_that_is_lost_is_money_given_back(
        self, shop: Installation, slug: str, stripe: LocalStripe, database_url: str
    ) -> None:
        held = await called_off(shop, slug, stripe)
        stripe.dispute(intent_of(stripe, held), "lost")
        await settled(shop, held)
        await reconcile(shop, now=NOW + HOUR)
        assert (await refunds(shop), await worries(shop)) == ([], [])
        assert (await ledger(database_url))["disputed"] == DEPOSIT

    async def test_one_that_is_won_leaves_what_is_due(
        self, shop: Installation, slug: str, stripe: LocalStripe, database_url: str
    ) -> None:
        held = await paid_for(shop, slug, stripe)
        stripe.dispute(intent_of(stripe, held))
        await look_again(shop, now=NOW + 2 * HOUR)
        assert (await ledger(database_url))["disputed"] == DEPOSIT
        stripe.dispute(intent_of(stripe, held), "won")
        await look_again(shop, now=NOW + 4 * HOUR)
        assert (await ledger(database_url))["disputed"] == 0
        assert await worries(shop) == []

    async def test_a_bank_that_only_asks_has_taken_nothing(
        self, shop: Installation, slug: str, stripe: LocalStripe, database_url: str
    ) -> None:
        held = await paid_for(shop, slug, stripe)
        stripe.dispute(intent_of(stripe, held), "warning_needs_response")
        await settled(shop, held)
        assert "disputed" not in await ledger(database_url)


class TestByHand:
    async def test_the_same_name_is_one_refund(
        self, shop: Installation, slug: str, stripe: LocalStripe
    ) -> None:
        held = await paid_for(shop, slug, stripe)
        at = held.appointment.id
        first = await refund(shop, slug, at, 1000, actor=SYSTEM, now=NOW, key="sorry")
        again = await refund(shop, slug, at, 1000, actor=SYSTEM, now=NOW + HOUR, key="sorry")
        assert (first.asked_at, again.asked_at) == (None, NOW)
        await settled(shop, held)
        assert await books(stripe, held) == (0, DEPOSIT, 1000)
        with pytest.raises(IdempotencyMismatchError):
            await refund(shop, slug, at, 400, actor=SYSTEM, now=NOW, key="sorry")
        await refund(shop, slug, at, 400, actor=SYSTEM, now=NOW, key="sorry again")
        await settled(shop, held)
        assert await books(stripe, held) == (0, DEPOSIT, 1400)

    async def test_twenty_at_once_under_one_name_are_one_refund(
        self, shop: Installation, slug: str, stripe: LocalStripe
    ) -> None:
        held = await paid_for(shop, slug, stripe)
        at = held.appointment.id
        await asyncio.gather(
            *(refund(shop, slug, at, 400, actor=SYSTEM, now=NOW, key="k") for _ in range(20))
        )
        await settled(shop, held)
        assert await books(stripe, held) == (0, DEPOSIT, 400)

    @pytest.mark.parametrize("is_captured", [True, False])
    async def test_what_cards_cannot_be_given_is_refused(
        self, shop: Installation, open_business: Open, stripe: LocalStripe, is_captured: bool
    ) -> None:
        cut = a_service("cut", price="48.000", deposit="30%")
        slug = await open_business(a_business(currency="KWD", service=[cut]))
        held = await hold(shop, slug)
        await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
        if is_captured:
            await settled(shop, held)
        with pytest.raises(ValidationError, match=r"multiple of 0\.010 KWD"):
            await refund(shop, slug, held.appointment.id, 1005, actor=SYSTEM, now=NOW)
        await refund(shop, slug, held.appointment.id, 1010, actor=SYSTEM, now=NOW)
        await settled(shop, held)
        aside, taken, back = await books(stripe, held)
        assert (aside, taken - back) == (0, 13390)
        assert await checked(shop, slug) == []


class TestAsStripeCaptures:
    async def test_what_a_partial_capture_lets_go_is_not_given_back(
        self, shop: Installation, open_business: Open, stripe: LocalStripe, database_url: str
    ) -> None:
        slug = await open_business(salon(**HALF))
        held = await hold(shop, slug)
        await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
        await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=NOW)
        await settled(shop, held)
        assert await books(stripe, held) == (0, DEPOSIT // 2, 0)
        sums = await ledger(database_url)
        assert (sums["captured"], sums["released"]) == (DEPOSIT // 2, DEPOSIT // 2)
        assert "refunded" not in sums
        assert (await refunds(shop), await checked(shop, slug)) == ([], [])
        await refund(shop, slug, held.appointment.id, 300, actor=SYSTEM, now=NOW)
        await settled(shop, held)
        assert await books(stripe, held) == (0, DEPOSIT // 2, 300)

    async def test_what_lapsed_before_it_was_taken_is_told(
        self, shop: Installation, slug: str, stripe: LocalStripe
    ) -> None:
        held = await hold(shop, slug)
        await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
        stripe.lapse(intent_of(stripe, held))
        await reconcile(shop, now=NOW + 8 * DAY)
        assert await worries(shop, NOW + 8 * DAY) == ["confirmed, but the money is gone"]

    async def test_a_refund_asked_for_a_day_ago_is_found_without_its_key(
        self, shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine
    ) -> None:
        held = await called_off(shop, slug, stripe)
        line.fail(Fault.ANSWER_LOST, method="POST", path="/v1/refunds")
        with line.failing(Fault.SERVER_ERROR, nth=4, times=9), pytest.raises(ProviderError):
            await settled(shop, held)
        stripe.a_day_later()
        await reconcile(shop, now=NOW + DAY)
        assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
