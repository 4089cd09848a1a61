"""What is to be done about money, for every case; and the pictures that tell of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from bookonce.booking.appointment import TRANSITIONS, Status
from bookonce.payments.states import (
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    REFUND_TRIES_MAX,
    Money,
    Step,
    next_step,
    retry_at,
)

NOW = datetime(2026, 11, 27, tzinfo=UTC)
STATES = (Path(__file__).parents[2] / "docs/states.md").read_text()
WAITING = (Status.HELD, Status.EXPIRED)
OTHERS = tuple(one for one in Status if one not in WAITING)


def drawn(number: int) -> set[tuple[str, str]]:
    """The arrows of a picture, those of the beginning left out."""
    pictures = re.findall(r"```mermaid\n(.*?)```", STATES, re.DOTALL)
    arrows = re.findall(r"^ *(\S+) --> (\w+): \S", pictures[number], re.MULTILINE)
    return {(a, b) for a, b in arrows if a != "[*]"}


def test_the_picture_of_an_appointment_is_the_code() -> None:
    assert drawn(0) == {(a.value, b.value) for a, after in TRANSITIONS.items() for b in after}


def test_the_picture_of_a_payment_is_the_code() -> None:
    assert drawn(1) == {
        (a.value, b.value) for a, after in PAYMENT_TRANSITIONS.items() for b in after
    }


def test_the_picture_of_a_refund_is_the_code() -> None:
    assert drawn(2) == {
        (a.value, b.value) for a, after in REFUND_TRANSITIONS.items() for b in after
    }


def test_a_refund_that_fails_is_tried_again_slowly_and_not_for_ever() -> None:
    waits = [retry_at(tries, NOW) for tries in range(1, REFUND_TRIES_MAX)]
    hours = [(at - NOW) / timedelta(hours=1) for at in waits if at]
    assert hours[:6] == [1, 2, 4, 8, 16, 24]
    assert timedelta(hours=sum(hours)) < timedelta(days=10)
    assert retry_at(REFUND_TRIES_MAX, NOW) is None


def step(money: Money, status: Status, **more: object) -> Step:
    facts: dict[str, object] = {
        "is_live": True, "is_late": False, "surplus_minor": 0, "keep_minor": 0,
    } | more  # fmt: skip
    return next_step(money, status, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("status, is_late", list(product(WAITING, (False, True))))
def test_what_may_still_come_is_waited_for_but_not_for_ever(status: Status, is_late: bool) -> None:
    expected = Step.GIVE_UP if is_late else Step.NOTHING
    assert step(Money.NOWHERE, status, is_late=is_late) is expected


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("is_late", [False, True])
def test_nothing_is_confirmed_or_taken_by_what_was_given_up(status: Status, is_late: bool) -> None:
    facts = {"is_live": False, "is_late": is_late, "keep_minor": 5}
    assert step(Money.NOWHERE, status, **facts) is Step.RELEASE
    assert step(Money.SET_ASIDE, status, **facts) is Step.RELEASE
    assert step(Money.TAKEN, status, **facts) is Step.NOTHING
    assert step(Money.TAKEN, status, **facts, surplus_minor=1) is Step.REFUND


@pytest.mark.parametrize("status", OTHERS)
def test_what_may_still_come_is_ended_when_nobody_wants_it_any_more(status: Status) -> None:
    """But whoever has the time has paid: the look that saw no money is older than that."""
    expected = Step.RELEASE if status is Status.CANCELLED else Step.NOTHING
    assert step(Money.NOWHERE, status) is expected


@pytest.mark.parametrize("money", [Money.SET_ASIDE, Money.TAKEN])
@pytest.mark.parametrize("status", WAITING)
@pytest.mark.parametrize("is_late", [False, True])
def test_whoever_has_paid_is_confirmed_first(money: Money, status: Status, is_late: bool) -> None:
    found = step(money, status, is_late=is_late, keep_minor=5, surplus_minor=5)
    assert found is Step.CONFIRM


@pytest.mark.parametrize("status", OTHERS)
@pytest.mark.parametrize("keep_minor, expected", [(0, Step.RELEASE), (1, Step.CAPTURE)])
def test_only_what_is_due_is_taken(status: Status, keep_minor: int, expected: Step) -> None:
    assert step(Money.SET_ASIDE, status, keep_minor=keep_minor) is expected


@pytest.mark.parametrize("status", OTHERS)
@pytest.mark.parametrize("surplus_minor, expected", [(0, Step.NOTHING), (1, Step.REFUND)])
def test_what_is_not_due_is_given_back(status: Status, surplus_minor: int, expected: Step) -> None:
    assert step(Money.TAKEN, status, surplus_minor=surplus_minor, keep_minor=7) is expected


@pytest.mark.parametrize("status", Status)
def test_what_is_gone_is_closed(status: Status) -> None:
    assert step(Money.GONE, status, keep_minor=1, surplus_minor=1) is Step.CLOSE
