"""The office's clients over HTTP: found, written down, put right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

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


class Book:
    """Somebody's programs, at the salon's clients."""

    def __init__(self, browser: httpx.Client, slug: str) -> None:
        self.browser, self.slug = browser, slug

    def ask(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        """A request about clients."""
        return self.browser.request(method, f"/api/v1/{self.slug}/office/clients{path}", **more)

    def added(self, name: str, **more: Any) -> dict[str, Any]:
        """Somebody who was written down."""
        answer = self.ask("POST", json={"name": name, **more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def book(cast: Cast) -> Book:
    """Alice's."""
    return Book(cast.alice.browser, cast.slug)


class TestKeeping:
    def test_it_works(self, book: Book) -> None:
        answer = book.ask(
            "POST", json={"name": "Zoe", "phone": "030 1234567", "flags": ["VIP", "VIP"]}
        )
        added = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"].endswith(f"/office/clients/{added['id']}")
        assert (added["phone"], added["email"], added["flags"]) == ("+49301234567", None, ["VIP"])
        assert (added["visits"], added["no_shows"], added["messages"]) == (0, 0, 0)
        assert book.ask("GET", f"/{added['id']}").json() == added

    def test_several_may_have_one_mail_address(self, book: Book) -> None:
        mother = book.added("Zoe", email="zoe@example.com")
        child = book.added("Max", email="zoe@example.com")
        assert mother["id"] != child["id"]

    def test_the_same_key_writes_down_once(self, book: Book) -> None:
        answers = [
            book.ask("POST", json={"name": "Zoe"}, headers={"Idempotency-Key": "once"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        other = book.ask("POST", json={"name": "Max"}, headers={"Idempotency-Key": "once"})
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")

    def test_what_is_absent_stays_and_null_takes_out(self, book: Book) -> None:
        path = f"/{book.added('Zoe', email='zoe@example.com', notes='Tea')['id']}"
        changed = book.ask("PATCH", path, json={"notes": None, "name": "Zoë"}).json()
        assert (changed["name"], changed["email"], changed["notes"]) == (
            "Zoë", "zoe@example.com", None,
        )  # fmt: skip
        assert book.ask("PATCH", path, json={}).json() == changed

    @pytest.mark.parametrize(
        "body, field",
        [
            ({}, "name"), ({"name": ""}, "name"), ({"name": "x" * 201}, "name"),
            ({"name": "Zoe", "email": "zoe"}, "email"), ({"name": "Zoe", "phone": "1"}, "phone"),
            ({"name": "Zoe", "notes": "\0"}, "notes"), ({"name": "Zoe", "flags": "VIP"}, "flags"),
            ({"name": "Zoe", "flags": ["x" * 61]}, "flags"), ({"name": "Zoe", "age": 7}, "age"),
            ({"name": "Zoe", "flags": [str(n) for n in range(11)]}, "flags"),
            ({"name": None}, "name"), ({"name": "a\ud800"}, "name"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, book: Book, body: dict[str, Any], field: str) -> None:
        import json

        text, kind = json.dumps(body), {"Content-Type": "application/json"}
        answer = book.ask("POST", content=text, headers=kind)
        assert answer.status_code == 422, answer.text
        assert {error["field"] for error in answer.json()["errors"]} <= {field, ""}
        one = book.added("Zoe")["id"]
        if body:
            assert book.ask("PATCH", f"/{one}", content=text, headers=kind).status_code == 422


class TestList:
    def test_pages_skip_and_repeat_nobody(self, book: Book) -> None:
        for name in ("Cleo", "anna", "Ben", "Ben", "Édith"):
            book.added(name)
        found: list[str] = []
        cursor = None
        while True:
            query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = book.ask("GET", params=query).json()
            found += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == ["anna", "Ben", "Ben", "Cleo", "Édith"]

    def test_everything_that_is_said_is_so(self, book: Book) -> None:
        book.added("Zoë Müller", phone="030 1234567")
        book.added("Zoe Maier")
        for q in ("zoe mull", "4567", "030 123"):
            page = book.ask("GET", params={"q": q}).json()
            assert [item["name"] for item in page["items"]] == ["Zoë Müller"], q

    @pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "WyIiXQ"}, {"limit": "0"}])
    def test_what_is_wrong_is_named(self, book: Book, query: dict[str, str]) -> None:
        answer = book.ask("GET", params=query)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == list(query)


class TestOthers:
    def test_another_business_has_no_such_client(self, cast: Cast, book: Book) -> None:
        path = f"/{book.added('Zoe')['id']}"
        charlie = Book(cast.charlie.browser, cast.other_slug)
        assert charlie.ask("GET", path).status_code == 404
        assert charlie.ask("PATCH", path, json={"name": "Mine"}).status_code == 404
        assert charlie.ask("GET").json()["items"] == []
        assert book.ask("GET", path).json()["name"] == "Zoe"


class TestMerging:
    def test_it_works_and_can_be_taken_back(self, book: Book) -> None:
        zoe, other = book.added("Zoe"), book.added("Zoë", notes="Nuts")
        merged = book.ask("POST", f"/{other['id']}/merge", json={"into": zoe["id"]})
        assert (merged.status_code, merged.json()["id"]) == (200, zoe["id"])
        assert merged.json()["notes"] == "Nuts"
        assert book.ask("GET", f"/{other['id']}").json()["id"] == zoe["id"]
        again = book.ask("POST", f"/{other['id']}/unmerge")
        assert (again.status_code, again.json()) == (200, other)
        twice = book.ask("POST", f"/{other['id']}/unmerge")
        assert (twice.status_code, twice.json()["code"]) == (409, "STATUS_CONFLICT")

    def test_whoever_knows_the_old_id_finds_what_was_theirs(self, cast: Cast, book: Book) -> None:
        zoe, other = book.added("Zoe"), book.added("Zoë", email="zoe.other@example.com")
        wish = {
            "service": "cut",
            "start": tomorrow_at(15).isoformat(),
            "client": {"id": other["id"]},
        }
        office = f"/api/v1/{cast.slug}/office"
        booked = cast.alice.browser.post(f"{office}/appointments", json=wish)
        assert booked.status_code == 201, booked.text
        book.ask("POST", f"/{other['id']}/merge", json={"into": zoe["id"]})
        for known in (zoe, other):
            listed = cast.alice.browser.get(
                f"{office}/appointments", params={"client": known["id"]}
            ).json()
            assert [one["id"] for one in listed["items"]] == [booked.json()["id"]]
        nobody = cast.alice.browser.get(f"{office}/messages", params={"client": other["id"]})
        assert nobody.status_code == 200

    def test_what_is_wrong_is_named(self, cast: Cast, book: Book) -> None:
        zoe, other = book.added("Zoe")["id"], book.added("Zoë")["id"]
        theirs = Book(cast.charlie.browser, cast.other_slug).added("Zoe")["id"]
        for body, field in (
            ({}, "into"), ({"into": "me"}, "into"), ({"into": zoe}, "into"), ({"into": theirs}, "into"),
            ({"into": other, "fields": {"email": "both"}}, "fields.email"),
            ({"into": other, "fields": {"age": "into"}}, "fields"),
            ({"into": other, "fields": {"name": "mine"}}, "fields"),
        ):  # fmt: skip
            answer = book.ask("POST", f"/{zoe}/merge", json=body)
            assert answer.status_code == 422, body
            assert answer.json()["errors"][0]["field"].startswith(field), answer.text


class TestLeaving:
    def test_what_is_kept_and_its_end(self, book: Book) -> None:
        path = f"/{book.added('Zoe', email='zoe@example.com')['id']}"
        child = book.added("Max", email="zoe@example.com")
        kept = book.ask("GET", f"{path}/export").json()
        assert kept["clients"][0]["email"] == "zoe@example.com"
        assert kept["appointments"] == kept["merges"] == []
        erased = book.ask("POST", f"{path}/erasure")
        assert (erased.status_code, erased.json()) == (200, {"appointments": 0})
        for answer in (
            book.ask("GET", path), book.ask("GET", f"{path}/export"),
            book.ask("POST", f"{path}/erasure"), book.ask("PATCH", path, json={"name": "Zoe"}),
        ):  # fmt: skip
            assert answer.status_code == 404
        assert book.ask("GET", f"/{child['id']}").json()["email"] == "zoe@example.com"
