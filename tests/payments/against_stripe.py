"""Run against Stripe itself, in one go, what the tests here only run against a stand-in.

    BOOKONCE_STRIPE_SECRET_KEY=sk_test_… python -m tests.payments.against_stripe

It takes a key of a test account and moves no money. With `STRIPE_TEST_ACCOUNT=acct_…` connected
accounts are tried, too. Each line says what was expected and whether it is so; the exit code is the
number of those that aren't. No test calls it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bookonce.payments.provider import (
    Books,
    DisputeStanding,
    PaymentOrder,
    ProviderError,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.providers.stripe import StripePayments

CARD = "pm_card_visa"
CARD_WHOSE_REFUNDS_FAIL = "pm_card_refundFail"
CARD_THAT_DISPUTES = "pm_card_createDispute"
PATIENCE_S = 90.0
Check = Callable[[StripePayments], Awaitable[bool]]


def an_order(
    amount_minor: int = 4800, currency: str = "EUR", account: str | None = None
) -> PaymentOrder:
    return PaymentOrder(
        business_id=uuid4(),
        appointment_id=uuid4(),
        payment_id=uuid4(),
        amount_minor=amount_minor,
        currency=currency,
        description="Bookonce against Stripe",
        account=account,
    )


async def paid(
    stripe: StripePayments, order: PaymentOrder, card: str, capture_minor: int
) -> PaymentOrder:
    begun = replace(order, provider_ref=await stripe.begin(order))
    books = await stripe.authorise(begun, card)
    assert books.standing is Standing.AUTHORISED, books
    await stripe.capture(begun, capture_minor)
    return begun


async def until(
    stripe: StripePayments, order: PaymentOrder, holds: Callable[[Books], bool]
) -> bool:
    """Stripe takes some seconds for what a bank does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(await stripe.look(order)):
            await asyncio.sleep(2)
    return True


async def a_partial_capture_is_told_as_what_was_received(stripe: StripePayments) -> bool:
    order = await paid(stripe, an_order(), CARD, 2000)
    books = await stripe.look(order)
    back = await stripe.refund(order, uuid4(), 500)
    return (books.captured_minor, books.refunds) == (2000, ()) and [
        one.amount_minor for one in back.refunds
    ] == [500]


async def no_more_is_refunded_than_was_received(stripe: StripePayments) -> bool:
    order = await paid(stripe, an_order(), CARD, 2000)
    try:
        await stripe.refund(order, uuid4(), 2001)
    except RefusedByProviderError:
        return True
    return False


async def two_servers_that_ask_at_once_give_back_once(stripe: StripePayments) -> bool:
    order, refund_id = await paid(stripe, an_order(), CARD, 4800), uuid4()
    other = StripePayments(secret_key=os.environ["BOOKONCE_STRIPE_SECRET_KEY"])
    await asyncio.gather(
        *(one.refund(order, refund_id, 500) for one in (stripe, other)), return_exceptions=True
    )
    await other.close()
    return len((await stripe.look(order)).refunds) == 1


async def a_refund_that_fails_later_is_listed_with_its_reason(stripe: StripePayments) -> bool:
    order, refund_id = await paid(stripe, an_order(), CARD_WHOSE_REFUNDS_FAIL, 4800), uuid4()
    await stripe.refund(order, refund_id, 500)
    return await until(
        stripe,
        order,
        lambda books: (
            [(one.refund_id, bool(one.problem)) for one in books.failed] == [(refund_id, True)]
        ),
    )


async def a_dispute_is_read_and_nothing_is_refunded_meanwhile(stripe: StripePayments) -> bool:
    order = await paid(stripe, an_order(), CARD_THAT_DISPUTES, 4800)
    await until(
        stripe,
        order,
        lambda books: [one.standing for one in books.disputes] == [DisputeStanding.OPEN],
    )
    try:
        await stripe.refund(order, uuid4(), 500)
    except RefusedByProviderError as refused:
        return "charge_disputed" in str(refused)
    return False


async def an_amount_under_the_minimum_is_refused(stripe: StripePayments) -> bool:
    try:
        await stripe.begin(an_order(30))
    except RefusedByProviderError as refused:
        return "amount_too_small" in str(refused)
    return False


async def of_three_digits_the_last_is_zero(stripe: StripePayments) -> bool:
    await paid(stripe, an_order(5010, "KWD"), CARD, 5010)
    return True


async def the_list_has_what_was_made(stripe: StripePayments) -> bool:
    order = an_order()
    ref = await stripe.begin(order)
    since = datetime.now(UTC) - timedelta(minutes=5)
    listed = [one async for one in stripe.all_since(None, since)]
    return (ref, order.payment_id) in [(one.provider_ref, one.payment_id) for one in listed]


async def what_one_account_has_no_other_finds(stripe: StripePayments) -> bool:
    account = os.environ.get("STRIPE_TEST_ACCOUNT")
    if not account:
        print("  (left out: STRIPE_TEST_ACCOUNT is not set)")
        return True
    order = await paid(stripe, an_order(account=account), CARD, 4800)
    try:
        await stripe.look(replace(order, account=None))
    except RefusedByProviderError:
        return (await stripe.refund(order, uuid4(), 500)).refunds != ()
    return False


CHECKS: tuple[Check, ...] = (
    a_partial_capture_is_told_as_what_was_received,
    no_more_is_refunded_than_was_received,
    two_servers_that_ask_at_once_give_back_once,
    a_refund_that_fails_later_is_listed_with_its_reason,
    a_dispute_is_read_and_nothing_is_refunded_meanwhile,
    an_amount_under_the_minimum_is_refused,
    of_three_digits_the_last_is_zero,
    the_list_has_what_was_made,
    what_one_account_has_no_other_finds,
)


async def main() -> int:
    key = os.environ.get("BOOKONCE_STRIPE_SECRET_KEY", "")
    if "_test_" not in key:
        sys.exit("BOOKONCE_STRIPE_SECRET_KEY must be a test account's key (sk_test_…)")
    stripe = StripePayments(secret_key=key)
    wrong = 0
    for check in CHECKS:
        try:
            holds, why = await check(stripe), ""
        except (ProviderError, RefusedByProviderError, AssertionError, TimeoutError) as error:
            holds, why = False, f": {type(error).__name__}: {error}"
        wrong += not holds
        print(f"{'yes' if holds else 'NO '}  {check.__name__.replace('_', ' ')}{why}")
    await stripe.close()
    return wrong


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
