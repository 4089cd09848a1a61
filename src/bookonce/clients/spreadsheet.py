"""The lines of a spreadsheet (.xlsx) that came from a stranger."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from bookonce.clients.import_file import COLUMNS_MAX, UNPACKED_BYTES_MAX, UnreadableError

_UNREADABLE = (
    zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, IndexError,
    AttributeError, OSError, EOFError, SyntaxError, RuntimeError, NotImplementedError,
    MemoryError, OverflowError, AssertionError,
)  # fmt: skip
"""What a broken spreadsheet makes the library raise. XML's errors are SyntaxErrors."""


def sheet_rows(data: bytes) -> Iterator[tuple[Any, ...]]:
    """The first sheet of a spreadsheet. A file may say that it is as large as it likes: what its
    parts would be unpacked is looked at before, and nothing is unpacked beyond what it says.
    Raises UnreadableError saying what to do.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > UNPACKED_BYTES_MAX:
            raise UnreadableError(
                "the spreadsheet is too large once it is unpacked; send it in parts"
            )
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a file says of its size isn't to be believed
            yield from sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX + 1)
        finally:
            book.close()
    except _UNREADABLE:
        raise UnreadableError(
            "the spreadsheet can't be read; save it as .xlsx or CSV anew"
        ) from None
