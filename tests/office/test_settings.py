"""Settings in the browser: shown, saved, refused, put back."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from bookonce.accounts.roles import Post, Right
from bookonce.business.directories import Directories
from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from bookonce.platform.actor import Role
from bookonce.platform.database import Database
from tests.factories import tomorrow_at
from tests.office.cast import Cast

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SAVED = re.compile(r"\?saved=\d+$")


@pytest.fixture(autouse=True)
def alice_is_here(cast: Cast) -> None:
    cast.alice.sign_in()


def document(cast: Cast) -> Business:
    """What the business says now."""

    async def read(database: Database) -> Business:
        return (await Directories(database).current(cast.slug)).business

    return cast.do(read)


def page(cast: Cast, path: str) -> str:
    return f"/office/{cast.slug}/settings/{path}"


def fields(text: str) -> dict[str, Any]:
    """What a browser would send of a page's form, but for buttons."""
    found: dict[str, list[str]] = {}
    form = re.search(r"<form class=\"card\" method=\"post\".*?</form>", text, re.DOTALL)
    assert form, text
    for tag in re.findall(r"<input [^>]*>", form[0]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind = attributes.get("type", "text")
        if "name" in attributes and (kind != "checkbox" or re.search(r"\bchecked\b", tag)):
            found.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    for name, body in re.findall(
        r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[0], re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        found.setdefault(name, []).append(chosen[1] if chosen else "")
    for name, body in re.findall(
        r'<textarea [^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form[0], re.DOTALL
    ):
        found.setdefault(name, []).append(body)
    return dict(found)


class TestForms:
    @pytest.mark.parametrize(
        "path",
        ["business", "rules", "page", "protection", "payments", "messages", "people/items/ada",
         "services/items/cut"],
    )  # fmt: skip
    def test_sending_a_form_as_it_is_changes_nothing(self, cast: Cast, path: str) -> None:
        before = document(cast)
        sent = fields(cast.alice.get(page(cast, path)).text)
        answer = cast.alice.post(page(cast, path), **sent)
        assert answer.status_code == 303, (answer.text, cast.server.log()[-3000:])
        assert answer.headers["location"].endswith("?saved=1")
        assert document(cast) == before

    def test_the_profile(self, cast: Cast) -> None:
        sent = fields(cast.alice.get(page(cast, "business")).text)
        sent |= {"name": "Lumen & Co", "phone": "+49 30 1234567", "closed": "on"}
        answer = cast.alice.post(page(cast, "business"), **sent)
        assert SAVED.search(answer.headers["location"]), answer.text
        after = document(cast).business
        assert (after.name, after.phone, after.closed) == ("Lumen & Co", "+49 30 1234567", True)
        shown = cast.alice.get(answer.headers["location"]).text
        assert "This is version 2" in shown
        assert f"{page(cast, 'history')}/1" in shown

    def test_a_new_address_leads_on(self, cast: Cast) -> None:
        sent = fields(cast.alice.get(page(cast, "business")).text)
        new = f"{cast.slug}-new"
        answer = cast.alice.post(page(cast, "business"), **(sent | {"slug": new}))
        assert answer.headers["location"] == f"/office/{new}/settings/business?saved=2"
        taken = cast.alice.post(
            f"/office/{new}/settings/business",
            **(sent | {"slug": cast.other_slug, "_version": "2"}),
        )
        assert taken.status_code == 422
        assert "is the address of another business" in taken.text

    def test_what_is_wrong_stands_beside_its_field(self, cast: Cast) -> None:
        path = page(cast, "people/items/ada")
        sent = fields(cast.alice.get(path).text)
        sent |= {"name": " ", "hours.mon": "9-12, 11-14", "hours.tue": "whenever", "email": "x"}
        answer = cast.alice.post(path, **sent)
        assert answer.status_code == 422
        assert [
            error_of(answer.text, name) for name in ("name", "hours-mon", "hours-tue", "email")
        ] == [
            "Please fill this in.",
            "09:00-12:00 and 11:00-14:00 overlap.",
            "Please write times such as 09:00-12:30, not &#39;whenever&#39;.",
            "Please enter an email address such as anna@example.com.",
        ]
        assert 'value="9-12, 11-14"' in answer.text  # what was typed is kept
        german = cast.alice.browser.post(path, data=sent, headers={"Accept-Language": "de"})
        assert error_of(german.text, "name").startswith("Bitte ")
        assert document(cast).staff[0].name == "Ada"

    @pytest.mark.parametrize(
        "path, name, text, place",
        [
            ("rules", "slot_step_min", "0", "slot_step_min"),
            ("rules", "notice_min", "soon", "notice_min"),
            ("page", "sites", "example.com", "sites"),
            ("payments", "refunds[0].percent", "120", "refunds-0-percent"),
            ("messages", "quiet", "late", "quiet"),
            ("messages", "template[0].body", "{nobody}", "template-0-body"),
            ("services/items/cut", "price", "cheap", "price"),
            ("services/items/cut", "duration_min", "9" * 30, "duration_min"),
            ("business", "name", "a\x00b", "name"),
        ],
    )
    def test_nothing_that_is_typed_breaks_anything(
        self, cast: Cast, path: str, name: str, text: str, place: str
    ) -> None:
        sent = fields(cast.alice.get(page(cast, path)).text)
        answer = cast.alice.post(page(cast, path), **(sent | {name: text}))
        assert answer.status_code == 422
        assert error_of(answer.text, place.replace("_", "-")), answer.text

    def test_hours_are_copied_before_they_are_saved(self, cast: Cast) -> None:
        path = page(cast, "people/items/ada")
        sent = fields(cast.alice.get(path).text)
        sent |= {"hours.mon": "8-12", "hours._from": "mon", "hours._to[]": ["tue", "sun"]}
        answer = cast.alice.post(path, **(sent | {"_do": "copy:hours"}))
        assert answer.status_code == 200
        copied = fields(answer.text)
        assert copied["hours.tue"] == copied["hours.sun"] == ["8-12"]
        assert copied["hours.wed"] == sent["hours.wed"]
        assert str(document(cast).staff[0].hours.sun[0]) == "00:00-24:00"

    def test_a_row_more_is_shown_when_it_is_asked_for(self, cast: Cast) -> None:
        path = page(cast, "people/items/ada")
        sent = fields(cast.alice.get(path).text)
        answer = cast.alice.post(path, **(sent | {"_do": "more:dates"}))
        assert "dates[2].date" in answer.text
        sent |= {"dates[2].date": "2026-12-24", "dates[2].hours": ""}
        assert cast.alice.post(path, **sent).status_code == 303
        assert [str(day.date) for day in document(cast).staff[0].dates] == ["2026-12-24"]

    def test_own_words_are_seen_before_they_are_saved(self, cast: Cast) -> None:
        path = page(cast, "messages")
        sent = fields(cast.alice.get(path).text)
        for name, text in (("kind", "booked"), ("language", "en"), ("subject", "Hi {name}")):
            sent[f"template[0].{name}"] = text
        sent["template[0].body"] = "<b>See you</b> for {service}, {name}.\r\n\r\nYours"
        shown = cast.alice.post(path, **(sent | {"_do": "preview"}))
        assert shown.status_code == 200
        assert "<strong>Hi Anna</strong>" in shown.text
        assert "&lt;b&gt;See you&lt;/b&gt; for Cut, Anna." in shown.text
        assert document(cast).messages.template == ()
        sent["template[0].subject"] = "Hi {nobody}"
        assert cast.alice.post(path, **(sent | {"_do": "preview"})).status_code == 422


class TestLists:
    def test_a_service_is_added_put_first_and_taken_out(self, cast: Cast) -> None:
        answer = cast.alice.post(
            page(cast, "services/new"), name="Föhnen", duration_min="20", price="18,50",
            **{"staff[]": "ada"},
        )  # fmt: skip
        assert answer.headers["location"].startswith(page(cast, "services"))
        added = document(cast).service[-1]
        assert (added.key, added.name, added.price, added.staff) == (
            "fohnen", "Föhnen", "18.50", ("ada",),
        )  # fmt: skip
        path = page(cast, "services/items/fohnen")
        while document(cast).service[0].key != "fohnen":
            moved = cast.alice.post(f"{path}/place", page=page(cast, "services"), _do="earlier")
            assert moved.status_code == 303
        assert "Take out Föhnen?" in cast.alice.get(f"{path}/removal").text
        assert cast.alice.post(f"{path}/removal").status_code == 303
        assert "fohnen" not in {each.key for each in document(cast).service}
        assert cast.alice.get(path).status_code == 404

    def test_who_is_taken_out_performs_nothing_any_more(self, cast: Cast) -> None:
        path = page(cast, "services/items/cut")
        sent = fields(cast.alice.get(path).text) | {"staff[]": ["ada", "ben"]}
        sent.pop("staff._all", None)
        assert cast.alice.post(path, **sent).status_code == 303
        assert cast.alice.post(page(cast, "people/items/ada/removal")).status_code == 303
        assert document(cast).service[0].staff == ("ben",)

    def test_what_is_still_needed_is_told_with_the_way_there(self, cast: Cast) -> None:
        new = page(cast, "rooms/new")
        assert cast.alice.post(new, name="Room 1", kind="Treatment room").status_code == 303
        path = page(cast, "services/items/cut")
        sent = fields(cast.alice.get(path).text) | {"needs[]": "treatment-room"}
        assert cast.alice.post(path, **sent).status_code == 303
        refused = cast.alice.get(page(cast, "rooms/items/room-1/removal"))
        assert refused.status_code == 422
        assert path in refused.text
        assert document(cast).resource[0].kind == "treatment-room"

    def test_a_name_that_is_a_word_of_ours_gets_another_key(self, cast: Cast) -> None:
        assert cast.alice.post(page(cast, "people/new"), name="Any").status_code == 303
        assert document(cast).staff[-1].key == "any-2"
        refused = cast.alice.post(page(cast, "rooms/new"), name="Room", kind="Staff")
        assert (
            error_of(refused.text, "kind") == "&#39;staff&#39; is reserved. Please choose another."
        )

    def test_the_last_location_goes_and_its_rooms_stay(self, cast: Cast) -> None:
        assert cast.alice.post(page(cast, "locations/new"), name="Mitte").status_code == 303
        new = page(cast, "rooms/new")
        assert cast.alice.post(new, name="Room", kind="room").status_code == 303
        assert document(cast).resource[0].location == "mitte"
        gone = cast.alice.post(page(cast, "locations/items/mitte/removal"))
        assert gone.status_code == 303
        after = document(cast)
        assert (after.location, after.resource[0].location) == ((), None)
        assert after.staff[0].hours.mon

    def test_hours_move_to_the_locations_when_there_are_several(self, cast: Cast) -> None:
        before = document(cast).staff[0].hours
        for name in ("Mitte", "Nord"):
            answer = cast.alice.post(page(cast, "locations/new"), name=name, address="Street 1")
            assert answer.status_code == 303, answer.text
        path = page(cast, "people/items/ada")
        sent = fields(cast.alice.get(path).text)
        assert "hours.mon" not in sent
        assert cast.alice.post(path, **(sent | {"at[1].hours.sat": "10-14"})).status_code == 303
        ada = document(cast).staff[0]
        assert [(each.location, str(each.hours.sat)) for each in ada.at] == [
            ("mitte", str(before.sat)), ("nord", "(Span(10:00-14:00),)"),
        ]  # fmt: skip


def book(cast: Cast) -> None:
    """Zoe, with Ada, in two days."""
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut", "staff": "ada", "start": tomorrow_at(10).isoformat(),
            "client": {"name": "Zoe"},
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


class TestBeforeItIsSaved:
    def test_what_no_longer_fits_is_listed_first(self, cast: Cast) -> None:
        book(cast)
        path = page(cast, "people/items/ada")
        sent = fields(cast.alice.get(path).text)
        sent |= {f"hours.{day}": "" for day in WEEKDAYS}
        asked = cast.alice.post(path, **sent)
        assert asked.status_code == 409
        assert "One appointment would no longer fit" in asked.text
        assert "Cut is outside the hours" in asked.text
        assert re.search(rf"/office/{cast.slug}/appointments/[\w-]{{36}}", asked.text)
        assert document(cast).staff[0].hours.mon != ()
        back = cast.alice.post(path, **(sent | {"_do": "back"}))
        assert fields(back.text)["hours.mon"] == [""]
        saved = cast.alice.post(path, **(sent | {"_do": "anyway"}))
        assert saved.status_code == 303
        assert document(cast).staff[0].hours.mon == ()

    def test_taking_out_lists_them_too(self, cast: Cast) -> None:
        book(cast)
        asked = cast.alice.get(page(cast, "people/items/ada/removal"))
        assert "Ada is no longer listed" in asked.text
        assert len(document(cast).staff) == 2

    def test_the_second_sees_what_changed_and_keeps_what_was_typed(self, cast: Cast) -> None:
        cast.give_post(cast.bob, Post(Role.MANAGER))
        cast.bob.sign_in()
        path = page(cast, "rules")
        first, second = (fields(each.get(path).text) for each in (cast.bob, cast.alice))
        assert cast.bob.post(path, **(first | {"notice_min": "90"})).status_code == 303
        refused = cast.alice.post(path, **(second | {"horizon_days": "30"}))
        assert refused.status_code == 412
        assert "Booking rules › Shortest notice: 0 → 90" in refused.text
        assert "Bob (Manager)" in refused.text
        kept = fields(refused.text)
        assert (kept["horizon_days"], kept["_version"]) == (["30"], ["2"])
        assert cast.alice.post(path, **kept).status_code == 303
        assert document(cast).policy.horizon_days == 30


class TestVersions:
    def test_a_change_is_undone_by_going_back(self, cast: Cast) -> None:
        before = document(cast)
        path = page(cast, "services/items/cut")
        sent = fields(cast.alice.get(path).text) | {"price": "48", "duration_min": "45"}
        assert cast.alice.post(path, **sent).status_code == 303
        listed = cast.alice.get(page(cast, "history")).text
        assert "Services › Cut › Price: new 48.00" in listed
        assert "Services › Cut › Duration: 30 → 45" in listed
        assert "Alice (Owner)" in listed
        old = page(cast, "history/1")
        assert "Services › Cut › Duration: 45 → 30" in cast.alice.get(old).text
        answer = cast.alice.post(f"{old}/restoration", page=old)
        assert answer.status_code == 303
        assert document(cast) == before
        assert cast.alice.get(page(cast, "history/9")).status_code == 404

    def test_going_back_after_somebody_else_saved_is_asked_again(self, cast: Cast) -> None:
        rules = page(cast, "rules")
        for notice in ("30", "60"):
            sent = fields(cast.alice.get(rules).text) | {"notice_min": notice}
            cast.alice.post(rules, **sent)
        old = page(cast, "history/1")
        answer = cast.alice.post(f"{old}/restoration", page=old, _version="2")
        assert answer.status_code == 412
        assert document(cast).policy.notice_min == 60


class TestPictures:
    def send(self, cast: Cast, content: bytes, **fields: str) -> httpx.Response:
        token = cast.alice.form_token(page(cast, "page"))
        return cast.alice.browser.post(
            page(cast, "picture"),
            data={"form_token": token, "_do": "save", "_section": "page", "_name": "logo"} | fields,
            files={"picture": ("logo.png", content, "image/png")},
        )

    def test_a_picture_is_shown_and_taken_away(self, cast: Cast) -> None:
        svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
        for content in (PNG, svg):
            assert self.send(cast, content).status_code == 303
            shown = re.search(
                r'src="(/[^"]+/logo\?v=\w+)"', cast.alice.get(page(cast, "page")).text
            )
            assert shown
            assert cast.alice.get(shown[1]).content == content
        answer = cast.alice.post(
            page(cast, "picture"),
            page=page(cast, "page"),
            _do="remove",
            _section="page",
            _name="logo",
        )
        assert answer.status_code == 303
        assert document(cast).page.logo is None

    def test_pictures_are_kept_as_small_as_they_are_shown(self, cast: Cast) -> None:
        drawn = BytesIO()
        Image.new("RGB", (2000, 1500), "teal").save(drawn, "JPEG")
        for section, key, name in (
            ("page", "", "cover"), ("people", "ada", "picture"), ("services", "cut", "picture"),
        ):  # fmt: skip
            where = {"_section": section, "_key": key, "_name": name}
            answer = self.send(cast, drawn.getvalue(), **where)
            assert answer.status_code == 303, answer.text
            assert "/picture/" in cast.alice.get(answer.headers["location"]).text
        for where in ({"_section": "rules"}, {"_section": "people", "_key": "eve"}, {"_name": "x"}):
            assert self.send(cast, drawn.getvalue(), **where).status_code == 404
        after = document(cast)
        assert after.page.cover
        assert after.staff[0].picture
        path = page(cast, "people/items/ada")  # a form leaves alone what isn't in it
        assert cast.alice.post(path, **fields(cast.alice.get(path).text)).status_code == 303
        assert document(cast) == after

    @pytest.mark.parametrize("content", [b"", b"GIF89a", b"x" * 70_000, b"\x89PNG"])
    def test_another_file_is_refused_beside_the_field(self, cast: Cast, content: bytes) -> None:
        answer = self.send(cast, content)
        assert answer.status_code in (413, 422)
        if answer.status_code == 422:
            assert 'id="logo-error"' in answer.text

    def test_a_form_of_parts_is_one_of_ours_or_refused(self, cast: Cast) -> None:
        assert self.send(cast, PNG, form_token="x.y").status_code == 403
        body = (
            b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n'
            b"Content-Type: text/plain; charset=nonsense\r\n\r\nx\r\n--x--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        for sent in (body, b"", b"--x", body[:40]):
            answer = cast.alice.browser.post(page(cast, "picture"), content=sent, headers=headers)
            assert answer.status_code in (403, 415, 422)
        other = cast.alice.browser.post(page(cast, "rules"), content=body, headers=headers)
        assert other.status_code == 415


class TestRights:
    def test_reception_needs_the_switch_and_never_sees_to_money(self, cast: Cast) -> None:
        cast.bob.sign_in()
        assert cast.bob.get(page(cast, "rules")).status_code == 403
        switched = Post(Role.RECEPTION, granted=frozenset({Right.SETTINGS}))
        cast.give_post(cast.bob, switched)
        cast.bob.sign_in()
        sent = fields(cast.bob.get(page(cast, "rules")).text)
        assert (
            cast.bob.post(page(cast, "rules"), **(sent | {"notice_min": "90"})).status_code == 303
        )
        assert cast.bob.get(page(cast, "payments")).status_code == 403
        assert "settings/payments" not in cast.bob.get(page(cast, "")).text

    def test_payments_take_a_fresh_proof(self, cast: Cast) -> None:
        sent = fields(cast.alice.get(page(cast, "payments")).text)
        cast.let_proof_run_out()
        assert (
            cast.alice.get(page(cast, "payments"))
            .headers["location"]
            .startswith("/office/account/proof")
        )
        answer = cast.alice.browser.post(page(cast, "payments"), data=sent | {"hold_min": "30"})
        assert answer.headers["location"].startswith("/office/account/proof")
        assert document(cast).payments.hold_min == 10


def error_of(text: str, name: str) -> str:
    """What is told beside a field."""
    found = re.search(rf'id="f-{name}-error">([^<]*)<', text)
    return found[1] if found else ""
