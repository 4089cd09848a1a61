"""What is said of a deposit: what comes back on cancelling, by the business's own rules."""

from __future__ import annotations

import pytest

from bookonce.booking.terms import Terms
from bookonce.business.deposits import RefundTier
from bookonce.platform.languages import language
from bookonce.web.booking_page.deposit import refund_words

ENGLISH = language("en", None, "en")
LATER = "If you cancel later than that, nothing comes back."
NEVER = "The deposit isn't given back if you cancel."


@pytest.mark.parametrize(
    "tiers, cancel_until_min, told",
    [
        (None, 1440, ["If you cancel at least 24 hours before, you get all of it back."]),
        (None, 0, ["If you cancel before it begins, you get all of it back."]),
        ([], 0, [NEVER]),
        ([(60, 0)], 0, [NEVER]),
        (
            [(1440, 50), (4320, 100)],
            60,
            [
                "If you cancel at least 3 days before, you get all of it back.",
                "If you cancel at least 24 hours before, you get 50% of it back.",
                LATER,
            ],
        ),
        # A client can't cancel so late that the second rule would hold.
        (
            [(4320, 100), (60, 20)],
            1440,
            [
                "If you cancel at least 3 days before, you get all of it back.",
                "If you cancel at least 24 hours before, you get 20% of it back.",
            ],
        ),
        # The most generous one holds.
        (
            [(4320, 50), (1440, 80)],
            1440,
            ["If you cancel at least 24 hours before, you get 80% of it back."],
        ),
        ([(0, 30)], 0, ["If you cancel before it begins, you get 30% of it back."]),
    ],
)
def test_what_comes_back(
    tiers: list[tuple[int, int]] | None, cancel_until_min: int, told: list[str]
) -> None:
    rules = None if tiers is None else tuple(RefundTier(*tier) for tier in tiers)
    assert refund_words(Terms(cancel_until_min, 0, rules), ENGLISH) == told


def test_days_are_days_in_arabic_too() -> None:
    assert language("ar", None, "ar").span(2880) == "يومان"
    assert ENGLISH.span(1440) == "24 hours"
    assert ENGLISH.span(1500) == "25 hours"


@pytest.mark.parametrize(
    ("tiers", "rest"),
    [
        (None, ["If you cancel at least 24 hours before, you get all of it back."]),
        ([], ["If you cancel later than that, nothing comes back."]),
    ],
)
def test_the_time_after_booking_in_which_all_comes_back_is_told_first(
    tiers: list[tuple[int, int]] | None, rest: list[str]
) -> None:
    rules = None if tiers is None else tuple(RefundTier(*tier) for tier in tiers)
    first = "If you cancel within 15 minutes of booking, you get all of it back."
    assert refund_words(Terms(1440, 15, rules), ENGLISH) == [first, *rest]
