"""What operators see: alive, ready, metrics, request ids, logs, and a database that goes away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.running import RunningServer, free_port
from tests.web.forwarder import Forwarder
from tests.web.ledger import Ledger
from tests.web.raw_http import send
from tests.web.visitors import PROBLEM, a_wish, address_of, book, refused, token_of
from tests.web.waiting import wait_until

PUBLIC_URL = "https://book.example.com"
ANNOUNCED = ("Bookonce is open", "  the first", "  API, to read", "  ready?", "  stop with")


class Operated:
    """A server whose way to its database can be cut, with a business and a visitor of its own."""

    def __init__(
        self, server: RunningServer, way: Forwarder, visitor: httpx.Client, operators: str
    ) -> None:
        self.server = server
        self.operators = operators
        self.way = way
        self.visitor = visitor

    def open_business(self, **more: Any) -> str:
        """A business of the test's own; tells its API's path."""
        business = a_business(**more)
        self.server.apply(business)
        return f"/api/v1/{business.business.slug}"

    def counted(self, name: str, **labels: str) -> float:
        """A metric's value; 0 while there is none."""
        return sum(value for found, value in self.samples(name) if labels.items() <= found.items())

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Every sample of a metric."""
        answer = httpx.get(f"{self.operators}/metrics", timeout=30)
        assert answer.status_code == 200
        return [
            (sample.labels, sample.value)
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == name
        ]

    def log_lines(self) -> list[dict[str, Any]]:
        """What was logged; every line but the greeting has to be a JSON object."""
        lines = self.server.log().splitlines()
        return [json.loads(line) for line in lines if line and not line.startswith(ANNOUNCED)]

    def logged(self, request_id: str) -> dict[str, Any]:
        """The access line of one request, its last, once it is there."""

        def found() -> list[dict[str, Any]]:
            lines = [line for line in self.log_lines() if line.get("request_id") == request_id]
            return [line for line in lines if line["event"] == "request"]

        wait_until(lambda: bool(found()), f"the access line of the request {request_id}")
        return found()[-1]


@pytest.fixture(scope="module")
def ours(new_database: Callable[[], str], scratch: Path) -> Iterator[Operated]:
    url = new_database()
    port = free_port()
    settings = {
        "BOOKONCE_PUBLIC_URL": f"{PUBLIC_URL}/",
        "BOOKONCE_OPERATOR_LISTEN": f"127.0.0.1:{port}",
    }
    with (
        Forwarder(url) as way,
        RunningServer(way.url, scratch / "operated", environment=settings) as server,
    ):
        with httpx.Client(base_url=server.base_url, timeout=30) as visitor:
            yield Operated(server, way, visitor, f"http://127.0.0.1:{port}")


@pytest.fixture
def database_away(ours: Operated) -> Iterator[None]:
    """The database can't be reached during the test."""
    with ours.way.away():
        yield


class TestAlive:
    def test_it_works(self, ours: Operated) -> None:
        answer = ours.visitor.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})

    @pytest.mark.usefixtures("database_away")
    def test_it_does_not_depend_on_the_database(self, ours: Operated) -> None:
        assert ours.visitor.get("/healthz").status_code == 200


class TestReady:
    def test_it_works(self, ours: Operated) -> None:
        answer = ours.visitor.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})

    def test_it_is_not_while_the_schema_is_behind(self, ours: Operated) -> None:
        with Ledger(ours.way.url) as ledger:
            (version,) = ledger.fetch(
                "DELETE FROM schema_migration WHERE version = "
                "(SELECT max(version) FROM schema_migration) RETURNING version"
            )[0]
            answer = ours.visitor.get("/readyz")
            ledger.fetch("INSERT INTO schema_migration (version) VALUES ($1)", version)
        problem = refused(answer, 503, "TRY_AGAIN")
        assert version in problem["detail"]
        assert "bookonce migrate" in problem["detail"]
        assert int(answer.headers["retry-after"]) >= 1
        assert ours.visitor.get("/readyz").status_code == 200

    def test_it_is_not_while_the_database_is_away(self, ours: Operated) -> None:
        with ours.way.away():
            answer = ours.visitor.get("/readyz")
        refused(answer, 503, "TRY_AGAIN")
        assert int(answer.headers["retry-after"]) >= 1
        wait_until(lambda: ours.visitor.get("/readyz").status_code == 200, "ready again")


