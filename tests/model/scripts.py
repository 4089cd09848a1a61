"""What the clients may want; the model runs every choice of three of these."""

from __future__ import annotations

from itertools import combinations_with_replacement

from tests.model.state import Script
from tests.model.world import X, Y

OWN, KEY_OF_BOOKING, KEY_OF_MOVE, KEY_OF_PAYMENT = -1, 3, 4, 5
Three = tuple[Script, Script, Script]

BOOK = Script("books r0", "book", OWN, (0,))
BOOK_WITHOUT_KEY = Script("books r0, no key", "book", OWN, (0,), has_key=False)
BOOK_ANYONE = Script("books anyone", "book", OWN, (0, 1))
BOOK_TWICE = Script("books anyone, key B", "book", KEY_OF_BOOKING, (0, 1))
MOVE = Script("moves X to r1", "move", OWN, (1,), X)
MOVE_TWICE = Script("moves X to r1, key M", "move", KEY_OF_MOVE, (1,), X)
MOVE_NOWHERE_TWICE = Script("moves X to r0, key M", "move", KEY_OF_MOVE, (0,), X)
MOVE_BACK = Script("moves X to r0", "move", OWN, (0,), X)
MOVE_OTHER = Script("moves Y to r0", "move", OWN, (0,), Y)
CANCEL = Script("cancels X", "cancel", OWN, (), X)
PAY = Script("holds r0 and pays", "pay", OWN, (0,))
PAY_TWICE = Script("holds r0 and pays, key P", "pay", KEY_OF_PAYMENT, (0,))
PAY_ANYONE = Script("holds anyone and pays", "pay", OWN, (0, 1))
ABANDON = Script("holds r0 and leaves", "abandon", OWN, (0,))

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

WITH_MONEY = frozenset({"pay", "abandon"})


def every_three() -> list[Three]:
    """Every choice of three clients. A key that is shared with nobody is like one's own."""
    return [
        three
        for three in combinations_with_replacement(ALL, 3)
        if not any(script.key != OWN and three.count(script) == 1 for script in three)
    ]


def payers(three: Three) -> int:
    """How many of them hold a time."""
    return sum(script.verb in WITH_MONEY for script in three)
