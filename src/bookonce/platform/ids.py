"""Ids of rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A UUID that sorts by time of creation, kind to indexes; no rule relies on its order."""
    return uuid_utils.compat.uuid7()


def first_id_at(instant: datetime) -> UUID:
    """No id that `new_id` makes from an instant on sorts before this: where to begin to look."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
