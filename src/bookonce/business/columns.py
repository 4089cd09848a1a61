"""Values as statements take them: rows as a column each, structures as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bookonce.business.convert import encode_custom


def as_json(value: Any) -> str:
    """A part of the business in the form that its file has."""
    return msgspec.json.encode(value, enc_hook=encode_custom).decode()


def columns(number: int, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as arrays of a column each."""
    return [[row[column] for row in rows] for column in range(number)]
