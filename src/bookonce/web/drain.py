"""A server that is about to stop says so first, so that a proxy sends requests elsewhere.

The process that was told to stop marks it with a file, which its workers look for: they are
processes of their own, and a signal would stop them.
"""

from __future__ import annotations

import os
from pathlib import Path

PLACE = "_BOOKONCE_DRAIN_FILE"
"""The variable by which a server tells its workers where the mark is. Not a setting."""


def is_draining() -> bool:
    """Whether this server is about to stop."""
    place = os.environ.get(PLACE)
    return place is not None and os.access(place, os.F_OK)


def mark_draining() -> None:
    """Tell the workers that this server is about to stop."""
    Path(os.environ[PLACE]).touch()
