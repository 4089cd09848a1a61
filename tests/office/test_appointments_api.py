"""The office's appointments over HTTP: what a desk's programs may do, and what strangers may not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bookonce.accounts.roles import Post
from bookonce.platform.actor import Role
from tests.factories import tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer

TEN = tomorrow_at(10)


class Desk:
    """Somebody's programs at the salon."""

    def __init__(self, browser: httpx.Client, slug: str) -> None:
        self.browser, self.slug = browser, slug

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request to the office's API."""
        return self.browser.request(method, f"/api/v1/{self.slug}/office{path}", **more)

    def book(self, start: Any = TEN, **more: Any) -> httpx.Response:
        """Zoe, with Ada."""
        wish = {"service": "cut", "start": start.isoformat(), "staff": "ada"}
        return self.ask("POST", "/appointments", json={**wish, "client": {"name": "Zoe"}, **more})

    def booked(self, start: Any = TEN, **more: Any) -> dict[str, Any]:
        """The same, which must succeed."""
        answer = self.book(start, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    cast.bob.sign_in()
    cast.charlie.sign_in()
    yield cast
    cast.close()


@pytest.fixture
def desk(cast: Cast) -> Desk:
    """Alice's."""
    return Desk(cast.alice.browser, cast.slug)


class TestBooking:
    def test_it_works(self, desk: Desk) -> None:
        answer = desk.book()
        booked = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"].endswith(f"/office/appointments/{booked['id']}")
        assert (booked["status"], booked["staff"]) == ("confirmed", "ada")
        assert booked["client"]["name"] == "Zoe"
        assert booked["manage_url"].startswith("http")
        found = desk.ask("GET", f"/appointments/{booked['id']}").json()
        assert found["start"] == booked["start"]
        (entry,) = found["history"]
        assert (entry["kind"], entry["actor"]["role"]) == ("appointment.booked", "owner")

    def test_what_a_visitor_answered_is_shown_and_the_desk_is_not_asked(
        self, cast: Cast, desk: Desk
    ) -> None:
        was = desk.ask("GET", "/business")
        asks = {
            "key": "why", "name": "<b>Why</b>?", "kind": "text", "required": True,
        }  # fmt: skip
        changed = desk.ask(
            "PUT",
            "/business",
            json=was.json() | {"question": [asks]},
            headers={"If-Match": was.headers["etag"]},
        )
        assert changed.status_code == 200, changed.text
        assert "answers" not in desk.booked()
        wish = {"service": "cut", "start": TEN.replace(hour=12).isoformat(), "staff": "ada"}
        client = {"name": "Zoe", "email": "zoe@example.com"}
        public = f"/api/v1/{desk.slug}/book"
        answered = {"client": client, "answers": {"why": "<i>Because</i>"}}
        booked = desk.browser.post(public, json=wish | answered).json()
        found = desk.ask("GET", f"/appointments/{booked['id']}").json()
        assert found["answers"] == [
            {"key": "why", "name": "<b>Why</b>?", "answer": "<i>Because</i>", "kind": "text"}
        ]
        page = cast.alice.get(f"/office/{desk.slug}/appointments/{booked['id']}").text
        assert "&lt;b&gt;Why&lt;/b&gt;?" in page
        assert "&lt;i&gt;Because&lt;/i&gt;" in page

    def test_a_walk_in_is_said_and_never_guessed(self, desk: Desk) -> None:
        assert "client" not in desk.booked(client=None)
        wish = {"service": "cut", "start": TEN.isoformat(), "staff": "ada"}
        answer = desk.ask("POST", "/appointments", json=wish)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "client"

    def test_a_taken_time_is_409_unless_it_is_overbooked(self, desk: Desk) -> None:
        desk.booked()
        refused = desk.book()
        assert (refused.status_code, refused.json()["code"]) == (409, "BOOKING_CONFLICT")
        over = desk.booked(overbook={"reason": "She begged"})
        assert over["overbooked"] == "She begged"

    def test_rules_are_broken_by_name(self, desk: Desk) -> None:
        start = TEN + timedelta(minutes=7)
        assert desk.book(start).json()["code"] == "NOT_OFFERED"
        booked = desk.booked(start, break_rules=["step"])
        found = desk.ask("GET", f"/appointments/{booked['id']}").json()
        assert found["history"][0]["broken_rules"] == ["step"]
        wrong = desk.book(start, break_rules=["gravity"])
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["field"].startswith("break_rules")

    def test_the_same_key_books_once(self, desk: Desk) -> None:
        wish = {"service": "cut", "start": TEN.isoformat(), "client": None}
        answers = [
            desk.ask("POST", "/appointments", json=wish, headers={"Idempotency-Key": "once"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json()["id"] == answers[1].json()["id"]


class TestChanges:
    def test_moved_and_undone(self, desk: Desk) -> None:
        booked = desk.booked()
        path = f"/appointments/{booked['id']}"
        to = (TEN + timedelta(hours=2)).isoformat()
        moved = desk.ask("POST", f"{path}/move", json={"start": to}).json()
        assert moved["undo_until"]
        assert moved["client"]["name"] == "Zoe"
        undone = desk.ask("POST", f"{path}/undo").json()
        assert undone["start"] == booked["start"]
        assert desk.ask("POST", f"{path}/undo").json()["code"] == "TOO_LATE"

    def test_cancelled_and_reopened(self, desk: Desk) -> None:
        path = f"/appointments/{desk.booked()['id']}"
        request = {"reason": "Ada is ill", "notify": False}
        cancelled = desk.ask("POST", f"{path}/cancellation", json=request).json()
        assert cancelled["status"] == "cancelled"
        assert desk.ask("POST", f"{path}/reopening").json()["status"] == "confirmed"
        history = desk.ask("GET", path).json()["history"]
        assert [entry["kind"].removeprefix("appointment.") for entry in history] == [
            "booked",
            "cancelled",
            "reopened",
        ]
        assert (history[1]["reason"], history[1]["notify"]) == ("Ada is ill", False)

    def test_an_outcome_waits_for_the_start(self, desk: Desk) -> None:
        path = f"/appointments/{desk.booked()['id']}"
        for verb in ("completion", "no-show"):
            answer = desk.ask("POST", f"{path}/{verb}")
            assert (answer.status_code, answer.json()["code"]) == (409, "STATUS_CONFLICT")
        past = desk.booked(TEN - timedelta(days=7), client=None, break_rules=["notice", "hours"])
        path = f"/appointments/{past['id']}"
        assert desk.ask("POST", f"{path}/no-show").json()["status"] == "no_show"
        assert desk.ask("POST", f"{path}/completion").json()["status"] == "completed"

    def test_put_right(self, desk: Desk) -> None:
        path = f"/appointments/{desk.booked()['id']}"
        changed = desk.ask("PATCH", path, json={"notes": "Nuts", "client": {"name": "Max"}}).json()
        assert (changed["notes"], changed["client"]["name"]) == ("Nuts", "Max")
        unknown = desk.ask("PATCH", path, json={"colour": "red"})
        assert unknown.json()["errors"][0]["field"] == "colour"


class TestList:
    def test_pages_skip_and_repeat_nothing(self, desk: Desk) -> None:
        starts = [desk.booked(TEN + timedelta(minutes=30 * n))["start"] for n in range(5)]
        found: list[str] = []
        cursor = None
        while True:
            query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = desk.ask("GET", "/appointments", params=query).json()
            found += [item["start"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == starts

    def test_filters(self, desk: Desk) -> None:
        first = desk.booked()
        desk.booked(TEN + timedelta(days=1), staff="ben")
        date = first["start"][:10]
        for query in (
            {"from": date, "to": date},
            {"staff": "ada"},
            {"client": first["client"]["id"]},
            {"to": date, "status": "confirmed,held", "service": "cut"},
        ):
            page = desk.ask("GET", "/appointments", params=query).json()
            assert [item["id"] for item in page["items"]] == [first["id"]], query

    @pytest.mark.parametrize(
        "query, field",
        [
            ({"status": "lost"}, "status"),
            ({"cursor": "x"}, "cursor"),
            ({"from": "2026-12-02", "to": "2026-12-01"}, "to"),
            ({"limit": "0"}, "limit"),
            ({"from": "yesterday"}, "from"),
        ],
    )
    def test_what_is_wrong_is_named(self, desk: Desk, query: dict[str, str], field: str) -> None:
        answer = desk.ask("GET", "/appointments", params=query)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]


class TestAbsences:
    def test_time_is_blocked_and_given_back(self, desk: Desk) -> None:
        request = {
            "staff": "ada",
            "from": TEN.isoformat(),
            "to": (TEN + timedelta(hours=1)).isoformat(),
            "reason": "Dentist",
        }
        made = desk.ask("POST", "/absences", json=request)
        assert made.status_code == 201, made.text
        assert desk.book().status_code == 409
        (listed,) = desk.ask("GET", "/absences").json()["items"]
        assert listed == made.json()
        assert desk.ask("DELETE", f"/absences/{listed['id']}").status_code == 204
        assert desk.book().status_code == 201

    def test_it_is_refused_with_what_is_in_the_way(self, desk: Desk) -> None:
        booked = desk.booked()
        request = {
            "staff": "ada",
            "from": TEN.isoformat(),
            "to": (TEN + timedelta(hours=1)).isoformat(),
        }
        refused = desk.ask("POST", "/absences", json=request)
        assert refused.status_code == 409
        (in_the_way,) = refused.json()["in_the_way"]
        assert in_the_way["appointment_id"] == booked["id"]
        assert in_the_way["client"] == "Zoe"


class TestOthers:
    def test_another_business_has_no_such_appointment(self, cast: Cast, desk: Desk) -> None:
        path = f"/appointments/{desk.booked()['id']}"
        charlie = Desk(cast.charlie.browser, cast.other_slug)
        assert charlie.ask("GET", path).status_code == 404
        for verb in ("cancellation", "move", "undo", "completion", "no-show", "reopening"):
            body = {"start": TEN.isoformat()} if verb == "move" else {}
            assert charlie.ask("POST", f"{path}/{verb}", json=body).status_code == 404, verb
        assert charlie.ask("PATCH", path, json={"notes": "mine"}).status_code == 404
        assert charlie.ask("GET", "/appointments").json()["items"] == []

    def test_staff_see_theirs_without_numbers(self, cast: Cast, desk: Desk) -> None:
        hers = desk.booked(client={"name": "Zoe", "phone": "030 1234567"})
        his = desk.booked(staff="ben", client={"name": "Max", "phone": "030 1234568"})
        cast.give_post(cast.bob, Post(Role.STAFF, "ben"))
        bob = Desk(cast.bob.browser, cast.slug)
        (seen,) = bob.ask("GET", "/appointments").json()["items"]
        assert (seen["id"], seen["client"]) == (his["id"], {"name": "Max"})
        assert bob.ask("GET", f"/appointments/{hers['id']}").status_code == 404
        refused = bob.ask("GET", "/appointments", params={"staff": "ada"})
        assert refused.json()["items"] == []
