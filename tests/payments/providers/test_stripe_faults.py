"""Whatever happens to any request of any method: asked again, the money has moved once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from bookonce.payments.provider import Books, PaymentOrder, ProviderError, Standing
from bookonce.payments.providers.stripe import StripePayments
from tests.localstripe import (
    REFUSED_AS_CUSTOMER_CARD,
    REFUSED_AT_CHARGE_CARD,
    SECURE_CARD,
    Fault,
    Seen,
)
from tests.payments.providers.conftest import Till, an_order

TIMEOUTS_S = (0.2, 1, 5)
"""Short, since each silence takes as long; a machine that is busy needs the longer ones."""
TIMEOUT_S = TIMEOUTS_S[0]
REFUND_ID = UUID("5d3f0f5e-9f5c-4f5e-8f39-0d5f3b1c9f11")

Prepare = Callable[[Till], Awaitable[PaymentOrder]]
Call = Callable[[Till, StripePayments, PaymentOrder], Awaitable[Books]]


@dataclass(frozen=True)
class Case:
    """A method called on an order, and what the books then have to show."""

    prepare: Prepare
    call: Call
    standing: Standing
    held: int = 0
    taken: int = 0
    given_back: int = 0


def pays_with(number: str) -> Call:
    async def call(till: Till, provider: StripePayments, order: PaymentOrder) -> Books:
        return await provider.authorise(order, till.token(number))

    return call


async def pays_with_a_payment_method(
    till: Till, provider: StripePayments, order: PaymentOrder
) -> Books:
    return await provider.authorise(order, till.stripe.make_payment_method())


async def takes_a_part(_: Till, provider: StripePayments, order: PaymentOrder) -> Books:
    return await provider.capture(order, 2000)


async def releases(_: Till, provider: StripePayments, order: PaymentOrder) -> Books:
    return await provider.release(order)


async def gives_back(_: Till, provider: StripePayments, order: PaymentOrder) -> Books:
    return await provider.refund(order, REFUND_ID, 500)


async def looks(_: Till, provider: StripePayments, order: PaymentOrder) -> Books:
    return await provider.look(order)


async def begun(till: Till) -> PaymentOrder:
    return await till.begun()


async def authorised(till: Till) -> PaymentOrder:
    return await till.authorised()


async def captured(till: Till) -> PaymentOrder:
    return await till.captured(2000, of_minor=4800)


async def failed_at_the_bank(till: Till) -> PaymentOrder:
    order = await till.begun()
    books = await till.provider.authorise(order, till.token(SECURE_CARD))
    assert books.client_secret
    till.stripe.authenticate(books.client_secret, success=False)
    return order


CASES = {
    "pay": Case(begun, pays_with("4242424242424242"), Standing.AUTHORISED, held=4800),
    "pay with a method": Case(begun, pays_with_a_payment_method, Standing.AUTHORISED, held=4800),
    "declined as customer": Case(begun, pays_with(REFUSED_AS_CUSTOMER_CARD), Standing.DECLINED),
    "declined at charge": Case(begun, pays_with(REFUSED_AT_CHARGE_CARD), Standing.DECLINED),
    "asked by the bank": Case(begun, pays_with(SECURE_CARD), Standing.NEEDS_ACTION),
    "look at a failure": Case(failed_at_the_bank, looks, Standing.DECLINED),
    "take a part": Case(authorised, takes_a_part, Standing.CAPTURED, taken=2000),
    "release": Case(authorised, releases, Standing.CANCELLED),
    "end": Case(begun, releases, Standing.CANCELLED),
    "give back": Case(captured, gives_back, Standing.CAPTURED, taken=2000, given_back=500),
}


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("name", CASES)
async def test_a_fault_at_any_request_moves_no_money_twice(
    till: Till, name: str, fault: Fault
) -> None:
    case = CASES[name]
    for number in range(1, await requests_made(till, case) + 1):
        for timeout_s in TIMEOUTS_S:
            order = await case.prepare(till)
            told, struck = await call_unlucky(till, case, order, fault, number, timeout_s)
            if struck:
                break
        assert len(struck) == 1, f"request {number} was not made"

        books = await case.call(till, till.provider, order)
        where = f"{fault.name} at request {number}, {struck[0]}"
        assert told in (None, books), where  # if it was answered, then rightly
        assert books.standing is case.standing, where
        found = till.books(order)
        moved = (found.held, found.taken, found.given_back)
        assert moved == (case.held, case.taken, case.given_back), where
        assert len(found.charges) <= 1, where
        assert len(found.given) == (1 if case.given_back else 0), where


async def call_unlucky(
    till: Till, case: Case, order: PaymentOrder, fault: Fault, number: int, timeout_s: float
) -> tuple[Books | None, list[Seen]]:
    """Call with a fault at one of the requests; what was told, and the requests it has struck."""
    before = len(till.line.seen)
    till.line.fail(fault, nth=number)
    try:
        told = await case.call(till, till.another(timeout_s), order)
    except ProviderError:
        told = None
    till.line.mend()
    return told, [seen for seen in till.line.seen[before:] if seen.fault]


async def requests_made(till: Till, case: Case) -> int:
    """How many requests the call makes when nothing happens to them."""
    order = await case.prepare(till)
    before = len(till.line.seen)
    books = await case.call(till, till.provider, order)
    assert books.standing is case.standing
    return len(till.line.seen) - before


@pytest.mark.parametrize("name", ["pay", "take a part", "release", "give back"])
async def test_an_answer_that_got_lost_is_looked_up_at_once(till: Till, name: str) -> None:
    case = CASES[name]
    order = await case.prepare(till)
    where = "/v1/refunds" if name == "give back" else "/v1/payment_intents/*/c*"
    till.line.fail(Fault.ANSWER_LOST, method="POST", path=where)
    assert (await case.call(till, till.provider, order)).standing is case.standing
    assert [seen.fault for seen in till.line.seen if seen.fault] == [Fault.ANSWER_LOST]


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
async def test_beginning_with_a_fault_sets_nothing_aside(till: Till, fault: Fault) -> None:
    order = an_order()
    till.line.fail(fault)
    with pytest.raises(ProviderError):
        await till.another(TIMEOUT_S).begin(order)
    assert await till.provider.begin(order)
    assert (till.books(order).held, till.books(order).charges) == (0, [])


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
async def test_nothing_is_told_while_the_books_cannot_be_seen(till: Till, fault: Fault) -> None:
    """The refund may have been made; only a look can tell."""
    order = await till.captured()
    with till.line.failing(fault, nth=3), pytest.raises(ProviderError):
        await till.another(TIMEOUT_S).refund(order, REFUND_ID, 500)
    assert len((await till.provider.refund(order, REFUND_ID, 500)).refunds) == 1
    assert till.books(order).given_back == 500
