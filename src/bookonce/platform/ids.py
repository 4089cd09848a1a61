"""Ids of rows."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A UUID that sorts by time of creation, kind to indexes; its order is never relied on."""
    return uuid_utils.compat.uuid7()
