"""The protocol in every interleaving, and protocols with one thing wrong, each of them caught.

`python -m tests.model` prints the counts; docs/model.md says what the model is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model import broken, scripts, world
from tests.model.explore import NEVER_ENDS, explore
from tests.model.run import (
    ALL_WITH_MONEY,
    MONEY_AND_FAULT,
    VISITS,
    VISITS_AND_FAULT,
    WITH_MONEY,
    WITHOUT_MONEY,
    Group,
    explore_group,
    explore_three,
    row,
)
from tests.model.scripts import Three
from tests.model.steps import STEPS
from tests.model.turn import Step

PAGE = Path(__file__).parents[2] / "docs" / "model.md"


LONG = [pytest.mark.nightly, pytest.mark.timeout(3600)]
SLOW = pytest.mark.timeout(300)
"""A minute and a half of one processor."""


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(WITHOUT_MONEY, id="without money", marks=SLOW),
        pytest.param(VISITS, id="visits"),
        pytest.param(WITH_MONEY, id="with money", marks=SLOW),
        pytest.param(ALL_WITH_MONEY, id="all with money", marks=LONG),
        pytest.param(VISITS_AND_FAULT, id="visits and a fault", marks=LONG),
        pytest.param(MONEY_AND_FAULT, id="money and a fault", marks=LONG),
    ],
)
def test_nothing_is_broken_in_any_interleaving(group: Group) -> None:
    found = explore_group(group)

    assert found.violation is None, f"\n{found.violation}"
    assert row(group, found) in PAGE.read_text(), "the page tells other counts"


BOOKERS = (scripts.BOOK, scripts.BOOK, scripts.BOOK_ANYONE)
TWICE = (scripts.BOOK_TWICE, scripts.BOOK_TWICE, scripts.BOOK)
PAYER = (scripts.PAY, scripts.BOOK, scripts.BOOK_ANYONE)
STAYER = (scripts.MOVE_NOWHERE_TWICE, scripts.MOVE_NOWHERE_TWICE, scripts.CANCEL)
VISITORS = (scripts.VISIT, scripts.BOOK, scripts.BOOK_ANYONE)
MOVER = (scripts.MOVE, scripts.BOOK_ANYONE, scripts.CANCEL)


@pytest.mark.parametrize(
    ("step", "wrong", "three", "faults", "what"),
    [
        ("claim", broken.check_then_insert, BOOKERS, 0, "r0 is taken twice"),
        ("remember", broken.remember_later, TWICE, 0, "two appointments under one key"),
        ("secure", broken.confirm_without_looking, PAYER, 0, "r0 is taken twice"),
        ("confirm", broken.capture_first, PAYER, 0,
         "money is captured for an appointment that isn't confirmed"),
        ("capture", broken.capture_without_a_key, PAYER, 1, "money is captured twice"),
        ("release", broken.release_and_commit, MOVER, 0,
         "a confirmed appointment without its claim"),
        ("claim", broken.wait_for_the_sweeper,
         (scripts.ABANDON, scripts.BOOK, scripts.BOOK), 0,
         "refused because of a hold that had run out"),
        ("claim", broken.forget_refusals,
         (scripts.BOOK_WITHOUT_KEY, scripts.BOOK, scripts.BOOK), 1,
         "somebody hears that the time is taken, and has it"),
        ("cancel", broken.cancel_without_looking, MOVER, 0,
         "a claim of an appointment that is cancelled"),
        ("claim", broken.keep_a_part, VISITORS, 0, "a confirmed appointment without its claim"),
        ("claim", broken.mix_two_plans, VISITORS, 0, "an appointment with parts of two plans"),
        ("stay", broken.stay_without_a_word, STAYER, 0, "one key, two answers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_caught(
    step: str, wrong: Step, three: Three, faults: int, what: str
) -> None:
    found = explore_three(three, faults, {**STEPS, step: wrong})

    assert found.violation is not None
    assert found.violation.what == what
    print(f"\n{wrong.__name__}:\n{found.violation}")


def test_the_shortest_way_to_a_double_booking_is_told_in_words() -> None:
    found = explore_three(BOOKERS, 0, {**STEPS, "claim": broken.check_then_insert})

    assert str(found.violation) == (
        "  1. client 1 (books r0): its statement begins, the key is new\n"
        "  2. client 1 (books r0): sees r0 free, writes its claim\n"
        "  3. client 1 (books r0): writes the key's row\n"
        "  4. client 2 (books r0): its statement begins, the key is new\n"
        "  5. client 2 (books r0): sees r0 free, writes its claim\n"
        "  6. client 1 (books r0): commits\n"
        "  7. client 1 (books r0): hears: booked\n"
        "  8. client 2 (books r0): writes the key's row\n"
        "  9. client 2 (books r0): commits\n"
        "  => r0 is taken twice"
    )


def test_what_goes_in_circles_is_caught() -> None:
    """A ring that is entered at 2, and a way past it to the end at 1."""
    leads_to = {0: [1, 2], 1: [], 2: [3], 3: [2]}

    found = explore(
        0,
        lambda number: [(f"to {after}", after) for after in leads_to[number]],
        lambda _: None,
        lambda _: None,
    )

    assert found.violation is not None
    assert found.violation.what == NEVER_ENDS
    assert str(found.violation).startswith("  1. to 2")


def test_a_move_to_where_it_is_already_has_one_answer_too() -> None:
    assert explore_three(STAYER, 1).violation is None


def test_two_moves_into_each_other_would_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database finds the deadlock and undoes one of them; the protocol leans on that."""
    three = (scripts.MOVE, scripts.MOVE_OTHER, scripts.BOOK)
    assert explore_three(three, 0).violation is None

    monkeypatch.setattr(world, "_deadlocks", lambda _: [])
    found = explore_three(three, 0)

    assert found.violation is not None
    assert found.violation.what == "somebody waits for ever"
