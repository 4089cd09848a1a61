"""Which connections of a worker have to end, so that there is room for the others.

A server process holds a bounded number of connections. Whoever opens many and says nothing, or
asks and doesn't read, takes that room from everybody. So a reader that is too slow is cut off, and
where one address or all together hold too many, those end first that have been quiet for longest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

READ_S_MAX = 10.0
"""So long may an answer wait for its reader before the reader's speed counts."""
READ_BYTES_PER_S_MIN = 500
"""What counts as reading: a tenth of what the slowest telephones manage."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One connection, as the kernel tells of it at some moment."""

    key: int
    """Its own for as long as the machine runs."""
    network: str | None
    """What its client is counted by; None: a proxy of the operator's, which isn't counted."""
    waiting_bytes: int
    """What was written and the client hasn't acknowledged."""
    read_bytes: int
    """What the client has acknowledged in all."""
    quiet_s: float
    """How long ago data came or went."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Since when an answer waits for its reader, and what was read by then."""

    since_s: float
    read_bytes: int


def marked(marks: Mapping[int, Mark], seen: Iterable[Seen], now_s: float) -> dict[int, Mark]:
    """The marks after a look: of connections with something to read, renewed for those who read
    fast enough.
    """
    found = {}
    for each in seen:
        if not each.waiting_bytes:
            continue
        mark = marks.get(each.key)
        if mark is None or _reads(each, mark, now_s):
            mark = Mark(now_s, each.read_bytes)
        found[each.key] = mark
    return found


def _reads(seen: Seen, mark: Mark, now_s: float) -> bool:
    waited_s = now_s - mark.since_s
    read = seen.read_bytes - mark.read_bytes
    return waited_s >= READ_S_MAX and read >= waited_s * READ_BYTES_PER_S_MIN


def to_end(
    marks: Mapping[int, Mark],
    seen: Sequence[Seen],
    now_s: float,
    *,
    per_network_max: int | None,
    in_all_max: int,
) -> set[int]:
    """The keys of the connections that end now; `marks` are those after this look."""
    ended = {
        each.key
        for each in seen
        if each.key in marks and now_s - marks[each.key].since_s >= READ_S_MAX
    }
    left = [each for each in seen if each.key not in ended]
    if per_network_max is not None:
        by_network: defaultdict[str, list[Seen]] = defaultdict(list)
        for each in left:
            if each.network is not None:
                by_network[each.network].append(each)
        for of_one in by_network.values():
            ended |= _quietest(of_one, len(of_one) - per_network_max)
    left = [each for each in left if each.key not in ended]
    return ended | _quietest(left, len(left) - in_all_max)


def _quietest(connections: Sequence[Seen], number: int) -> set[int]:
    if number <= 0:
        return set()
    ordered = sorted(connections, key=lambda each: each.quiet_s, reverse=True)
    return {each.key for each in ordered[:number]}
