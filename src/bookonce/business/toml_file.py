"""The business file: a business as TOML, read and written."""

from __future__ import annotations

import codecs
import tomllib
from typing import Any

import tomlkit

from bookonce.business.document import Business
from bookonce.business.tree import as_tree, from_tree
from bookonce.platform.errors import FieldError, ValidationError

FILE_BYTES_MAX = 4 * 1024 * 1024


_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def decoded(data: bytes) -> str:
    """The text of a business file as it lies on a disk, with or without a byte order mark.

    Raises ValidationError if it isn't in UTF-8.
    """
    if data.startswith(_OTHER_MARKS) or b"\0" in data[:4]:
        raise ValidationError([FieldError("", "saved as UTF-16 or UTF-32; save it as UTF-8")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError(
            [FieldError("", f"not UTF-8: {error.reason} at byte {error.start}")]
        ) from None


def parse(text: str) -> Business:
    """Read a business file. Raises ValidationError naming every place that is wrong."""
    try:
        return from_tree(_tables(text))
    except RecursionError:
        raise ValidationError([FieldError("", "nested too deeply")]) from None


def _tables(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
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
