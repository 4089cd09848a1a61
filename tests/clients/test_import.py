"""A file of clients: read whatever program wrote it, taken in whole or not at all, and bounded."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from bookonce.clients import import_rows
from bookonce.clients.export import export_all
from bookonce.clients.import_clients import find_import, send_in, start, take_in
from bookonce.clients.import_file import FILE_BYTES_MAX, ROWS_MAX, read_file
from bookonce.clients.import_mapping import guess, has_head, judged
from bookonce.clients.import_rows import Import
from bookonce.platform.connection import Connection
from bookonce.platform.csv_text import lines
from bookonce.platform.errors import ValidationError
from tests.clients.cast import Book

NOW = datetime.now(UTC)
PLAIN = "name,email,phone\nZoë,zoe@example.com,030 1234567\nMax,,\n"


def sheet(*rows: Any) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


async def imported(book: Book, data: bytes | str, existing: str = "fill", **more: Any) -> Import:
    data = data.encode() if isinstance(data, str) else data
    import_id = await send_in(book.database, data, "clients.csv", access=book.access, now=NOW)
    found = await find_import(book.database, import_id, access=book.access)
    await start(
        book.database, import_id, more.get("mapping", found.mapping), existing,
        with_head=more.get("with_head", found.has_head), access=book.access, now=NOW,
    )  # fmt: skip
    await take_in(book.database, book.directory, import_id, now=NOW)
    return await find_import(book.database, import_id, access=book.access)


def counts(found: Import) -> tuple[int, int, int, int]:
    return found.created_count, found.changed_count, found.skipped_count, len(found.bad)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(), PLAIN.encode("utf-8-sig"), PLAIN.encode("utf-16"), PLAIN.encode("cp1252"),
        PLAIN.replace(",", ";").encode(), PLAIN.replace(",", "\t").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        sheet(["name", "email", "phone"], ["Zoë", "zoe@example.com", "030 1234567"], ["Max"]),
    ],
)  # fmt: skip
async def test_it_is_read_whatever_program_wrote_it(book: Book, data: bytes) -> None:
    assert counts(await imported(book, data)) == (2, 0, 0, 0)
    assert await book.listed() == ["Max", "Zoë"]
    assert await book.find("4567") == ["Zoë"]


@pytest.mark.parametrize(
    "rows, mapping",
    [
        ([["Vorname", "Nachname", "E-Mail-Adresse", "Handynummer", "Bemerkungen"]],
         ["first_name", "last_name", "email", "phone", "notes"]),
        ([["Nom", "Prénom", "Courriel", "Téléphone"]], ["last_name", "first_name", "email", "phone"]),
        ([["Nombre", "Apellidos", "Correo electrónico", "Móvil"]],
         ["first_name", "last_name", "email", "phone"]),
        ([["الاسم", "الهاتف"]], ["name", "phone"]),
        ([["Client name", "Age", "Allergies"]], ["name", "", "flags"]),
        ([["Zoe", "zoe@example.com", "+49 30 1234567"]], ["name", "email", "phone"]),
        ([["a", "b"], ["zoe@example.com", "Zoe"]], ["email", ""]),
    ],
)  # fmt: skip
def test_columns_are_guessed(rows: list[list[str]], mapping: list[str]) -> None:
    assert guess(rows, with_head=has_head(rows)) == mapping


async def test_bad_lines_are_told_with_line_and_reason(book: Book) -> None:
    found = await imported(
        book,
        "name,email,phone\nZoe,zoe@,\n\n,,\nMax,max@example.com,12\nBen,,\n" + "x" * 201 + ",,\n",
    )
    assert counts(found) == (1, 0, 0, 3)
    assert [line for line, _ in found.bad] == [2, 5, 7]
    assert "email" in found.bad[0][1]
    assert "phone" in found.bad[1][1]
    assert await book.listed() == ["Ben"]


async def test_who_is_there_already_gets_what_is_empty_or_nothing(book: Book) -> None:
    zoe = await book.add("Zoe", email="zoe@example.com", notes="Tea")
    text = "name,email,phone,notes\nZoë,zoe@example.com,030 1234567,Nuts\n"
    assert counts(await imported(book, text, "skip")) == (0, 0, 1, 0)
    assert (await book.one(zoe.id)).particulars.phone is None
    assert counts(await imported(book, text, "fill")) == (0, 1, 0, 0)
    kept = (await book.one(zoe.id)).particulars
    assert (kept.name, kept.phone, kept.notes) == ("Zoe", "+49301234567", "Tea")
    assert counts(await imported(book, text, "fill")) == (0, 0, 1, 0)


async def test_a_mother_and_her_child_are_two(book: Book) -> None:
    text = "name,email,phone\nAnna Koch,koch@example.com,\nMax Koch,koch@example.com,\n"
    assert counts(await imported(book, text)) == (2, 0, 0, 0)
    assert counts(await imported(book, text)) == (0, 0, 2, 0)
    again = (
        "name,email,phone\nAnna Koch,koch@example.com,\nAnna Koch,koch@example.com,030 1234567\n"
    )
    assert counts(await imported(book, again)) == (0, 1, 1, 0)
    assert await book.listed() == ["Anna Koch", "Max Koch"]


async def test_an_export_can_be_brought_in(book: Book) -> None:
    await book.add("=1+1", phone="030 1234567", flags=["-VIP"], notes="a\nb")
    text = "".join(
        [part async for part in await export_all(book.database, book.directory, access=book.access)]
    )
    assert "'=1+1" in text
    assert counts(await imported(book, text)) == (0, 0, 1, 0)
    (row,) = read_file(lines([["+49", "'quoted'"]]).encode())
    assert row == ["+49", "'quoted'"]


async def test_nothing_is_half_done(book: Book) -> None:
    many = "name,phone\n" + "".join(f"Client {n},\n" for n in range(1_200))
    import_id = await send_in(book.database, many.encode(), "many.csv", access=book.access, now=NOW)
    await start(
        book.database, import_id, ["name", ""], "fill",
        with_head=True, access=book.access, now=NOW,
    )  # fmt: skip

    async def break_last(connection: Connection) -> None:
        await connection.execute(
            "ALTER TABLE client ADD CONSTRAINT no_last CHECK (name <> 'Client 1199')"
        )

    await book.database.run(break_last)
    with pytest.raises(Exception, match="no_last"):
        await take_in(book.database, book.directory, import_id, now=NOW)
    assert await book.listed() == []
    assert (await find_import(book.database, import_id, access=book.access)).status == "queued"

    async def mend(connection: Connection) -> None:
        await connection.execute("ALTER TABLE client DROP CONSTRAINT no_last")

    await book.database.run(mend)
    for _ in range(2):  # a job may run twice
        await take_in(book.database, book.directory, import_id, now=NOW)
    assert len(await book.listed()) == 1_200
    rows = await book.database.run(import_rows.lines, book.access.business_id, import_id)
    assert rows == []  # whole clients aren't kept twice


def hostile_sheet(**parts: bytes) -> bytes:
    plain = io.BytesIO(sheet(["name"], ["Zoe"]))
    written = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            key = entry.filename.rpartition("/")[2].partition(".")[0]
            new.writestr(entry.filename, parts.get(key, old.read(entry.filename)))
    return written.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 1_000 + b'">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 100) for c in range(ord("b"), ord("j"))
    )
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row><c t="str"><v>&i;</v></c></row></sheetData></worksheet>'
)  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n\n", b"\0\1\2", b"PK\x03\x04", b"PK\x03\x04" + b"x" * 1_000, b"%PDF-1.4\0",
        sheet(["name"], ["Zoe"])[:-300], hostile_sheet(sheet1=b"<"), hostile_sheet(workbook=b"<a/>"),
        hostile_sheet(sheet1=LAUGHS),
        hostile_sheet(sheet1=b" " * (101 * 1024 * 1024)), b"x" * (FILE_BYTES_MAX + 1),
        ("a" + "," * 70 + "b\n").encode(), b"name\n" + b"Zoe\n" * (ROWS_MAX + 1),
        ("x" * 200_000).encode() + b'",\n',
    ],
    ids=range(15),
)  # fmt: skip
def test_a_hostile_file_is_refused_with_what_is_wrong(data: bytes) -> None:
    with pytest.raises(ValidationError) as refused:
        read_file(data)
    assert [error.field for error in refused.value.errors] == ["file"]


def test_an_odd_file_is_read_as_far_as_it_goes() -> None:
    assert read_file(b"\xff\xfe\xff") == [["ÿþÿ"]]
    assert read_file(hostile_sheet(sharedStrings=b"x" * 10)) == [["name"], ["Zoe"]]
    assert read_file(b"name\n" + b"x" * 9_000)[1] == ["x" * 4_000]


def test_lines_that_are_no_clients_are_told_apart() -> None:
    rows = [["Zoe", "zoe@example.com", "surplus"], ["", "max@example.com"], ["", ""]]
    good, bad = judged(rows, ["name", "email"], "DE", with_head=False)
    assert [(line, who.name) for line, who in good] == [(1, "Zoe"), (2, "max@example.com")]
    assert bad == []


async def test_another_business_has_no_such_file(book: Book) -> None:
    import_id = await send_in(book.database, PLAIN.encode(), "a.csv", access=book.access, now=NOW)
    found = await book.database.run(import_rows.find, UUID(int=7), import_id)
    assert found is None
