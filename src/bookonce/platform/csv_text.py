"""Cells of a file for a spreadsheet, which takes what begins like a formula for one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets tell that a file is UTF-8."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def quoted(text: str) -> str:
    """A cell that stands for itself in any spreadsheet: with an apostrophe before what would be a
    formula.
    """
    return f"'{text}" if _is_formula(text) else text


def unquoted(text: str) -> str:
    """A cell without such an apostrophe."""
    return text[1:] if text[:1] == "'" and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet may take it for one; some don't mind spaces before it."""
    return text.startswith(_FORMULAS) or text.lstrip().startswith(_FORMULAS)


def lines(rows: Iterable[Iterable[str]]) -> str:
    """Rows as CSV (RFC 4180), each cell quoted."""
    written = io.StringIO()
    csv.writer(written).writerows([quoted(cell) for cell in row] for row in rows)
    return written.getvalue()
