"""What the clients may want; the model runs every choice of three of these."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

from tests.model.state import Script
from tests.model.world import X, Y, Z

OWN, KEY_OF_BOOKING, KEY_OF_MOVE, KEY_OF_PAYMENT = -1, 3, 4, 5
Three = tuple[Script, Script, Script]

BOOK = Script("books r0", "book", OWN, ((0,),))
BOOK_WITHOUT_KEY = Script("books r0, no key", "book", OWN, ((0,),), has_key=False)
BOOK_ANYONE = Script("books anyone", "book", OWN, ((0,), (1,)))
BOOK_TWICE = Script("books anyone, key B", "book", KEY_OF_BOOKING, ((0,), (1,)))
MOVE = Script("moves X to r1", "move", OWN, ((1,),), X)
MOVE_TWICE = Script("moves X to r1, key M", "move", KEY_OF_MOVE, ((1,),), X)
MOVE_NOWHERE_TWICE = Script("moves X to r0, key M", "move", KEY_OF_MOVE, ((0,),), X)
MOVE_BACK = Script("moves X to r0", "move", OWN, ((0,),), X)
MOVE_OTHER = Script("moves Y to r0", "move", OWN, ((0,),), Y)
CANCEL = Script("cancels X", "cancel", OWN, (), X)
PAY = Script("holds r0 and pays", "pay", OWN, ((0,),))
PAY_TWICE = Script("holds r0 and pays, key P", "pay", KEY_OF_PAYMENT, ((0,),))
PAY_ANYONE = Script("holds anyone and pays", "pay", OWN, ((0,), (1,)))
ABANDON = Script("holds r0 and leaves", "abandon", OWN, ((0,),))

# A visit of two services. r0 and r1 are one person's times for them, r2 is another's for the second.
VISIT = Script("books a visit", "book", OWN, ((0, 1), (0, 2)))
VISIT_TWICE = Script("books a visit, key B", "book", KEY_OF_BOOKING, ((0, 1), (0, 2)))
VISIT_BESIDE = Script("books a visit beside it", "book", OWN, ((1, 2),))
MOVE_VISIT = Script("moves the visit Z to r1 and r2", "move", OWN, ((1, 2),), Z)
CANCEL_VISIT = Script("cancels the visit Z", "cancel", OWN, (), Z)

ALL = (
    BOOK,
    BOOK_WITHOUT_KEY,
    BOOK_ANYONE,
    BOOK_TWICE,
    MOVE,
    MOVE_TWICE,
    MOVE_BACK,
    MOVE_OTHER,
    CANCEL,
    PAY,
    PAY_TWICE,
    PAY_ANYONE,
    ABANDON,
)

VISITS = (VISIT, VISIT_TWICE, VISIT_BESIDE, MOVE_VISIT, CANCEL_VISIT)
AMONG_VISITS = (*VISITS, BOOK, BOOK_ANYONE, MOVE, CANCEL)
"""Those who want a visit, and those who get into their way."""

WITH_MONEY = frozenset({"pay", "abandon"})


def every_three(scripts: Sequence[Script] = ALL) -> list[Three]:
    """Every choice of three clients. A key that is shared with nobody is like one's own."""
    return [
        three
        for three in combinations_with_replacement(scripts, 3)
        if not any(script.key != OWN and three.count(script) == 1 for script in three)
    ]


def visits() -> list[Three]:
    """Every choice of three in which somebody wants a visit. Nobody has r0 or r1 twice at first."""
    return [
        three
        for three in every_three(AMONG_VISITS)
        if not set(VISITS).isdisjoint(three)
        and len({script.appointment for script in three} - {-1}) < 2
    ]


def payers(three: Three) -> int:
    """How many of them hold a time."""
    return sum(script.verb in WITH_MONEY for script in three)
