"""Paying by card, through Stripe's own library, at a real localstripe over HTTP."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from bookonce.payments.provider import (
    Books,
    ProviderError,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.providers.stripe import StripePayments
from tests.localstripe import (
    REFUSED_AS_CUSTOMER_CARD,
    REFUSED_AT_CHARGE_CARD,
    SECRET_KEY,
    SECURE_CARD,
    SECURE_REFUSED_CARD,
    Fault,
)
from tests.payments.providers.conftest import Till, a_refund, an_order

REFUSED_CARDS = (REFUSED_AS_CUSTOMER_CARD, REFUSED_AT_CHARGE_CARD)


async def test_it_works(till: Till) -> None:
    order = await till.begun()
    assert (await till.provider.look(order)).standing is Standing.OPEN

    authorised = await till.provider.authorise(order, till.token())
    assert authorised == Books(Standing.AUTHORISED, authorised_minor=4800)
    assert till.books(order).held == 4800

    captured = await till.provider.capture(order, 4800)
    assert (captured.standing, captured.captured_minor) == (Standing.CAPTURED, 4800)
    charge = till.books(order).charges[0]
    assert (captured.capture_ref, captured.fee_minor) == (charge["id"], 0)

    refund_id = a_refund()
    refunded = await till.provider.refund(order, refund_id, 4800)
    refund = till.books(order).given[0]
    assert [(r.provider_ref, r.amount_minor, r.refund_id) for r in refunded.refunds] == [
        (refund["id"], 4800, refund_id)
    ]
    assert (refunded.standing, refunded.captured_minor) == (Standing.CAPTURED, 4800)


async def test_stripe_is_told_which_payment_it_is(till: Till) -> None:
    order = await till.captured()
    refund_id = a_refund()
    await till.provider.refund(order, refund_id, 100)

    ids = {
        "business_id": str(order.business_id),
        "appointment_id": str(order.appointment_id),
        "payment_id": str(order.payment_id),
    }
    books = till.books(order)
    assert books.intents[0]["metadata"] == ids | {"description": order.description}
    assert books.given[0]["metadata"] == ids | {"refund_id": str(refund_id)}
    customer = till.stripe.customers()[0]
    assert (customer["email"], customer["metadata"]) == (order.email, ids)


async def test_a_payer_without_a_mail_address_pays(till: Till) -> None:
    order = replace(await till.begun(), email=None)
    assert (await till.provider.authorise(order, till.token())).standing is Standing.AUTHORISED


async def test_a_payment_method_of_a_newer_page_pays_without_a_customer(till: Till) -> None:
    order = await till.begun()
    books = await till.provider.authorise(order, till.stripe.make_payment_method())
    assert books.standing is Standing.AUTHORISED
    assert till.line.count(path="/v1/customers") == 0


@pytest.mark.parametrize("means", ["", "4242424242424242", "tok_", "tok_x/../y", "src_abc", "pm_é"])
async def test_what_is_no_means_of_payment_is_not_sent(till: Till, means: str) -> None:
    order = await till.begun()
    before = len(till.line.seen)
    with pytest.raises(RefusedByProviderError):
        await till.provider.authorise(order, means)
    assert len(till.line.seen) == before


@pytest.mark.parametrize("number", REFUSED_CARDS)
async def test_a_declined_attempt_is_over_and_another_one_pays(till: Till, number: str) -> None:
    order = await till.begun()
    declined = await till.provider.authorise(order, till.token(number))
    assert declined == Books(Standing.DECLINED, problem="card_declined")
    assert till.books(order).intents[0]["status"] == "canceled"

    assert await till.provider.authorise(order, till.token()) == declined
    assert await till.provider.look(order) == declined

    another = replace(an_order(), appointment_id=order.appointment_id)
    another = replace(another, provider_ref=await till.provider.begin(another))
    books = await till.provider.authorise(another, till.token())
    assert books.standing is Standing.AUTHORISED
    assert till.stripe.books().of(appointment_id=order.appointment_id).held == 4800


async def test_the_bank_hears_from_the_payer(till: Till) -> None:
    order = await till.begun()
    asked = await till.provider.authorise(order, till.token(SECURE_CARD))
    assert asked.standing is Standing.NEEDS_ACTION
    assert asked.client_secret
    assert (await till.provider.authorise(order, till.token())).client_secret == asked.client_secret

    till.stripe.authenticate(asked.client_secret)
    assert await till.provider.look(order) == Books(Standing.AUTHORISED, authorised_minor=4800)


@pytest.mark.parametrize("number, success", [(SECURE_CARD, False), (SECURE_REFUSED_CARD, True)])
async def test_an_attempt_that_the_bank_refused_is_over(
    till: Till, number: str, success: bool
) -> None:
    order = await till.begun()
    asked = await till.provider.authorise(order, till.token(number))
    assert asked.client_secret
    till.stripe.authenticate(asked.client_secret, success=success)

    books = await till.provider.look(order)
    assert books.standing is Standing.DECLINED
    assert books.problem in ("payment_intent_authentication_failure", "card_declined")
    # Whoever has the client secret could pay it otherwise, after all.
    assert till.books(order).intents[0]["status"] == "canceled"


async def test_a_token_is_used_once_though_an_answer_got_lost(keyed_till: Till) -> None:
    """A real token serves once; the key brings back the customer that was made with it."""
    till = keyed_till
    order, token = await till.begun(), till.token()
    till.line.fail(Fault.ANSWER_LOST, path="/v1/customers")
    with pytest.raises(ProviderError):
        await till.provider.authorise(order, token)
    assert (await till.provider.authorise(order, token)).standing is Standing.AUTHORISED
    assert len(till.stripe.customers()) == 1


async def test_a_double_click_pays_once(till: Till) -> None:
    order = await till.begun()
    token = till.token()
    books = await asyncio.gather(*(till.provider.authorise(order, token) for _ in range(5)))
    assert {b.standing for b in books} == {Standing.AUTHORISED}
    assert (till.books(order).held, len(till.books(order).charges)) == (4800, 1)


async def test_a_double_click_on_two_servers_pays_once(till: Till) -> None:
    order = await till.begun()
    servers = [till.another() for _ in range(5)]
    answers = await asyncio.gather(
        *(server.authorise(order, till.token()) for server in servers), return_exceptions=True
    )
    assert any(isinstance(a, Books) and a.standing is Standing.AUTHORISED for a in answers)
    assert not [a for a in answers if not isinstance(a, Books | ProviderError)]
    assert (till.books(order).held, len(till.books(order).charges)) == (4800, 1)


async def test_a_part_is_taken_and_the_rest_let_go(till: Till) -> None:
    order = await till.authorised(4800)
    books = await till.provider.capture(order, 2000)
    assert (books.standing, books.authorised_minor, books.captured_minor, books.refunds) == (
        Standing.CAPTURED,
        4800,
        2000,
        (),
    )
    assert (till.books(order).held, till.books(order).taken) == (0, 2000)


async def test_no_more_is_taken_than_was_set_aside_nor_less_than_something(till: Till) -> None:
    order = await till.authorised(4800)
    for amount_minor in (4801, 0, -1):
        with pytest.raises(RefusedByProviderError):
            await till.provider.capture(order, amount_minor)
    assert (till.books(order).held, till.books(order).taken) == (4800, 0)


async def test_what_is_not_set_aside_is_not_taken(till: Till) -> None:
    released = await till.authorised()
    await till.provider.release(released)
    assert (await till.provider.capture(released, 4800)).standing is Standing.CANCELLED
    assert (await till.provider.capture(await till.begun(), 4800)).standing is Standing.OPEN
    assert till.stripe.books().taken == 0


async def test_taking_twice_takes_once(till: Till) -> None:
    order = await till.authorised()
    first, second = await asyncio.gather(*(till.provider.capture(order, 2000) for _ in range(2)))
    assert first == second
    assert await till.provider.capture(order, 4800) == first
    assert till.books(order).taken == 2000


async def test_releasing_lets_go_and_ends(till: Till) -> None:
    for order in (await till.authorised(), await till.begun()):
        books = await till.provider.release(order)
        assert books.standing is Standing.CANCELLED
        assert await till.provider.release(order) == books
        assert (await till.provider.authorise(order, till.token())) == books
        assert (till.books(order).held, till.books(order).taken) == (0, 0)


async def test_what_was_taken_is_not_released(till: Till) -> None:
    order = await till.captured()
    assert (await till.provider.release(order)).standing is Standing.CAPTURED


async def test_taking_and_releasing_at_once_does_one_of_them(till: Till) -> None:
    for _ in range(5):
        order = await till.authorised()
        taken, released = await asyncio.gather(
            till.provider.capture(order, 4800), till.provider.release(order)
        )
        assert taken.standing is released.standing
        is_taken = taken.standing is Standing.CAPTURED
        assert till.books(order).taken == (4800 if is_taken else 0)


async def test_an_attempt_that_was_not_begun_is_open_and_released_at_once(till: Till) -> None:
    order = an_order()
    assert (await till.provider.look(order)).standing is Standing.OPEN
    assert (await till.provider.release(order)).standing is Standing.CANCELLED
    with pytest.raises(RefusedByProviderError):
        await till.provider.authorise(order, till.token())
    assert till.line.seen == []


async def test_begun_is_begun(till: Till) -> None:
    order = await till.begun()
    assert await till.provider.begin(order) == order.provider_ref
    assert len(till.books(order).intents) == 1


async def test_refunds_in_parts_add_up(till: Till) -> None:
    order = await till.captured(2000, of_minor=4800)
    ids = [a_refund() for _ in range(3)]
    for refund_id, amount_minor in zip(ids, (500, 700, 800), strict=True):
        books = await till.provider.refund(order, refund_id, amount_minor)
    assert {r.refund_id: r.amount_minor for r in books.refunds} == dict(
        zip(ids, (500, 700, 800), strict=True)
    )
    assert (books.captured_minor, till.books(order).given_back) == (2000, 2000)


async def test_no_more_is_given_back_than_was_taken(till: Till) -> None:
    order = await till.captured(2000, of_minor=4800)
    await till.provider.refund(order, a_refund(), 1500)
    for amount_minor in (501, 0, -1):
        with pytest.raises(RefusedByProviderError):
            await till.provider.refund(order, a_refund(), amount_minor)
    with pytest.raises(RefusedByProviderError):
        await till.provider.refund(await till.authorised(), a_refund(), 1)
    assert till.stripe.books().given_back == 1500


async def test_one_refund_asked_for_twice_at_once_is_one(till: Till) -> None:
    order = await till.captured()
    refund_id = a_refund()
    answers = await asyncio.gather(
        *(till.provider.refund(order, refund_id, 1000) for _ in range(5))
    )
    assert till.books(order).given_back == 1000
    assert len({r.provider_ref for books in answers for r in books.refunds}) == 1


async def test_one_refund_asked_for_by_two_servers_at_once_is_one(keyed_till: Till) -> None:
    """Both look before either acts; the idempotency key is what makes it one."""
    till = keyed_till
    order = await till.captured()
    refund_id = a_refund()
    servers = [till.another() for _ in range(5)]
    answers = await asyncio.gather(
        *(server.refund(order, refund_id, 1000) for server in servers), return_exceptions=True
    )
    assert till.line.count("POST", "/v1/refunds") > 1
    assert not [a for a in answers if not isinstance(a, Books | ProviderError)]
    assert till.books(order).given_back == 1000
    assert len((await till.provider.refund(order, refund_id, 1000)).refunds) == 1


async def test_a_refund_that_failed_is_tried_again_when_asked_for_again(keyed_till: Till) -> None:
    """Stripe answers the key of the first try with that try, so the second one needs another."""
    till = keyed_till
    order = await till.captured()
    refund_id = a_refund()
    first = await till.provider.refund(order, refund_id, 1000)
    till.stripe.fail_refund(first.refunds[0].provider_ref)
    assert (await till.provider.look(order)).refunds == ()

    second = await till.provider.refund(order, refund_id, 1000)
    assert [r.refund_id for r in second.refunds] == [refund_id]
    assert second.refunds[0].provider_ref != first.refunds[0].provider_ref


async def test_a_refund_is_found_on_the_second_page(till: Till) -> None:
    order = await till.captured()
    first = a_refund()
    await till.provider.refund(order, first, 1)
    for _ in range(105):
        till.stripe.refund_in_office(str(order.provider_ref), 1)
    before = till.line.count("GET", "/v1/refunds")
    books = await till.provider.refund(order, first, 1)
    assert till.line.count("GET", "/v1/refunds") - before == 2
    assert (len(books.refunds), till.books(order).given_back) == (106, 106)


async def test_a_refund_made_in_stripes_office_is_seen(till: Till) -> None:
    order = await till.captured(2000, of_minor=4800)
    ref = till.stripe.refund_in_office(str(order.provider_ref), 2800)  # as much as was let go
    books = await till.provider.look(order)
    assert books.captured_minor == 2000
    assert [(r.provider_ref, r.amount_minor, r.refund_id) for r in books.refunds] == [
        (ref, 2800, None)
    ]


@pytest.mark.parametrize(
    "currency, amount_minor, sent",
    [("EUR", 4800, 4800), ("JPY", 4800, 4800), ("KWD", 4800, 4800), ("ISK", 48, 4800)],
)
async def test_amounts_are_sent_in_stripes_units(
    till: Till, currency: str, amount_minor: int, sent: int
) -> None:
    order = await till.authorised(amount_minor, currency)
    await till.provider.capture(order, amount_minor)
    books = await till.provider.refund(order, a_refund(), amount_minor)
    assert books.captured_minor == books.refunds[0].amount_minor == amount_minor
    assert till.books(order).intents[0]["currency"] == currency.lower()
    assert (till.books(order).taken, till.books(order).given_back) == (sent, sent)


async def test_what_a_card_cannot_pay_exactly_is_not_asked_for(till: Till) -> None:
    with pytest.raises(RefusedByProviderError):
        await till.provider.begin(an_order(5124, "KWD"))
    assert till.line.seen == []


async def test_a_wrong_key_is_no_trouble_that_passes(till: Till) -> None:
    provider = StripePayments(secret_key="nonsense", api_base=till.line.api_base)
    with pytest.raises(RefusedByProviderError, match="AuthenticationError 401"):
        await provider.begin(an_order())
    await provider.close()


async def test_nobody_there_is_trouble_that_passes(till: Till) -> None:
    provider = StripePayments(secret_key=SECRET_KEY, api_base="http://127.0.0.1:9")
    with pytest.raises(ProviderError):
        await provider.begin(an_order())
    await provider.close()


async def test_an_account_of_the_business_is_named_in_every_request(till: Till) -> None:
    order = replace(an_order(), account="acct_lumen")
    order = replace(order, provider_ref=await till.provider.begin(order))
    await till.provider.authorise(order, till.token())
    await till.provider.capture(order, 4800)
    await till.provider.refund(order, a_refund(), 4800)
    await till.provider.release(await till.begun())
    of_the_order = [s for s in till.line.seen if s.headers.get("Stripe-Account") == "acct_lumen"]
    others = [s for s in till.line.seen if s not in of_the_order]
    assert len(of_the_order) > 10
    assert all(str(order.provider_ref) not in seen.path for seen in others)


@pytest.mark.parametrize("fault", list(Fault))
async def test_secrets_and_tokens_are_in_no_error_and_no_log(
    till: Till, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    order = await till.begun()
    token = till.token()
    provider = till.another(timeout_s=2)
    with till.line.failing(fault, path="/v1/customers"), pytest.raises(ProviderError) as told:
        await provider.authorise(order, token)
    gone = replace(order, provider_ref="pi_gone")
    with pytest.raises(RefusedByProviderError) as refused:
        await provider.authorise(gone, token)
    for error in (told.value, refused.value):
        assert error.__cause__ is None
        assert error.__context__ is None
        assert SECRET_KEY not in repr(error)
        assert token not in repr(error)
    assert SECRET_KEY not in caplog.text
    assert token not in caplog.text


async def test_a_provider_that_was_never_asked_can_be_closed() -> None:
    await StripePayments(secret_key=SECRET_KEY).close()