class TestMetrics:
    def test_it_works(self, ours: Operated) -> None:
        answer = httpx.get(f"{ours.operators}/metrics", timeout=30)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        names = {family.name for family in text_string_to_metric_families(answer.text)}
        assert names >= {
            "bookonce_http_requests",
            "bookonce_http_request_seconds",
            "bookonce_bookings",
            "bookonce_changes",
            "bookonce_database_attempts",
            "bookonce_pool_connections_open",
            "bookonce_pool_connections_idle",
        }

    def test_requests_are_counted_by_route_not_by_address(self, ours: Operated) -> None:
        api = ours.open_business()
        route = "/api/v1/{slug}/appointments/{token}"
        labels = {"method": "GET", "route": route}
        before = ours.counted("bookonce_http_requests_total", status="200", **labels)
        timed = ours.counted("bookonce_http_request_seconds_count", **labels)
        booked = book(ours.visitor, api, tomorrow_at(10))
        ours.visitor.get(address_of(api, booked))
        assert ours.counted("bookonce_http_requests_total", status="200", **labels) == before + 1
        assert ours.counted("bookonce_http_request_seconds_count", **labels) == timed + 1
        text = httpx.get(f"{ours.operators}/metrics", timeout=30).text
        assert token_of(booked) not in text
        assert api.rpartition("/")[2] not in text

    def test_addresses_that_lead_nowhere_make_no_series_of_their_own(self, ours: Operated) -> None:
        for path in ("/wp-admin/setup.php", "/api/v1/x/y/z", "/a/b/c/d"):
            assert ours.visitor.get(path).status_code == 404
        routes = {labels["route"] for labels, _ in ours.samples("bookonce_http_requests_total")}
        assert not [route for route in routes if "wp-admin" in route or "x/y" in route]

    def test_methods_that_somebody_made_up_make_no_series_of_their_own(
        self, ours: Operated
    ) -> None:
        for method in ("BREW", "WHEN"):
            assert send(ours.server.port, method, b"/healthz").status == 405
        samples = ours.samples("bookonce_http_requests_total")
        assert not {"BREW", "WHEN"} & {labels["method"] for labels, _ in samples}

    def test_bookings_are_counted_by_outcome(self, ours: Operated) -> None:
        api, start = ours.open_business(), tomorrow_at(10)

        def outcomes() -> dict[str, float]:
            samples = ours.samples("bookonce_bookings_total")
            return {labels["outcome"]: value for labels, value in samples}

        before = outcomes()
        wishes = [
            (a_wish(start), "booked"),
            (a_wish(start), "booking_conflict"),
            (a_wish(start + timedelta(minutes=1)), "not_offered"),
            (a_wish(start, "perm"), "not_found"),
            (a_wish(start, notes="\0"), "validation"),
        ]
        for wish, _ in wishes:
            ours.visitor.post(f"{api}/book", json=wish)
        after = outcomes()
        grown = {one: after[one] - before.get(one, 0) for one in after}
        assert {one: by for one, by in grown.items() if by} == {outcome: 1 for _, outcome in wishes}

    def test_moves_and_cancellations_are_counted_by_outcome(self, ours: Operated) -> None:
        api = ours.open_business()
        at = address_of(api, book(ours.visitor, api, tomorrow_at(10)))
        later = {"start": tomorrow_at(15).isoformat()}

        def outcomes() -> dict[tuple[str, str], float]:
            samples = ours.samples("bookonce_changes_total")
            return {(labels["verb"], labels["outcome"]): value for labels, value in samples}

        before = outcomes()
        for path in (f"{at}/move", f"{at}/cancellation", f"{at}/move"):
            ours.visitor.post(path, json=later if path.endswith("move") else {})
        after = outcomes()
        grown = {one: after[one] - before.get(one, 0) for one in after}
        assert {one: by for one, by in grown.items() if by} == {
            ("move", "done"): 1,
            ("cancel", "done"): 1,
            ("move", "status_conflict"): 1,
        }

    def test_attempts_and_connections_are_counted(self, ours: Operated) -> None:
        api = ours.open_business()
        before = ours.counted("bookonce_database_attempts_total")
        ours.visitor.get(api)
        assert ours.counted("bookonce_database_attempts_total") > before
        opened = ours.counted("bookonce_pool_connections_open")
        assert 1 <= ours.counted("bookonce_pool_connections_idle") <= opened


