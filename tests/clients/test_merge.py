"""Two clients who are one, and taken apart again; who may be the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bookonce.booking.book import book as book_publicly
from bookonce.clients import visit_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.duplicates import duplicates_of, pairs
from bookonce.clients.keep import change_client
from bookonce.clients.merge import merge_clients, unmerge_client
from bookonce.clients.merging import FIELDS, MergeRequest, merged
from bookonce.clients.particulars import ClientChange, Particulars
from bookonce.desk.book import book_at_desk
from bookonce.desk.request import DeskClient
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import (
    ForbiddenError,
    NotFoundError,
    StatusConflictError,
    ValidationError,
)
from bookonce.platform.ids import new_id
from tests.clients.cast import Book
from tests.desk.cast import a_desk_booking
from tests.factories import a_booking, a_visitor, tomorrow_at

NOW = datetime.now(UTC)


async def merge(book: Book, client: Known, into: Known, **fields: str) -> Known:
    return await merge_clients(
        book.database, book.directory, client.id,
        MergeRequest(into=into.id, fields=fields),  # type: ignore[arg-type]
        access=book.access, now=NOW,
    )  # fmt: skip


async def unmerge(book: Book, client: Known) -> Known:
    return await unmerge_client(
        book.database, book.directory, client.id, access=book.access, now=NOW
    )


async def booked(book: Book, client: Known, hour: int) -> UUID:
    answer = await book_at_desk(
        book.installation, book.directory.slug,
        a_desk_booking(tomorrow_at(hour), client=DeskClient(id=client.id)),
        access=book.access, now=NOW,
    )  # fmt: skip
    return answer.appointment.id


async def visits(book: Book, client_id: UUID) -> set[UUID]:
    found = await book.database.run(visit_rows.visits, book.access.business_id, client_id)
    return {each.id for each in found}


async def booked_by_mail(book: Book, email: str, hour: int) -> UUID:
    answer = await book_publicly(
        book.installation, book.directory.slug,
        a_booking(tomorrow_at(hour), client=a_visitor("Zoe", email=email)),
        actor=VISITOR, now=NOW,
    )  # fmt: skip
    return answer.appointment.id


def test_fields_are_kept_of_whom_one_says() -> None:
    into = Particulars(name="Zoe", email="zoe@a.example", notes="Tea", flags=("VIP",))
    other = Particulars(name="Zoë", email="zoe@b.example", phone="+4930", notes="Nuts")
    plain = merged(into, other, {})
    assert plain == Particulars(
        name="Zoe", email="zoe@a.example", phone="+4930", notes="Tea\nNuts", flags=("VIP",)
    )
    assert merged(into, other, dict.fromkeys(FIELDS, "client")) == other
    assert merged(into, other, dict.fromkeys(FIELDS, "into")) == into
    with pytest.raises(ValidationError):
        merged(into, other, {"email": "both"})


async def test_one_stays_with_the_appointments_of_both(book: Book) -> None:
    zoe, other = await book.add("Zoe", phone="030 1234567"), await book.add("Zoë", notes="Nuts")
    theirs = {await booked(book, zoe, 10), await booked(book, other, 11)}
    one = await merge(book, other, zoe)
    assert (one.id, one.particulars.notes) == (zoe.id, "Nuts")
    assert await visits(book, zoe.id) == theirs
    assert (await book.one(other.id)).id == zoe.id
    assert await book.listed() == ["Zoe"]
    assert (await merge(book, other, zoe)).id == zoe.id  # again: the same
    assert await booked(book, other, 12) in await visits(book, zoe.id)


async def test_who_went_is_found_by_what_they_had(book: Book) -> None:
    zoe = await book.add("Zoe", phone="030 1234567")
    other = await book.add("Cleo", phone="030 7654321")
    await merge(book, other, zoe, phone="into")
    for said in ("cleo", "7654321", "zoe", "1234567"):
        assert await book.find(said) == await book.listed(said) == ["Zoe"]


async def test_taken_apart_each_has_what_was_theirs(book: Book) -> None:
    zoe = await book.add("Zoe", email="zoe@a.example", notes="Tea")
    other = await book.add("Zoë", email="zoe@b.example", phone="030 1234567", notes="Nuts")
    hers, his = await booked(book, zoe, 10), await booked(book, other, 11)
    await merge(book, other, zoe, email="client", name="client")
    since = await booked(book, zoe, 12)
    await unmerge(book, other)
    assert (await book.one(zoe.id)) == zoe
    assert (await book.one(other.id)) == other
    assert await visits(book, zoe.id) == {hers, since}
    assert await visits(book, other.id) == {his}
    with pytest.raises(StatusConflictError):
        await unmerge(book, other)


async def test_what_was_put_right_since_stays(book: Book) -> None:
    zoe, other = await book.add("Zoe", notes="Tea"), await book.add("Zoë", phone="030 1234567")
    await merge(book, other, zoe)
    await change_client(
        book.database, book.directory, zoe.id, ClientChange(notes="Coffee"),
        access=book.access, now=NOW,
    )  # fmt: skip
    await unmerge(book, other)
    kept = (await book.one(zoe.id)).particulars
    assert (kept.notes, kept.phone) == ("Coffee", None)


@pytest.mark.parametrize("email", ["into", "client"])
async def test_a_visitor_with_either_address_is_the_one_client(book: Book, email: str) -> None:
    zoe = await book.add("Zoe", email="zoe@a.example")
    other = await book.add("Zoë", email="zoe@b.example")
    await merge(book, other, zoe, email=email)
    theirs = {
        await booked_by_mail(book, "zoe@a.example", 10),
        await booked_by_mail(book, "zoe@b.example", 11),
    }
    assert await visits(book, zoe.id) == theirs
    await unmerge(book, other)
    again = await booked_by_mail(book, "zoe@b.example", 12)
    assert await visits(book, other.id) == {again}
    assert await visits(book, zoe.id) == theirs


async def test_chains_come_apart_in_any_order(book: Book) -> None:
    one, two, three = [await book.add(name) for name in ("One", "Two", "Three")]
    of_one, of_two = await booked(book, one, 10), await booked(book, two, 11)
    await merge(book, one, two)
    await merge(book, two, three)
    assert (await book.one(one.id)).id == three.id
    await unmerge(book, two)
    assert (await book.one(one.id)).id == two.id
    assert await visits(book, two.id) == {of_one, of_two}
    await merge(book, two, three)
    await unmerge(book, one)
    assert await visits(book, one.id) == {of_one}
    assert await visits(book, three.id) == {of_two}
    await unmerge(book, two)
    assert await visits(book, two.id) == {of_two}
    assert await visits(book, three.id) == set()


async def test_refusals(book: Book, open_business: object) -> None:
    zoe = await book.add("Zoe")
    with pytest.raises(ValidationError):
        await merge(book, zoe, zoe)
    for client_id, into, error in (
        (new_id(), zoe.id, NotFoundError),
        (zoe.id, new_id(), ValidationError),
    ):
        with pytest.raises(error):
            await merge_clients(
                book.database, book.directory, client_id, MergeRequest(into=into),
                access=book.access, now=NOW,
            )  # fmt: skip


async def test_a_booking_that_runs_beside_a_merge_is_the_one_client_s(book: Book) -> None:
    for round_ in range(4):
        zoe, other = await book.add(f"Zoe {round_}"), await book.add(f"Zoë {round_}")
        appointment_id, _ = await asyncio.gather(
            booked(book, other, 8 + round_), merge(book, other, zoe)
        )
        assert await visits(book, zoe.id) == {appointment_id}


async def test_two_merges_the_other_way_round_end_in_one_client(book: Book) -> None:
    zoe, other = await book.add("Zoe"), await book.add("Zoë")
    done = await asyncio.gather(
        merge(book, zoe, other), merge(book, other, zoe), return_exceptions=True
    )
    assert any(isinstance(each, Known) for each in done)
    assert len(await book.listed()) == 1


async def test_who_may_be_the_same_is_suggested_with_why(book: Book) -> None:
    zoe = await book.add("Anna Müller", email="anna@a.example", phone="030 1234567")
    await book.add("Anna Mueller")
    await book.add("Anna Müler")
    await book.add("anna muller")
    await book.add("Somebody", email="anna@a.example", phone="030 1234567")
    await book.add("Anna Schmidt")
    found = await duplicates_of(book.database, zoe, access=book.access)
    assert {(each.client.name, each.reasons) for each in found} == {
        ("Somebody", ("email", "phone")),
        ("anna muller", ("name",)),
        ("Anna Müler", ("similar",)),
        ("Anna Mueller", ("similar",)),
    }
    assert found[0].client.name == "Somebody"
    listed = await pairs(book.database, access=book.access)
    assert {(each.first.name, each.second.name) for each in listed} == {
        ("Anna Müller", "Somebody"),
        ("Anna Müller", "anna muller"),
    }
    await merge(book, await book.one(found[0].client.id), zoe)
    assert len(await pairs(book.database, access=book.access)) == 1


async def test_reception_may_and_staff_may_not(book: Book) -> None:
    from bookonce.accounts.roles import Right
    from bookonce.platform.actor import Role
    from tests.desk.cast import somebody

    zoe, other = await book.add("Zoe"), await book.add("Zoë")
    ben = await somebody(
        book.installation, book.directory.slug, Role.STAFF, "ben", frozenset({Right.SEE_CLIENTS})
    )
    with pytest.raises(ForbiddenError):
        await merge(Book(book.installation, book.directory, ben), other, zoe)
    bob = await somebody(book.installation, book.directory.slug, Role.RECEPTION)
    assert (await merge(Book(book.installation, book.directory, bob), other, zoe)).id == zoe.id
