"""What the real Stripe's objects mean, where localstripe's are different."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bookonce.payments.provider import Standing
from bookonce.payments.providers.stripe_books import failed_refunds, read_books

OURS = UUID(int=7)
TAKEN_AT = 1_790_000_000


def an_intent(status: str = "succeeded", received: int = 2000, **more: Any) -> dict[str, Any]:
    transaction = {"id": "txn_1", "created": TAKEN_AT, "currency": "eur", "fee": 59}
    charge = {"id": "ch_1", "status": "succeeded", "balance_transaction": transaction}
    intent = {"id": "pi_1", "amount": 4800, "amount_received": received, "latest_charge": charge}
    return intent | {"status": status, "metadata": {}} | more


def a_refund(amount: int, after_s: int = 0, **more: Any) -> dict[str, Any]:
    refund = {"id": f"re_{amount}_{after_s}", "amount": amount, "created": TAKEN_AT + after_s}
    return refund | {"payment_intent": "pi_1", "status": "succeeded", "metadata": {}} | more


@pytest.mark.parametrize(
    "status, standing",
    [
        ("requires_payment_method", Standing.OPEN),
        ("requires_confirmation", Standing.OPEN),
        ("requires_action", Standing.NEEDS_ACTION),
        ("processing", Standing.PENDING),
        ("requires_capture", Standing.AUTHORISED),
        ("succeeded", Standing.CAPTURED),
        ("canceled", Standing.CANCELLED),
    ],
)
def test_every_status_has_its_standing(status: str, standing: Standing) -> None:
    assert read_books(an_intent(status), [], "EUR").standing is standing


def test_a_status_that_is_new_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="requires_patience"):
        read_books(an_intent("requires_patience"), [], "EUR")


def test_what_a_partial_capture_let_go_is_not_money_given_back() -> None:
    books = read_books(an_intent(received=2000), [a_refund(2800)], "EUR")
    assert (books.captured_minor, books.refunds) == (2000, ())


def test_as_much_given_back_later_in_the_office_is() -> None:
    let_go, in_the_office = a_refund(1000, 1), a_refund(1000, 3600)
    for refunds in ([in_the_office, let_go], [in_the_office]):
        books = read_books(an_intent(received=3800), refunds, "EUR")
        assert [refund.provider_ref for refund in books.refunds] == [in_the_office["id"]]


def test_a_refund_of_ours_is_never_taken_for_what_was_let_go() -> None:
    ours = a_refund(2800, metadata={"refund_id": str(OURS)})
    books = read_books(an_intent(received=2000), [ours], "EUR")
    assert [refund.refund_id for refund in books.refunds] == [OURS]


def test_what_was_released_is_not_given_back() -> None:
    books = read_books(an_intent("canceled", received=0), [a_refund(4800)], "EUR")
    assert (books.standing, books.authorised_minor, books.captured_minor, books.refunds) == (
        Standing.CANCELLED,
        4800,
        0,
        (),
    )


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_failed_is_left_out_and_counted(status: str) -> None:
    failed = a_refund(500, status=status, metadata={"refund_id": str(OURS)})
    assert read_books(an_intent(), [failed], "EUR").refunds == ()
    assert (failed_refunds([failed], OURS), failed_refunds([failed], UUID(int=8))) == (1, 0)


def test_a_refund_on_its_way_is_not_settled() -> None:
    pending = a_refund(500, status="pending")
    assert [r.is_settled for r in read_books(an_intent(), [pending], "EUR").refunds] == [False]


def test_a_fee_is_told_in_the_payments_own_currency_only() -> None:
    assert read_books(an_intent(), [], "EUR").fee_minor == 59
    assert read_books(an_intent(), [], "GBP").fee_minor is None
    unexpanded = an_intent(latest_charge={"id": "ch_1", "balance_transaction": "txn_1"})
    assert read_books(unexpanded, [], "EUR").fee_minor is None


def test_a_decline_is_known_after_stripe_forgot_its_error() -> None:
    told = an_intent("requires_payment_method", last_payment_error={"code": "expired_card"})
    noted = an_intent("canceled", metadata={"declined": "expired_card"})
    for intent in (told, noted):
        books = read_books(intent, [], "EUR")
        assert (books.standing, books.problem) == (Standing.DECLINED, "expired_card")
