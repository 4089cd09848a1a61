"""Opening hours: spans of wall-clock minutes, and the instants they open.

A span belongs to the date it starts on and may run past midnight. An instant is open when its
wall-clock date and time lie in a span; so the open instants are the spans shifted back by the
zone's offset, piece by piece of constant offset. A skipped hour has no instants, a repeated one
has them twice; nothing else about daylight saving needs saying.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from bookonce.platform.intervals import Interval, merged
from bookonce.platform.zones import DAY_S, day_number, offset_segments

DAY_MIN = 1440
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_HINTS = (
    (re.compile(r"^24:00-"), "; what begins at 24:00 begins at 00:00 of the next day"),
    (re.compile(r"[0-9]:[0-9]{2}:[0-9]{2}"), "; times are to the minute"),
    (re.compile(r"[0-9]( *[Zz]|[+][0-9])"), "; times are local, without an offset"),
)


class Span:
    """Minutes since local midnight, [start_min, end_min); past 1440 means the next day."""

    __slots__ = ("end_min", "start_min")

    def __init__(self, start_min: int, end_min: int) -> None:
        whole_day = (start_min, end_min) == (0, DAY_MIN)
        # A whole day is counted from midnight only: elsewhere it would be written as it ends.
        if (
            not whole_day
            and not 0 <= start_min < min(end_min, DAY_MIN) <= end_min < start_min + DAY_MIN
        ):
            raise ValueError(f"a span lasts between a minute and a day, not {start_min}-{end_min}")
        self.start_min = start_min
        self.end_min = end_min

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "09:00-12:30"; an end at or before the start is on the next day.

        Raises ValueError saying what was expected.
        """
        match = _SPAN.fullmatch(text)
        if not match:
            hint = next((hint for wrong, hint in _HINTS if wrong.search(text)), "")
            raise ValueError(f'expected a span such as "09:00-12:30", got {text!r}{hint}')
        start_min = int(match[1]) * 60 + int(match[2])
        end_min = int(match[3] or match[5]) * 60 + int(match[4] or match[6])
        if end_min == start_min:
            raise ValueError(f'the span {text!r} is empty; a whole day is "00:00-24:00"')
        return cls(start_min, end_min if end_min > start_min else end_min + DAY_MIN)

    def __str__(self) -> str:
        end_min = self.end_min if self.end_min <= DAY_MIN else self.end_min - DAY_MIN
        return f"{_clock(self.start_min)}-{_clock(end_min)}"

    def __repr__(self) -> str:
        return f"Span({self})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Span)
            and self.start_min == other.start_min
            and self.end_min == other.end_min
        )

    def __hash__(self) -> int:
        return hash((self.start_min, self.end_min))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Somebody's or somewhere's hours: spans by weekday (Monday first) and by overridden day
    number. Told apart by identity, so that what is worked out from them can be kept.
    """

    weekly: tuple[tuple[Span, ...], ...]
    overrides: Mapping[int, tuple[Span, ...]]

    @classmethod
    def of(
        cls,
        weekly: Mapping[str, Sequence[Span]],
        overrides: Iterable[tuple[date, Sequence[Span]]] = (),
    ) -> Hours:
        """Hours from weekday names ("mon" … "sun") and dates."""
        return cls(
            tuple(tuple(weekly.get(name, ())) for name in WEEKDAYS),
            {day_number(day): tuple(spans) for day, spans in overrides},
        )

    def spans_on(self, day: int) -> tuple[Span, ...]:
        """The spans that begin on a day number."""
        override = self.overrides.get(day)
        if override is not None:
            return override
        return self.weekly[(day + 3) % 7]  # day 0, 1970-01-01, was a Thursday


def overlapping(spans: Sequence[Span]) -> tuple[Span, Span] | None:
    """The first two spans of one day that share a minute, if any do."""
    ordered = sorted(spans, key=lambda span: span.start_min)
    for earlier, later in pairwise(ordered):
        if later.start_min < earlier.end_min:
            return earlier, later
    return None


def open_intervals(hours: Hours, zone: ZoneInfo, start_s: int, end_s: int) -> list[Interval]:
    """The open instants within [start_s, end_s): disjoint, ascending, touching ones joined."""
    pieces: list[Interval] = []
    for segment in offset_segments(zone, start_s, end_s):
        shift_s = segment.offset_s
        first_day = (segment.start_s + shift_s) // DAY_S - 1  # yesterday may run past midnight
        last_day = (segment.end_s - 1 + shift_s) // DAY_S
        for day in range(first_day, last_day + 1):
            midnight_s = day * DAY_S - shift_s
            for span in hours.spans_on(day):
                low = max(midnight_s + span.start_min * 60, segment.start_s)
                high = min(midnight_s + span.end_min * 60, segment.end_s)
                if low < high:
                    pieces.append((low, high))
    return merged(pieces)
