"""The pages of clients: found, looked at, written down, put right, and booked for."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from bookonce.accounts.roles import Post, Right
from bookonce.business.directories import Directories
from bookonce.clients.import_clients import take_in
from bookonce.platform.actor import Role
from bookonce.platform.database import Database
from tests.factories import tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    cast.bob.sign_in()
    cast.charlie.sign_in()
    yield cast
    cast.close()


@pytest.fixture
def pages(cast: Cast) -> str:
    return f"/office/{cast.slug}/clients"


def add(cast: Cast, name: str, **more: Any) -> str:
    """Somebody is written down, by the office's API; the id."""
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/clients", json={"name": name, **more}
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def test_it_works(cast: Cast, pages: str) -> None:
    answer = cast.alice.post(
        f"{pages}/new", name=" Zoë ", phone="030 1234567", email="Zoe@Example.com",
        flags="Allergy: latex, VIP", notes="Likes tea",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    page = cast.alice.get(answer.headers["location"]).text
    for text in ("Zoë", "+49301234567", "zoe@example.com", "Allergy: latex", "VIP", "Likes tea"):
        assert text in page
    assert "Written down." in page
    found = cast.alice.get(f"{pages}?q=4567").text
    assert "Zoë" in found
    assert "Allergy: latex" in found
    assert "Nobody found." in cast.alice.get(f"{pages}?q=xaver").text


def test_put_right_and_what_is_wrong_is_said_at_its_field(cast: Cast, pages: str) -> None:
    one = f"{pages}/{add(cast, 'Zoe', email='zoe@example.com')}"
    wrong = cast.alice.post(one, name="", email="zoe@", phone="1", notes="x" * 3_000)
    assert wrong.status_code == 422
    for field in ("name", "email", "phone", "notes"):
        assert f'id="{field}-error"' in wrong.text
    assert 'value="zoe@"' in wrong.text
    saved = cast.alice.post(one, name="Zoe Two", email="")
    assert saved.headers["location"].endswith("?done=saved")
    page = cast.alice.get(one).text
    assert "Zoe Two" in page
    assert "zoe@example.com" not in page


def test_what_there_was_is_listed_with_money_for_those_who_see_it(cast: Cast, pages: str) -> None:
    client_id = add(cast, "Zoe")
    wish = {"service": "cut", "start": tomorrow_at(10).isoformat(), "client": {"id": client_id}}
    booked = cast.alice.browser.post(f"/api/v1/{cast.slug}/office/appointments", json=wish).json()
    page = cast.alice.get(f"{pages}/{client_id}").text
    assert f"/appointments/{booked['id']}" in page
    assert "Price of all visits" in page
    assert "Price of all visits" not in cast.bob.get(f"{pages}/{client_id}").text


def test_book_leads_to_the_form_with_the_client_filled_in(cast: Cast, pages: str) -> None:
    client_id = add(cast, "Zoe", flags=["Allergy: latex"])
    page = cast.alice.get(f"{pages}/{client_id}").text
    link = re.search(r'href="([^"]*appointments/new\?client_id=[^"]*)"', page)
    assert link
    form = cast.alice.get(link[1]).text
    assert re.search(rf'name="client_id" value="{client_id}" checked', form)
    assert "Allergy: latex" in form
    at = tomorrow_at(11)
    booked = cast.alice.post(
        link[1].partition("?")[0], link[1], client_id=client_id, service="cut", staff="ada",
        date=at.date().isoformat(), time="13:00",
    )  # fmt: skip
    assert booked.status_code == 303, booked.text
    appointment = cast.alice.get(booked.headers["location"]).text
    assert f"/clients/{client_id}" in appointment
    assert "Allergy: latex" in appointment


def test_what_is_typed_is_shown_as_text(cast: Cast, pages: str) -> None:
    evil = "<script>alert(1)</script>"
    client_id = add(cast, evil, notes=evil, flags=[evil])
    for path in (f"{pages}/{client_id}", f"{pages}?q=script", f"{pages}?q={evil}", pages):
        answer = cast.alice.get(path)
        assert answer.status_code == 200
        assert evil not in answer.text


def test_pages_of_a_long_list_follow_each_other(cast: Cast, pages: str) -> None:
    for n in range(53):
        add(cast, f"Client {n:02}")
    first = cast.alice.get(pages).text
    further = re.search(r'href="(\?cursor=[^"]+)"', first)
    assert further
    second = cast.alice.get(f"{pages}{further[1]}").text
    names = re.findall(r"Client \d\d", first + second)
    assert names == sorted(names)
    assert len(names) == 53
    assert cast.alice.get(f"{pages}?cursor=zzz").status_code == 422


def test_another_business_s_client_is_nobody(cast: Cast, pages: str) -> None:
    client_id = add(cast, "Zoe")
    theirs = f"/office/{cast.other_slug}/clients/{client_id}"
    assert cast.charlie.get(theirs).status_code == 404
    answer = cast.charlie.post(theirs, f"/office/{cast.other_slug}/clients/new", name="Mine")
    assert answer.status_code == 404
    form = cast.charlie.get(f"/office/{cast.other_slug}/appointments/new?client_id={client_id}")
    assert "Zoe" not in form.text
    assert "Mine" not in cast.alice.get(f"{pages}/{client_id}").text


def test_staff_see_their_own_clients_by_a_switch(cast: Cast, pages: str) -> None:
    client_id = add(cast, "Zoe")
    cast.give_post(cast.bob, Post(Role.STAFF, "ben"))
    assert cast.bob.get(pages).status_code == 403
    cast.give_post(cast.bob, Post(Role.STAFF, "ben", granted=frozenset({Right.SEE_CLIENTS})))
    assert cast.bob.get(f"{pages}/{client_id}").status_code == 404
    wish = {
        "service": "cut", "start": tomorrow_at(10).isoformat(), "staff": "ben",
        "client": {"id": client_id},
    }  # fmt: skip
    cast.alice.browser.post(f"/api/v1/{cast.slug}/office/appointments", json=wish)
    page = cast.bob.get(f"{pages}/{client_id}")
    assert page.status_code == 200
    assert 'name="form_token" value' in page.text  # the bar's; but nothing to put right
    assert 'id="name"' not in page.text


def test_two_are_compared_merged_and_taken_apart(cast: Cast, pages: str) -> None:
    zoe = add(cast, "Zoe", phone="030 1234567", notes="Tea")
    other = add(cast, "Zoë", phone="030 1234567", email="zoe@example.com", notes="Nuts")
    assert other in cast.alice.get(f"{pages}/{zoe}").text  # suggested
    assert "the same number" in cast.alice.get(f"{pages}/duplicates").text
    assert other in cast.alice.get(f"{pages}/{zoe}/merge?q=zoë").text
    preview = cast.alice.get(f"{pages}/{zoe}/merge?with={other}").text
    assert re.search(r'name="notes" value="both" checked', preview)
    assert re.search(r'name="email" value="client" checked', preview)
    assert 'name="phone"' not in preview  # the same
    done = cast.alice.post(
        f"{pages}/{zoe}/merge", f"{pages}/{zoe}/merge?with={other}",
        **{"with": other, "name": "client", "notes": "both", "email": "client"},
    )  # fmt: skip
    assert done.headers["location"].endswith(f"/clients/{zoe}?done=merged"), done.text
    page = cast.alice.get(f"{pages}/{zoe}").text
    for text in ("Zoë", "zoe@example.com", "Tea\nNuts", "Take apart"):
        assert text in page
    assert cast.alice.get(f"{pages}/{other}").headers["location"].endswith(f"/clients/{zoe}")
    apart = cast.alice.post(f"{pages}/{other}/unmerge", f"{pages}/{zoe}")
    assert apart.headers["location"].endswith(f"/clients/{other}?done=unmerged")
    assert "zoe@example.com" not in cast.alice.get(f"{pages}/{zoe}").text


def test_a_merge_that_makes_no_sense_is_refused(cast: Cast, pages: str) -> None:
    zoe = add(cast, "Zoe")
    for with_, status in ((zoe, 422), ("nonsense", 422), ("", 422), (str(uuid4()), 404)):
        answer = cast.alice.post(f"{pages}/{zoe}/merge", f"{pages}/{zoe}", **{"with": with_})
        assert answer.status_code == status, (with_, answer.text)
    assert cast.alice.get(f"{pages}/{zoe}/merge?with=nonsense").status_code == 422
    assert cast.alice.post(f"{pages}/{zoe}/unmerge", f"{pages}/{zoe}").status_code == 409


def test_all_leave_as_a_file_in_which_nothing_is_a_formula(cast: Cast, pages: str) -> None:
    add(cast, "=HYPERLINK(1)", email="zoe@example.com", phone="030 1234567", notes='@"a",\nb')
    add(cast, "Zoë", flags=["VIP", "+1"])
    answer = cast.alice.get(f"{pages}/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.text.startswith("\ufeffname,email,")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[1][:5] == ["'=HYPERLINK(1)", "zoe@example.com", "'+49301234567", "", '\'@"a",\nb']
    assert rows[2][0] == "Zoë"
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row
    )
    assert cast.bob.get(f"{pages}/export").status_code == 403


def test_somebody_s_data_leave_as_a_file_and_they_are_erased(cast: Cast, pages: str) -> None:
    zoe = add(cast, "Zoe Secret", email="zoe@example.com", phone="030 1234567", notes="Nuts")
    other = add(cast, "Zoë Secret", email="zoe2@example.com")
    past = tomorrow_at(10) - timedelta(days=9)
    wish = {
        "service": "cut", "start": past.isoformat(), "staff": "ada", "client": {"id": other},
        "break_rules": ["notice", "hours", "horizon", "step"],
    }  # fmt: skip
    api = f"/api/v1/{cast.slug}/office"
    booked = cast.alice.browser.post(f"{api}/appointments", json=wish).json()
    cast.alice.browser.post(
        f"{api}/appointments/{booked['id']}/cancellation", json={"reason": "Zoe Secret is ill"}
    )
    cast.alice.browser.post(f"{api}/clients/{other}/merge", json={"into": zoe})
    kept = cast.alice.get(f"{pages}/{zoe}/export").json()
    assert {one["name"] for one in kept["clients"]} == {"Zoe Secret", "Zoë Secret"}
    (visit,) = kept["appointments"]
    assert visit["appointment_id"] == booked["id"]
    assert visit["history"][0]["kind"] == "appointment.booked"
    assert "token" not in json.dumps(kept)
    wish |= {"start": tomorrow_at(10).isoformat(), "client": {"id": zoe}}
    ahead = cast.alice.browser.post(f"{api}/appointments", json=wish).json()
    unsure = cast.alice.post(f"{pages}/{zoe}/erasure")
    assert unsure.status_code == 422
    too_soon = cast.alice.post(f"{pages}/{zoe}/erasure", sure="1")
    assert too_soon.status_code == 409
    cast.alice.browser.post(f"{api}/appointments/{ahead['id']}/cancellation")
    done = cast.alice.post(f"{pages}/{zoe}/erasure", sure="1")
    assert done.headers["location"].endswith("/clients?done=erased"), done.text
    for path in (pages, f"{pages}?q=secret", f"{pages}?q=1234567"):
        assert zoe not in cast.alice.get(path).text
    assert cast.alice.get(f"{pages}/{zoe}").status_code == 404
    appointment = cast.alice.browser.get(f"{api}/appointments/{booked['id']}").json()
    assert "Secret" not in json.dumps(appointment)
    assert appointment["start"] == booked["start"]


def test_what_leaves_needs_a_fresh_proof(cast: Cast, pages: str) -> None:
    zoe = add(cast, "Zoe")
    token = cast.alice.form_token(f"{pages}/{zoe}")
    cast.let_proof_run_out()
    for path in (f"{pages}/export", f"{pages}/{zoe}/export", f"{pages}/{zoe}/erasure"):
        assert "/office/account/proof?next=" in cast.alice.get(path).headers["location"], path
    sent = {"form_token": token, "sure": "1"}
    answer = cast.alice.browser.post(f"{pages}/{zoe}/erasure", data=sent)
    assert "/office/account/proof" in answer.headers["location"]
    api = f"/api/v1/{cast.slug}/office/clients/{zoe}"
    for answer in (
        cast.alice.browser.get(f"{api}/export"), cast.alice.browser.post(f"{api}/erasure")
    ):  # fmt: skip
        assert answer.json()["code"] == "PROOF_REQUIRED"
    assert cast.alice.get(f"{pages}/{zoe}").status_code == 200


def send(cast: Cast, pages: str, data: bytes, name: str = "clients.csv") -> httpx.Response:
    """A file is sent in."""
    token = cast.alice.form_token(f"{pages}/import")
    return cast.alice.browser.post(
        f"{pages}/import", data={"form_token": token}, files={"file": (name, data)}
    )


def test_clients_are_brought_in_from_a_file(cast: Cast, pages: str) -> None:
    text = "Vorname;Nachname;Telefon;Alter\nZoë;Müller;030 1234567;7\nMax;;1;\n;;;\n"
    sent = send(cast, pages, text.encode())
    assert sent.status_code == 303, sent.text
    one = sent.headers["location"]
    page = cast.alice.get(one).text
    assert "Zoë Müller" in page
    assert "Take 1 in" in page
    assert "Bad lines: 1" in page
    columns = {"column_0": "first_name", "column_1": "", "column_2": "phone", "column_3": ""}
    again = cast.alice.post(one, has_head="1", existing="fill", **columns)
    assert again.status_code == 303, again.text
    page = cast.alice.get(one).text
    assert "Zoë Müller" not in page
    columns["column_1"] = "last_name"
    started = cast.alice.post(one, has_head="1", existing="fill", start="1", **columns)
    assert started.status_code == 303
    waiting = cast.alice.get(one).text
    assert "data-again" in waiting
    assert "0 of 3 lines" in waiting
    import_id = UUID(one.rpartition("/")[2])

    async def work(database: Database) -> None:
        directory = await Directories(database).current(cast.slug)
        await take_in(database, directory, import_id, now=datetime.now(UTC))

    cast.do(work)
    done = cast.alice.get(one).text
    assert "data-again" not in done
    report = cast.alice.get(f"{one}/report")
    assert report.headers["content-type"] == "text/csv; charset=utf-8"
    assert report.text.splitlines()[1].startswith("3,")
    assert "Zoë Müller" in cast.alice.get(f"{pages}?q=4567").text
    assert cast.charlie.get(one.replace(cast.slug, cast.other_slug)).status_code == 404


def test_what_is_wrong_with_a_file_is_said(cast: Cast, pages: str) -> None:
    for data in (b"", b"\0\1", b"PK\x03\x04nonsense"):
        answer = send(cast, pages, data)
        assert answer.status_code == 422, data
        assert 'id="file-error"' in answer.text
    nothing = cast.alice.browser.post(
        f"{pages}/import", data={"form_token": cast.alice.form_token(f"{pages}/import")}
    )
    assert nothing.status_code == 422
    assert "Choose a file." in nothing.text
    one = send(cast, pages, b"name\nZoe\n").headers["location"]
    nameless = cast.alice.post(one, existing="fill", column_0="email", start="1")
    assert nameless.status_code == 422
    assert cast.alice.post(one, existing="keep", column_0="name").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"", b"nonsense", b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\nno\r\n--x--',
        b'--x\r\nContent-Disposition: form-data; name="form_token"; filename="a"\r\n\r\nno\r\n--x--',
        b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n'
        b"Content-Type: text/plain; charset=nonsense\r\n\r\nno\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n'
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe\r\n--x--",
        b'--x\r\nContent-Disposition: form-data\r\n\r\nno\r\n--x--',
        b'--x\r\n\r\n', b"--x\r\n" * 3_000,
    ],
)  # fmt: skip
def test_a_hostile_upload_changes_nothing_and_is_no_fault(
    cast: Cast, pages: str, body: bytes
) -> None:
    answer = cast.alice.browser.post(
        f"{pages}/import", content=body,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )  # fmt: skip
    assert answer.status_code in (400, 403, 413, 415, 422), (body, answer.text)
