"""Paying, to the end: the real SDK against a real localstripe, its books beside ours."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.booking.cancel import cancel
from bookonce.booking.find import find
from bookonce.payments.pay import follow, pay
from bookonce.payments.refund import refund
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.errors import (
    BookingConflictError,
    HoldExpiredError,
    PaymentDeclinedError,
    PaymentUnavailableError,
    StatusConflictError,
    TryAgainError,
    ValidationError,
)
from tests.localstripe import (
    REFUSED_AS_CUSTOMER_CARD,
    REFUSED_AT_CHARGE_CARD,
    SECURE_CARD,
    Fault,
    FaultyLine,
    LocalStripe,
)
from tests.payments.conftest import (
    DEPOSIT,
    HOLD,
    NOW,
    TEN,
    Open,
    books,
    hold,
    ledger,
    paid_for,
    salon,
    settled,
)
from tests.races.harness import assert_sound, at_once


async def test_the_money_is_set_aside_then_the_time_confirmed_then_the_money_taken(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await hold(shop, slug)
    paid = await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    assert paid.found.appointment.status is Status.CONFIRMED
    assert await books(stripe, held) == (DEPOSIT, 0, 0)
    assert (await settled(shop, held)).payment_status == "captured"
    assert await books(stripe, held) == (0, DEPOSIT, 0)
    assert await ledger(database_url) == {"authorised": DEPOSIT, "captured": DEPOSIT}
    assert (await settled(shop, held)).status is Status.CONFIRMED  # again changes nothing
    assert await books(stripe, held) == (0, DEPOSIT, 0)
    await assert_sound(database_url)


@pytest.mark.parametrize("card", [REFUSED_AT_CHARGE_CARD, REFUSED_AS_CUSTOMER_CARD])
async def test_a_declined_card_then_another_one(
    shop: Installation, slug: str, stripe: LocalStripe, card: str
) -> None:
    held = await hold(shop, slug)
    with pytest.raises(PaymentDeclinedError) as refused:
        await pay(shop, slug, held.appointment.id, stripe.make_token(card), now=NOW)
    assert refused.value.facts == {"attempts_left": 4, "reason": "card_declined"}
    assert (await find(shop, slug, held.appointment.id, now=NOW)).appointment.status is Status.HELD
    paid = await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    assert paid.found.appointment.status is Status.CONFIRMED
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, 0)


async def test_after_the_last_try_the_time_is_for_others(
    shop: Installation, open_business: Open, stripe: LocalStripe, database_url: str
) -> None:
    slug = await open_business(salon(attempts_max=2))
    held = await hold(shop, slug)
    for left in (1, 0):
        with pytest.raises(PaymentDeclinedError) as refused:
            await pay(
                shop, slug, held.appointment.id, stripe.make_token(REFUSED_AT_CHARGE_CARD), now=NOW
            )
        assert refused.value.facts["attempts_left"] == left
    with pytest.raises(StatusConflictError):
        await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    assert (await hold(shop, slug, name="Mia")).appointment.status is Status.HELD
    await assert_sound(database_url)


@pytest.mark.parametrize("success", [True, False])
async def test_the_bank_wants_to_hear_from_the_payer(
    shop: Installation, slug: str, stripe: LocalStripe, success: bool
) -> None:
    held = await hold(shop, slug)
    asked = await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    assert asked.found.appointment.status is Status.HELD
    assert asked.client_secret
    assert (
        await follow(shop, slug, held.appointment.id, now=NOW)
    ).client_secret == asked.client_secret
    stripe.authenticate(asked.client_secret, success=success)
    if success:
        done = await follow(shop, slug, held.appointment.id, now=NOW)
        assert done.found.appointment.status is Status.CONFIRMED
    else:
        with pytest.raises(PaymentDeclinedError):
            await follow(shop, slug, held.appointment.id, now=NOW)
        again = await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
        assert again.found.appointment.status is Status.CONFIRMED
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, 0)


async def test_paying_twice_at_once_is_one_payment(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await hold(shop, slug)
    tokens = [stripe.make_token() for _ in range(4)]
    await at_once(
        [partial(pay, shop, slug, held.appointment.id, means, now=NOW) for means in tokens]
    )
    again = await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    assert again.found.appointment.status is Status.CONFIRMED
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, 0)
    assert len(stripe.books().of(appointment_id=held.appointment.id).charges) == 1
    assert await ledger(database_url) == {"authorised": DEPOSIT, "captured": DEPOSIT}
    await assert_sound(database_url)


async def test_two_visitors_one_time_both_at_the_payment(
    shop: Installation, slug: str, stripe: LocalStripe, line: FaultyLine, database_url: str
) -> None:
    """The first begins to pay in time, but its bank takes longer than the hold."""
    first = await hold(shop, slug)
    asked = await pay(shop, slug, first.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    over = NOW + HOLD
    second = await hold(shop, slug, over, name="Mia")
    stripe.authenticate(asked.client_secret or "")
    with pytest.raises(BookingConflictError) as lost:
        await follow(shop, slug, first.appointment.id, now=over)
    assert lost.value.facts["alternatives"]
    won = await pay(shop, slug, second.appointment.id, stripe.make_token(), now=over)
    assert won.found.appointment.status is Status.CONFIRMED
    assert (await settled(shop, first, over)).status is Status.CANCELLED
    await settled(shop, second, over)
    assert await books(stripe, first) == (0, 0, 0)
    assert await books(stripe, second) == (0, DEPOSIT, 0)
    assert line.count("POST", "*/cancel") == 1
    await assert_sound(database_url)


async def test_a_payment_can_not_begin_after_the_hold(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await hold(shop, slug)
    with pytest.raises(HoldExpiredError):
        await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW + HOLD)
    assert stripe.books().of(appointment_id=held.appointment.id).intents == []


async def test_an_abandoned_attempt_is_ended_when_it_is_too_late(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    await settled(shop, held, NOW + HOLD + timedelta(minutes=14))
    [intent] = stripe.books().of(appointment_id=held.appointment.id).intents
    assert intent["status"] == "requires_action"
    ended = await settled(shop, held, NOW + HOLD + timedelta(minutes=16))
    assert (ended.status, ended.payment_status) == (Status.EXPIRED, "cancelled")
    [intent] = stripe.books().of(appointment_id=held.appointment.id).intents
    assert intent["status"] == "canceled"


@pytest.mark.parametrize("is_captured", [True, False])
@pytest.mark.parametrize(
    "hours_before, back",
    [(48, 1440), (24, 1440), (12, 720), (2, 720), (1, 0)],
)
async def test_a_client_who_cancels_gets_back_what_the_tiers_say(
    shop: Installation,
    open_business: Open,
    stripe: LocalStripe,
    database_url: str,
    hours_before: int,
    back: int,
    is_captured: bool,
) -> None:
    tiers = [{"until_min": 24 * 60, "percent": 100}, {"until_min": 120, "percent": 50}]
    slug = await open_business(salon(refunds=tiers))
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    if is_captured:
        await settled(shop, held)
    then = TEN - timedelta(hours=hours_before)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=then)
    after = await settled(shop, held, then)
    aside, taken, given_back = await books(stripe, held)
    assert (aside, taken - given_back) == (0, DEPOSIT - back)
    assert after.refunded_minor == (back if is_captured else 0)
    sums = await ledger(database_url)
    assert sums.get("captured", 0) - sums.get("refunded", 0) == DEPOSIT - back
    assert sums["authorised"] == sums.get("captured", 0) + sums.get("released", 0)
    await assert_sound(database_url)


async def test_the_business_gives_everything_back_when_it_cancels(
    shop: Installation, open_business: Open, stripe: LocalStripe
) -> None:
    slug = await open_business(salon(refunds=[]))
    held = await paid_for(shop, slug, stripe)
    await cancel(shop, slug, held.appointment.id, now=TEN, actor=SYSTEM)
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)


async def test_refunds_by_hand_in_parts_and_never_more_than_there_is(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await paid_for(shop, slug, stripe)
    appointment_id = held.appointment.id
    for amount, kept in ((440, 1000), (400, 600)):
        done = await refund(shop, slug, appointment_id, amount, actor=SYSTEM, now=NOW)
        assert done.keep_minor == kept
        await settled(shop, held)
    with pytest.raises(ValidationError):
        await refund(shop, slug, appointment_id, 601, actor=SYSTEM, now=NOW)
    assert await books(stripe, held) == (0, DEPOSIT, 840)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=NOW)  # in time: everything
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert (await ledger(database_url))["refunded"] == DEPOSIT
    with pytest.raises(ValidationError):
        await refund(shop, slug, appointment_id, None, actor=SYSTEM, now=NOW)
    await assert_sound(database_url)


async def test_what_was_given_back_in_stripe_s_own_office_is_in_our_books(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await paid_for(shop, slug, stripe)
    [intent] = stripe.books().of(appointment_id=held.appointment.id).intents
    stripe.refund_in_office(intent["id"], 300)
    await settled(shop, held)
    assert (await ledger(database_url))["refunded"] == 300
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=NOW)
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)


async def test_many_settle_at_once_and_each_thing_is_done_once(
    shop: Installation, slug: str, stripe: LocalStripe, database_url: str
) -> None:
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(), now=NOW)
    await at_once([lambda: settled(shop, held) for _ in range(6)])
    await settled(shop, held)
    await cancel(shop, slug, held.appointment.id, actor=VISITOR, now=NOW)
    await at_once([lambda: settled(shop, held) for _ in range(6)])
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, DEPOSIT)
    assert await ledger(database_url) == {
        "authorised": DEPOSIT,
        "captured": DEPOSIT,
        "refunded": DEPOSIT,
    }


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.BUSY, Fault.ANSWER_LOST, Fault.CUT])
async def test_while_the_provider_is_away_nothing_is_lost_and_the_same_may_be_sent_again(
    shop: Installation,
    slug: str,
    stripe: LocalStripe,
    line: FaultyLine,
    database_url: str,
    fault: Fault,
) -> None:
    held = await hold(shop, slug)
    token = stripe.make_token()
    with line.failing(fault), pytest.raises(TryAgainError):
        await pay(shop, slug, held.appointment.id, token, now=NOW)
    paid = await pay(shop, slug, held.appointment.id, token, now=NOW)
    assert paid.found.appointment.status is Status.CONFIRMED
    await settled(shop, held)
    assert await books(stripe, held) == (0, DEPOSIT, 0)
    await assert_sound(database_url)


async def test_a_provider_that_knows_nothing_of_it_any_more_is_told_plainly(
    shop: Installation, slug: str, stripe: LocalStripe
) -> None:
    held = await hold(shop, slug)
    await pay(shop, slug, held.appointment.id, stripe.make_token(SECURE_CARD), now=NOW)
    stripe.forget()
    with pytest.raises(PaymentUnavailableError):
        await follow(shop, slug, held.appointment.id, now=NOW)


async def test_appointments_of_other_businesses_stay_out_of_it(
    shop: Installation, open_business: Open, stripe: LocalStripe
) -> None:
    slug, other = await open_business(salon()), await open_business(salon())
    held = await hold(shop, slug)
    await hold(shop, other)
    results = await asyncio.gather(
        pay(shop, other, held.appointment.id, stripe.make_token(), now=NOW), return_exceptions=True
    )
    assert getattr(results[0], "code", None) == "NOT_FOUND"