def test_links_start_with_the_public_address_that_is_set(ours: Operated) -> None:
    api = ours.open_business()
    answer = ours.visitor.post(
        f"{api}/book", json=a_wish(tomorrow_at(10)), headers={"Host": "evil.example"}
    )
    booked = answer.json()
    assert booked["manage_url"].startswith(f"{PUBLIC_URL}/salon")
    assert booked["calendar_url"].startswith(f"{PUBLIC_URL}/api/")


class TestRequestId:
    @pytest.mark.parametrize("given", ["abc-123", "A.b_C-9", "x" * 64, "0"])
    def test_a_plain_one_is_kept(self, ours: Operated, given: str) -> None:
        answer = ours.visitor.get("/healthz", headers={"X-Request-Id": given})
        assert answer.headers["x-request-id"] == given
        assert ours.logged(given)["path"] == "/healthz"

    @pytest.mark.parametrize(
        "given", ["", "a b", "x" * 65, "{}", '"', "a\tb", "é", "<b>", "a,b", b"\xff"]
    )
    def test_any_other_is_replaced(self, ours: Operated, given: str | bytes) -> None:
        value = given if isinstance(given, bytes) else given.encode()
        answer = ours.visitor.get("/healthz", headers=[(b"X-Request-Id", value)])
        made = answer.headers["x-request-id"]
        assert made.encode() != value
        assert made.isalnum()

    def test_each_request_without_one_gets_its_own(self, ours: Operated) -> None:
        made = {ours.visitor.get("/healthz").headers["x-request-id"] for _ in range(20)}
        assert len(made) == 20

    def test_refusals_have_one_too(self, ours: Operated) -> None:
        answer = ours.visitor.get("/nobody", headers={"X-Request-Id": "lost-1"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (404, "lost-1")


class TestLogs:
    def test_each_request_is_one_line_of_json(self, ours: Operated) -> None:
        api = ours.open_business()
        ours.visitor.get(f"{api}/services", headers={"X-Request-Id": "line-1"})
        line = ours.logged("line-1")
        assert line["event"] == "request"
        assert (line["method"], line["path"], line["status"]) == ("GET", f"{api}/services", 200)
        assert line["level"] == "info"
        assert line["ms"] >= 0
        assert line["client"] == "127.0.0.1"
        assert line["timestamp"].endswith("Z")

    def test_every_line_has_a_request_id(self, ours: Operated) -> None:
        ours.visitor.get("/nobody", headers={"X-Request-Id": "line-2"})
        ours.logged("line-2")
        assert all(line["request_id"] for line in ours.log_lines())

    def test_nothing_personal_and_no_capability_is_logged(self, ours: Operated) -> None:
        api = ours.open_business(
            staff=[a_staff_member("ada"), a_staff_member("bela")],
            service=[a_service("cut"), a_service("dye", staff=["bela"])],
        )
        slug = api.rpartition("/")[2]
        client = {"name": "Zoe Unseen", "email": "unseen@example.com", "phone": "+49 30 555 0199"}
        wish = a_wish(tomorrow_at(10), client=client, notes="a secret wish", staff="ada")
        headers = {"Idempotency-Key": "key-of-zoe"}
        booked = ours.visitor.post(f"{api}/book", json=wish, headers=headers).json()
        token = token_of(booked)
        at, page = address_of(api, booked), f"/{slug}/a/{token}"
        for path in (at, f"{at}.ics", page, f"{at}/", f"/{slug}//a/{token}"):
            assert ours.visitor.get(path).status_code == 200
        for path in (f"{at}x", f"{at}.", f"/{slug}/a/{token}.", f"{at}?token={token}"):
            ours.visitor.get(path)
        move = {"start": tomorrow_at(15).isoformat()}
        ours.visitor.post(f"{api}/book", json=wish)  # taken
        ours.visitor.post(f"{api}/book", json=wish | {"notes": "\0" + token})
        ours.visitor.post(f"{api}/book", json=wish | {"service": "Zoe Unseen"})
        ours.visitor.post(f"{at}/move", json=move)
        ours.visitor.post(f"{at}/cancellation")
        ours.visitor.get("/healthz", headers={"X-Request-Id": "last-of-zoe"})
        ours.logged("last-of-zoe")
        log = ours.server.log()
        words = (
            "Unseen",
            "unseen",
            "555 0199",
            "5550199",
            "secret",
            "key-of-zoe",
            token,
            token.lower(),
        )
        assert [word for word in words if word in log] == []


class TestDatabaseAway:
    def test_every_request_that_needs_it_is_told_to_try_again(self, ours: Operated) -> None:
        api, start = ours.open_business(), tomorrow_at(10)
        booked = book(ours.visitor, api, start)
        at, day = address_of(api, booked), start.date()
        move = {"start": tomorrow_at(15).isoformat()}
        requests = [
            ("GET", api, None),
            ("GET", f"{api}/services", None),
            ("GET", f"{api}/staff", None),
            ("GET", f"{api}/availability?service=cut&from={day}&to={day}", None),
            ("GET", at, None),
            ("GET", f"{at}.ics", None),
            ("GET", f"/{api.rpartition('/')[2]}/a/{token_of(booked)}", None),
            ("POST", f"{api}/book", a_wish(tomorrow_at(12))),
            ("POST", f"{at}/cancellation", {}),
            ("POST", f"{at}/move", move),
        ]
        with ours.way.away():
            with ThreadPoolExecutor(len(requests)) as pool:
                answers = list(
                    pool.map(lambda one: ours.visitor.request(*one[:2], json=one[2]), requests)
                )
        for answer in answers:
            refused(answer, 503, "TRY_AGAIN")
            assert answer.headers["content-type"] == PROBLEM
            assert int(answer.headers["retry-after"]) >= 1
        assert ours.visitor.get(at).json() == booked

    def test_the_same_key_books_when_it_is_back(self, ours: Operated) -> None:
        api = ours.open_business()
        wish, headers = a_wish(tomorrow_at(10)), {"Idempotency-Key": "key-1"}
        with ours.way.away():
            answer = ours.visitor.post(f"{api}/book", json=wish, headers=headers)
        refused(answer, 503, "TRY_AGAIN")
        first, second = (
            ours.visitor.post(f"{api}/book", json=wish, headers=headers) for _ in range(2)
        )
        assert first.status_code == 201
        assert second.content == first.content

    def test_connections_that_ended_meanwhile_are_noticed_by_nobody(self, ours: Operated) -> None:
        api = ours.open_business()
        assert ours.visitor.get(api).status_code == 200
        with ours.way.away():
            pass
        assert book(ours.visitor, api, tomorrow_at(10))["status"] == "confirmed"

    def test_the_operator_is_told_why(self, ours: Operated) -> None:
        api = ours.open_business()
        with ours.way.away():
            ours.visitor.get(api, headers={"X-Request-Id": "away-1"})
        ours.logged("away-1")
        lines = [line for line in ours.log_lines() if line["request_id"] == "away-1"]
        assert [line["level"] for line in lines] == ["warning", "info"]
        assert lines[0]["cause"]
