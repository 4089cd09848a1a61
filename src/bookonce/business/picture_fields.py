"""Which fields of a business are pictures, and how large each is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bookonce.business.pictures import COVER, OF_SERVICE, PORTRAIT, Frame, kept
from bookonce.platform.errors import FieldError

PICTURES_CHARACTERS_MAX = 2 * 1024 * 1024
"""All pictures of a business together, as they are kept: each version of it has them."""


def with_pictures_kept(tree: dict[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """The tree with its pictures as they are kept, and what is wrong with them."""
    errors: list[FieldError] = []
    characters = 0
    for owner, name, place, frame in _pictures(tree):
        try:
            owner[name] = kept(owner[name], frame)
            characters += len(owner[name])
        except ValueError as error:
            errors.append(FieldError(place, str(error)))
    if characters > PICTURES_CHARACTERS_MAX:
        errors.append(
            FieldError(
                "", f"the pictures take {characters} characters; {PICTURES_CHARACTERS_MAX} at most"
            )
        )
    return tree, errors


def _pictures(tree: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str, Frame]]:
    """The tables that have a picture, its name there, its place in the file, and its frame."""
    page = tree.get("page")
    if isinstance(page, dict) and isinstance(page.get("cover"), str):
        yield page, "cover", "page.cover", COVER
    for table, frame in (("staff", PORTRAIT), ("service", OF_SERVICE)):
        rows = tree.get(table)
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict) and isinstance(row.get("picture"), str):
                yield row, "picture", f"{table}[{index}].picture", frame
