"""One box finds a client by whatever part of name, address or number somebody says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.clients.said import Said, read
from bookonce.desk.book import book_at_desk
from bookonce.desk.request import DeskClient
from bookonce.platform.actor import Role
from bookonce.platform.connection import Connection
from tests.clients.cast import Book
from tests.desk.cast import a_desk_booking, somebody
from tests.factories import tomorrow_at

ZOE: dict[str, Any] = {"email": "zoe.mueller@example.com", "phone": "030 1234567"}


@pytest.mark.parametrize(
    "name, said",
    [
        ("Zoë Müller", "zoe"), ("Zoë Müller", "muller zo"), ("Zoë Müller", "MÜLL"),
        ("Zoe Muller", "zoë müller"), ("Søren Ødegård", "soren odegard"),
        ("Łukasz Wałęsa", "lukasz walesa"), ("Strauß", "strauss"), ("Strauss", "strauß"),
        ("Siân O’Connor", "sian oconnor"), ("Siân O'Connor", "o'con"), ("Nguyễn Hoà", "nguyen hoa"),
        ("Мария Иванова", "мария"), ("Мария Иванова", "МАРИЯ ИВ"), ("Мария Иванова", "maria"),
        ("Γιώργος", "γιωργος"), ("أحمد حسن", "احمد"), ("فاطمة", "فاطمه"), ("李小龍", "小龍"),
        ("김민준", "민준"), ("Müller-Lüdenscheidt", "ludens"), ("An Li", "li"), ("100% Rabatt", "100%"),
        ("a_b", "a_b"), ("Back\\slash", "back\\sl"), ("ﬁnn", "finn"), ("Zoe 1990", "zoe 1990"),
    ],
)  # fmt: skip
async def test_a_name_is_found_whatever_its_accents(book: Book, name: str, said: str) -> None:
    await book.add(name)
    await book.add("Xaver Quast", email="quast@nowhere.example")
    assert await book.find(said) == await book.listed(said) == [name]


@pytest.mark.parametrize(
    "said",
    [
        "030 1234567", "030/123 45 67", "+49 30 1234567", "0049301234567", "4567", "30 123",
        "(030) 1234-567", "٠٣٠ ١٢٣٤٥٦٧", "zoe.mueller@", "EXAMPLE.com", "müller 4567", "zoe 030",
    ],
)  # fmt: skip
async def test_a_number_or_address_is_found_by_any_part(book: Book, said: str) -> None:
    await book.add("Zoë Müller", **ZOE)
    await book.add("Max", email="max@example.org", phone="+1 212 555 0100")
    assert await book.find(said) == await book.listed(said) == ["Zoë Müller"]


@pytest.mark.parametrize("said", ["%", "_", "x%z", "\\", "zoe max", "9999", "'", "\0zz", "\ud800q"])
async def test_what_is_typed_is_no_pattern_and_no_fault(book: Book, said: str) -> None:
    await book.add("Zoe", **ZOE)
    found = await book.find(said)
    assert found in ([], ["Zoe"])
    assert said in ("'",) or found == []


async def test_whose_name_begins_so_comes_first_then_who_was_here_last(book: Book) -> None:
    await book.add("Max Annas")
    await book.add("Anna")
    late = await book.add("Anna Zett")
    await book_at_desk(
        book.installation, book.directory.slug,
        a_desk_booking(tomorrow_at(10), client=DeskClient(id=late.id)),
        access=book.access, now=datetime.now(UTC),
    )  # fmt: skip
    assert await book.find("anna") == ["Anna Zett", "Anna", "Max Annas"]
    assert await book.find("") == []


async def test_a_list_skips_and_repeats_nobody(book: Book) -> None:
    names = ["Zoë", "anna", "Ben", "Élodie", "Ben", "Émile", "Øystein"]
    for name in names:
        await book.add(name)
    expected = ["anna", "Ben", "Ben", "Élodie", "Émile", "Øystein", "Zoë"]
    assert await book.listed(limit=2) == await book.listed() == expected


async def test_another_business_s_clients_are_nobody(
    book: Book, installation: Installation, open_business: Any
) -> None:
    from tests.factories import a_business

    slug = await open_business(a_business())
    other = Book(installation, await installation.current(slug), await somebody(installation, slug))
    await book.add("Zoe", **ZOE)
    assert await other.find("zoe") == await other.listed() == await other.find("4567") == []


async def test_staff_who_see_clients_see_their_own(book: Book) -> None:
    ben = await somebody(
        book.installation, book.directory.slug, Role.STAFF, "ben", frozenset({Right.SEE_CLIENTS})
    )
    hers, his = await book.add("Zoe Hers"), await book.add("Zoe His")
    for client, staff in ((hers, "ada"), (his, "ben")):
        await book_at_desk(
            book.installation, book.directory.slug,
            a_desk_booking(tomorrow_at(10), client=DeskClient(id=client.id), staff=staff),
            access=book.access, now=datetime.now(UTC),
        )  # fmt: skip
    bens = Book(book.installation, book.directory, ben)
    assert await bens.find("zoe") == await bens.listed() == ["Zoe His"]
    assert sorted(await book.find("zoe")) == ["Zoe Hers", "Zoe His"]


async def test_it_works_without_the_index(book: Book) -> None:
    async def drop(connection: Connection) -> None:
        await connection.execute("DROP EXTENSION pg_trgm CASCADE; DROP EXTENSION btree_gin CASCADE")

    await book.database.run(drop)
    await book.add("Zoë Müller", **ZOE)
    assert await book.find("zoe mull") == await book.find("4567") == ["Zoë Müller"]


def test_numbers_are_told_from_words() -> None:
    assert read("030 12", "DE").numbers[:2] == ("03012", "3012")
    assert read("zoe 030", "DE") == Said(words=("zoe", "30"))
    assert read("+49 (0)30 1234567", "DE").numbers[-1] == "49301234567"
    assert read("12", "DE") == Said(words=("12",))
    assert read("a b c d e f", "DE").words == ("a", "b", "c", "d")
