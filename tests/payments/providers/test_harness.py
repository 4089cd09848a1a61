"""The stand-in and the line do what tests that are built on them take for granted."""

from __future__ import annotations

import httpx
import pytest

from tests.localstripe import Fault, FaultyLine, LocalStripe
from tests.payments.providers.conftest import Till

PASSED_ON = {Fault.ANSWER_LOST, Fault.ANSWER_LATE, Fault.ANSWER_TORN}


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_a_fault_strikes_the_nth_request_that_fits(
    local_stripe: LocalStripe, line: FaultyLine, fault: Fault
) -> None:
    line.fail(fault, nth=2, method="POST", path="/v1/cust*")
    with httpx.Client(base_url=line.api_base, auth=("sk_test_x", ""), timeout=3) as client:

        def ask(email: str) -> str:
            try:
                return str(client.post("/v1/customers", data={"email": email}).status_code)
            except httpx.HTTPError as error:
                return type(error).__name__

        assert ask("first@example.com") == "200"
        assert client.get("/v1/customers").status_code == 200
        struck = ask("second@example.com")
        assert ask("third@example.com") == "200"
    expected = {
        Fault.SERVER_ERROR: "500",
        Fault.BUSY: "429",
        Fault.SILENCE: "ReadTimeout",
        Fault.ANSWER_LATE: "ReadTimeout",
    }
    assert struck == expected.get(fault, struck)
    assert not struck.startswith("2")
    known = {customer["email"] for customer in local_stripe.customers()}
    assert ("second@example.com" in known) is (fault in PASSED_ON)
    assert [seen.fault for seen in line.seen if seen.method == "POST"] == [None, fault, None]


async def test_the_books_add_up(till: Till) -> None:
    held = await till.authorised(700)
    taken = await till.captured(2000, of_minor=4800)
    till.stripe.refund_in_office(str(taken.provider_ref), 500)
    books = till.stripe.books()
    assert (books.held, books.taken, books.given_back) == (700, 2000, 500)
    assert (till.books(held).held, till.books(held).taken) == (700, 0)


def test_a_stand_in_that_died_shows_what_it_said() -> None:
    with LocalStripe() as stripe:
        stripe.books()
        assert stripe._process
        stripe._process.kill()
        with pytest.raises(RuntimeError, match="/v1/balance"):
            stripe.books()
