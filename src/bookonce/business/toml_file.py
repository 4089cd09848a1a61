"""The business file: a business as TOML, read and written."""

from __future__ import annotations

import tomllib
from typing import Any

import tomlkit

from bookonce.business.document import Business
from bookonce.business.tree import as_tree, from_tree
from bookonce.platform.errors import FieldError, ValidationError

FILE_BYTES_MAX = 4 * 1024 * 1024


def parse(text: str) -> Business:
    """Read a business file. Raises ValidationError naming every place that is wrong."""
    try:
        return from_tree(_tables(text))
    except RecursionError:
        raise ValidationError([FieldError("", "nested too deeply")]) from None


def _tables(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValidationError([FieldError("", f"not valid TOML: {error}")]) from None
    except ValueError:  # Python reads no number of thousands of digits
        raise ValidationError([FieldError("", "not valid TOML: a number is too long")]) from None


def render(business: Business) -> str:
    """Write the file that describes a business; `parse` reads the same business back."""
    document = tomlkit.document()
    tree = as_tree(business)
    if not business.business.closed:
        del tree["business"]["closed"]
    for staff in tree.get("staff", ()):
        if "at" in staff and not staff["hours"]:
            del staff["hours"]  # an empty table would read as if there were no hours
    for name, value in tree.items():
        document[name] = value
    return tomlkit.dumps(document)
