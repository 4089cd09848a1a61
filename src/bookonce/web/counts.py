"""How often each client has done something of late, counted by all workers of a server together.

The counts lie in a file of fixed size that every worker maps into its memory: however many clients
there are, it doesn't grow. A client's count is found at several places that its name is hashed to,
and is the smallest of what stands there (a count-min sketch), so one who shares a place with
somebody else is still told apart. Two workers that count the same client in the same instant may
count once; nobody is counted who wasn't there.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

FILE = "_BOOKONCE_COUNTS_FILE"
"""The variable that tells workers where their server's counts lie; nobody else sets it."""
PLACES = 4
CELLS = 1 << 15
COUNT_MAX = 0xFFFF
_KEY_BYTES = 16
_WINDOWS = 3  # this one, the one before, and the one that is emptied
_CELL_BYTES = 2
_EPOCH_BYTES = 8
_WINDOW_BYTES = _EPOCH_BYTES + PLACES * CELLS * _CELL_BYTES
_RATE = re.compile(r"(?P<count>\d+)/(?P<number>\d*)(?P<unit>second|minute|hour|day)s?")
_UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    count: int
    seconds: int

    @classmethod
    def of(cls, text: str) -> Rate:
        """From "60/minute" or "20/10minutes"."""
        match = _RATE.fullmatch(text)
        assert match is not None
        return cls(int(match["count"]), int(match["number"] or 1) * _UNITS_S[match["unit"]])


class Kind(IntEnum):
    """What is counted. Each has a place of its own in the file."""

    CHANGES = 0
    READS = 1
    FORMS_OF_A_NETWORK = 2
    FORMS_OF_A_BUSINESS = 3
    WITHOUT_PROOF = 4
    BOOKINGS_OF_A_NETWORK = 5
    BOOKINGS_OF_A_CLIENT = 6
    DECLINES = 7
    BOOKINGS_OF_AN_AGENT = 8


class Counts:
    """Counts of one kind of thing by one rate, such as "60/minute"."""

    def __init__(self, kind: Kind, rate: str) -> None:
        self._rate = Rate.of(rate)
        # Counts beyond what a cell holds are kept in steps.
        self._step = -(-self._rate.count // (COUNT_MAX // 8))
        self._key, self._cells = _mapped(os.environ.get(FILE))
        self._first = _KEY_BYTES + kind * _WINDOWS * _WINDOW_BYTES

    def wait_s(self, client: str, now_s: float, times: int = 1) -> int:
        """Count it, unless it would be too many: then how many seconds to wait; else 0.

        `times` is by how much more than others the client may. Whole windows are counted; of the one before this counts the share that is less than a
        window ago.
        """
        counted, earlier, since_s = self._counted(client, now_s)
        share = 1 - since_s / self._rate.seconds
        steps_max = self._rate.count * times // self._step
        if counted + math.ceil(earlier * share) + 1 > steps_max:
            return self._until_room(counted, earlier, steps_max, since_s)
        self.add(client, now_s, 1)
        return 0

    @property
    def rate(self) -> Rate:
        """What is allowed."""
        return self._rate

    def left(self, client: str, now_s: float) -> int:
        """How often a client may do it now before it has to wait."""
        counted, earlier, since_s = self._counted(client, now_s)
        share = 1 - since_s / self._rate.seconds
        steps = self._rate.count // self._step - counted - math.ceil(earlier * share)
        return max(0, steps * self._step)

    def add(self, client: str, now_s: float, cost: int) -> None:
        """Count what was done already, however much it is; below 0: take back what was counted."""
        present = self._window(int(now_s // self._rate.seconds))
        for place in self._places(client):
            count = self._read(present, place) + -(-cost // self._step)
            self._write(present, place, max(0, min(COUNT_MAX, count)))

    def _counted(self, client: str, now_s: float) -> tuple[int, int, float]:
        """The steps of this window and of the one before, and how long ago this one began."""
        epoch, since_s = divmod(now_s, self._rate.seconds)
        present = self._window(int(epoch))
        before = self._window(int(epoch) - 1)
        places = self._places(client)
        counted = min(self._read(present, place) for place in places)
        earlier = min(self._read(before, place) for place in places)
        return counted, earlier, since_s

    def _until_room(self, counted: int, earlier: int, steps_max: int, since_s: float) -> int:
        seconds = self._rate.seconds
        left = steps_max - counted - 1
        if left >= 0 and earlier:  # enough of the window before is over by then
            return max(1, math.ceil(seconds * (1 - left / earlier) - since_s))
        share = max(0.0, (steps_max - 1) / counted) if counted else 1.0
        return max(1, math.ceil(seconds - since_s + seconds * (1 - min(1.0, share))))

    def _places(self, client: str) -> list[int]:
        digest = hashlib.blake2b(client.encode(), key=self._key, digest_size=4 * PLACES).digest()
        return [
            (number * CELLS + int.from_bytes(digest[4 * number : 4 * number + 4]) % CELLS)
            * _CELL_BYTES
            for number in range(PLACES)
        ]

    def _window(self, epoch: int) -> int:
        """Where a window's cells begin, emptied if another used the place before it."""
        start = self._first + epoch % _WINDOWS * _WINDOW_BYTES
        cells = start + _EPOCH_BYTES
        if int.from_bytes(self._cells[start:cells]) != epoch:
            self._cells[cells : start + _WINDOW_BYTES] = bytes(_WINDOW_BYTES - _EPOCH_BYTES)
            self._cells[start:cells] = epoch.to_bytes(_EPOCH_BYTES)
        return cells

    def _read(self, cells: int, place: int) -> int:
        at = cells + place
        return int.from_bytes(self._cells[at : at + _CELL_BYTES])

    def _write(self, cells: int, place: int, count: int) -> None:
        at = cells + place
        self._cells[at : at + _CELL_BYTES] = count.to_bytes(_CELL_BYTES)


FILE_BYTES = _KEY_BYTES + len(Kind) * _WINDOWS * _WINDOW_BYTES


def make_file(folder: str | None = None) -> str:
    """A file of counts, empty, with a key of its own; for its workers only."""
    descriptor, path = tempfile.mkstemp(prefix="counts-", dir=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.truncate(FILE_BYTES)
    return path


def _mapped(path: str | None) -> tuple[bytes, mmap.mmap]:
    if path is None:
        cells = mmap.mmap(-1, FILE_BYTES)
        cells[:_KEY_BYTES] = secrets.token_bytes(_KEY_BYTES)
    else:
        with Path(path).open("r+b") as file:
            cells = mmap.mmap(file.fileno(), FILE_BYTES)
    return cells[:_KEY_BYTES], cells
