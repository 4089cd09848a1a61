"""Money that a person takes by hand: our own books are all there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bookonce.payments.provider import Books, Movement, RefusedByProviderError, Standing
from bookonce.payments.providers.on_site import OnSitePayments
from tests.payments.providers.conftest import a_refund, an_order

SET_ASIDE = Books(Standing.AUTHORISED, authorised_minor=4800)
"""As it was written before money that somebody has seen was taken at once."""
TAKEN = Books(Standing.CAPTURED, authorised_minor=4800, captured_minor=4800)


@pytest.fixture
def till() -> OnSitePayments:
    return OnSitePayments()


async def test_it_works(till: OnSitePayments) -> None:
    order = an_order()
    ref = await till.begin(order)
    assert ref == f"on-site-{order.payment_id}" == await till.begin(order)
    order = replace(order, provider_ref=ref)

    assert await till.look(order) == Books(Standing.OPEN)
    taken = await till.authorise(order, "received")
    assert taken == TAKEN
    assert await till.look(replace(order, known=taken)) == taken
    await till.close()


async def test_only_a_person_who_has_seen_the_money_says_so(till: OnSitePayments) -> None:
    with pytest.raises(RefusedByProviderError):
        await till.authorise(an_order(), "tok_visa")


async def test_what_is_known_is_not_done_again(till: OnSitePayments) -> None:
    order = replace(an_order(), known=TAKEN)
    assert await till.authorise(order, "received") == TAKEN
    assert await till.capture(order, 2000) == TAKEN
    assert await till.release(order) == TAKEN


async def test_what_was_not_received_is_not_taken(till: OnSitePayments) -> None:
    assert (await till.capture(an_order(), 4800)).standing is Standing.OPEN
    assert (await till.release(an_order())).standing is Standing.CANCELLED


async def test_what_was_received_is_in_the_till_and_is_not_let_go(till: OnSitePayments) -> None:
    for known in (SET_ASIDE, TAKEN):
        order = replace(an_order(), known=known)
        assert await till.look(order) == TAKEN
        assert await till.capture(order, 2000) == TAKEN
        assert await till.release(order) == TAKEN


async def test_a_refund_is_in_the_books_once_a_person_has_told(till: OnSitePayments) -> None:
    refund_id = a_refund()
    order = replace(an_order(), known=TAKEN)
    assert await till.refund(order, refund_id, 1000) == TAKEN
    told = replace(TAKEN, refunds=(Movement("by hand", 1000, refund_id),))
    assert await till.refund(replace(order, known=told), refund_id, 1000) == told


def test_nobody_sends_messages(till: OnSitePayments) -> None:
    assert till.event(b"{}", {}) is None
    assert not till.takes_cards
