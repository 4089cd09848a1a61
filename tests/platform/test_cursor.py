"""What is given back as the end of a page: the same, or a refusal."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import pytest

from bookonce.platform.cursor import CURSOR_LENGTH_MAX, ByTime, decoded, encoded
from bookonce.platform.errors import ValidationError

ID = UUID(int=7)


class ByText(NamedTuple):
    text: str
    id: UUID


@pytest.mark.parametrize("text", ["", "Müller", "\U0001f487 \\ \"'", "x" * 600])
def test_it_comes_back_as_it_was(text: str) -> None:
    assert decoded(encoded(ByText(text, ID)), ByText) == ByText(text, ID)
    last = ByTime(datetime(2026, 11, 27, 12, 0, 0, 1, tzinfo=UTC), ID)
    assert decoded(encoded(last), ByTime) == last


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "é", "\ud800", "WyIiXQ", "A" * (CURSOR_LENGTH_MAX + 1), encoded({"at": 1}),
        encoded(("a\0b", ID)), base64.urlsafe_b64encode(b'["\xff", 1]').decode(),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [ByTime, ByText])
def test_anything_else_is_refused(cursor: str, kind: type[ByTime | ByText]) -> None:
    with pytest.raises(ValidationError) as caught:
        decoded(cursor, kind)
    assert [error.field for error in caught.value.errors] == ["cursor"]


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValidationError):
        decoded(encoded(("2026-11-27T12:00:00", ID)), ByTime)
