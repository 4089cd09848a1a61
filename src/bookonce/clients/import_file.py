"""A file of clients as lines of cells: CSV in any usual form, or a spreadsheet.

Files come from strangers. What is read of one is bounded before it is unpacked: bytes, lines,
columns and the length of a cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from bookonce.platform.csv_text import BYTE_ORDER_MARK, unquoted
from bookonce.platform.errors import FieldError, ValidationError

FILE_BYTES_MAX = 10 * 1024 * 1024
UNPACKED_BYTES_MAX = 100 * 1024 * 1024
ROWS_MAX = 50_000
COLUMNS_MAX = 60
CELL_LENGTH_MAX = 4_000
_DELIMITERS = (",", ";", "\t", "|")
_ZIP = b"PK\x03\x04"


class UnreadableError(Exception):
    """A file can't be read; the message says what to do."""


def read_file(data: bytes) -> list[list[str]]:
    """The lines of a file, each with its cells, without those that are empty at the end. Raises
    ValidationError saying what is wrong with it.
    """
    if len(data) > FILE_BYTES_MAX:
        raise _wrong(f"the file has more than {FILE_BYTES_MAX // 1024**2} MB; send it in parts")
    rows = _bounded(_sheet(data) if data.startswith(_ZIP) else _csv(data))
    if not rows:
        raise _wrong("there is nothing in the file")
    return rows


def _bounded(lines: Iterable[Iterable[Any]]) -> list[list[str]]:
    rows: list[list[str]] = []
    last = 0
    for cells in lines:
        row = [_cell(cell) for cell in cells]
        while row and not row[-1]:
            row.pop()
        if len(row) > COLUMNS_MAX:
            raise _wrong(f"a line has more than {COLUMNS_MAX} columns")
        rows.append(row)
        if row:
            last = len(rows)
        if last > ROWS_MAX + 1 or len(rows) > 4 * ROWS_MAX:
            raise _wrong(f"the file has more than {ROWS_MAX} lines; send it in parts")
    return rows[:last]


def _cell(cell: Any) -> str:
    """A cell as text. A number that a spreadsheet made of a telephone number has no fraction."""
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unquoted(str(cell).strip())[:CELL_LENGTH_MAX]


def _csv(data: bytes) -> Iterator[list[str]]:
    text = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise _wrong(f"it can't be read as CSV: {error}") from None


def _decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, else what Windows writes in Western Europe."""
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _wrong("this is neither a CSV file nor a spreadsheet (.xlsx)")
    for encoding in ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8",):
        try:
            return data.decode(encoding).removeprefix(BYTE_ORDER_MARK)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace")


def _sheet(data: bytes) -> Iterator[tuple[Any, ...]]:
    # Few bring in a spreadsheet; every command and worker would wait for what reads one.
    from bookonce.clients.spreadsheet import sheet_rows

    try:
        yield from sheet_rows(data)
    except UnreadableError as error:
        raise _wrong(str(error)) from None


def _wrong(message: str) -> ValidationError:
    return ValidationError([FieldError("file", message)])
