"""What is kept of a failure, and how long to wait after it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

BASE_S = 1.0
DELAY_S_MAX = 300.0
JITTER = 0.2
TEXT_MAX = 300
_CREDENTIALS = re.compile(r"//[^/\s@]*@")
_ADDRESS = re.compile(r"[^\s@'\"<(]+@[^\s@'\">)]+")


def described(error: BaseException) -> str:
    """The error's type and the first line of its message, without passwords and mail addresses.

    The lines after the first are where PostgreSQL quotes rows.
    """
    first_line = next(iter(str(error).splitlines()), "")
    text = _ADDRESS.sub("…", _CREDENTIALS.sub("//…", first_line))
    return f"{type(error).__name__}: {text}"[:TEXT_MAX].removesuffix(": ")


def delay_s(failures: int, draw: Callable[[], float] = random.random) -> float:
    """How long to wait after the nth failure, counted from 1: doubling, less up to a fifth."""
    full_s = min(DELAY_S_MAX, BASE_S * 2.0 ** min(failures - 1, 30))
    return full_s * (1 - JITTER * draw())
