"""The business's own rules for what is on offer, which who works there may break where they have
the right to. That nobody has two visits at once is no rule: it is the guard's to say.
"""

from __future__ import annotations

from enum import StrEnum

from bookonce.events.catalogue import Manner


class Rule(StrEnum):
    """A rule that can be broken by name."""

    HOURS = "hours"  # the opening hours of the place and of who performs it
    NOTICE = "notice"  # the earliest start from now; without it, times gone by can be written down
    HORIZON = "horizon"  # the latest start from now
    STEP = "step"  # the minutes past midnight on which starts fall
    BUFFER = "buffer"  # time kept free before and after a service


Broken = frozenset[Rule]
NONE_BROKEN: Broken = frozenset()


def broken_in(manner: Manner) -> Broken:
    """The rules that don't hold for a change."""
    return frozenset(map(Rule, manner.broken_rules)) if manner.broken_rules else NONE_BROKEN
