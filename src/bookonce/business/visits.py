"""A visit: how long a service takes the client, and which times it takes from whom.

Instants and offsets are whole seconds; intervals are half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from bookonce.platform.intervals import Interval, merged

DURATION_MIN_MAX = 10_080
PHASES_MAX = 20


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a visit. Without staff the performer is free for others: the colour takes."""

    duration_min: Annotated[int, Meta(ge=1, le=DURATION_MIN_MAX)]
    staff: bool = True


@lru_cache(maxsize=1_000)
def visit_of(
    duration_min: int,
    buffer_before_min: int,
    buffer_after_min: int,
    phases: tuple[Phase, ...],
) -> Visit:
    """The same visit for the same numbers, so that what is worked out from it is kept."""
    return Visit(duration_min, buffer_before_min, buffer_after_min, phases)


@dataclass(frozen=True)
class Visit:
    """How long a service takes, in minutes, and the buffers that are kept free around it.

    No phases: the performer is there all the time.
    """

    duration_min: int
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    phases: tuple[Phase, ...] = ()

    @property
    def duration_s(self) -> int:
        """The client's part, in seconds."""
        return self.duration_min * 60

    @cached_property
    def whole(self) -> Interval:
        """What it takes of a room or a chair: all of it, buffers included; from its start."""
        return -self.buffer_before_min * 60, (self.duration_min + self.buffer_after_min) * 60

    @cached_property
    def attended(self) -> tuple[Interval, ...]:
        """What it takes of the performer, from its start: the buffers and the phases with staff,
        those that touch joined.
        """
        first_s, end_s = self.whole
        pieces = [(first_s, 0)]
        at_s = 0
        for phase in self.phases or (Phase(self.duration_min),):
            if phase.staff:
                pieces.append((at_s, at_s + phase.duration_min * 60))
            at_s += phase.duration_min * 60
        pieces.append((at_s, end_s))
        return tuple(merged(pieces))
