"""Whatever anybody sends: a refusal of the right kind, nothing written, nothing given away."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from bookonce.business.document import Business
from tests.factories import a_business, tomorrow_at
from tests.running import RunningServer
from tests.web.ledger import Ledger
from tests.web.raw_http import RawAnswer, exchange, send
from tests.web.visitors import (
    PROBLEM,
    a_wish,
    address_of,
    book,
    fields,
    keeps_its_insides,
    refused,
)

Serve = Callable[[Business], str]

JSON = {"Content-Type": "application/json"}
INJECTION = "'; DROP TABLE appointment; --"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def api(server: RunningServer) -> str:
    """One business for all: nothing is meant to happen to it."""
    business = a_business()
    server.apply(business)
    return f"/api/v1/{business.business.slug}"


@pytest.fixture
def nothing_written(ledger: Ledger, api: str) -> Iterator[None]:
    """Fails the test if the database isn't afterwards what it was before."""
    before = ledger.contents()
    yield
    assert ledger.contents() == before


def post(visitor: httpx.Client, api: str, content: str | bytes, **headers: str) -> httpx.Response:
    return visitor.post(f"{api}/book", content=content, headers=JSON | headers)


def wish(**changes: Any) -> dict[str, Any]:
    """A good booking but for what is changed."""
    return a_wish(tomorrow_at(10)) | changes


def wish_of(**particulars: Any) -> dict[str, Any]:
    """A good booking but for something in the visitor's particulars."""
    return wish(client={"name": "Zoe", "email": "zoe@example.com"} | particulars)


def refused_raw(answer: RawAnswer, status: int, code: str) -> None:
    assert answer.status == status, answer.content
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["code"] == code
    assert keeps_its_insides(answer.text)


@pytest.mark.usefixtures("nothing_written")
class TestBodies:
    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b"nonsense",
            b'{"service": "cut",}',
            b"{'service': 'cut'}",
            b'{"service": NaN}',
            b'{"service": 1e999}',
            b'{"service": ' + b"9" * 5000 + b"}",
            b"{}{}",
            b"\xff\xfe",
            b'{"service": "\xff"}',
            b'{"service": "\xc0\x80"}',
            b'{"service": "\xed\xa0\x80"}',
            b'{"service": "\\ud800"}',
            b"\xef\xbb\xbf{}",
            json.dumps(wish()).encode("utf-16"),
            b"\0",
            b"[" * 60_000,
            b"[" * 30_000 + b"]" * 30_000,
            b'{"service":' * 5_000 + b"1" + b"}" * 5_000,
            b'{"client": {"name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
            b'{"start": "' + b"\\" * 20_001 + b'"}',
        ],
        ids=lambda content: repr(content[:24]),
    )
    def test_what_is_not_json_is_refused(
        self, visitor: httpx.Client, api: str, content: bytes
    ) -> None:
        refused(post(visitor, api, content), 422, "VALIDATION")

    @pytest.mark.parametrize("content", ["", "null", "true", "1", '"cut"', "[]", "[{}]"])
    def test_what_is_not_an_object_is_refused(
        self, visitor: httpx.Client, api: str, content: str
    ) -> None:
        refused(post(visitor, api, content), 422, "VALIDATION")

    def test_an_empty_object_is_refused_by_all_that_it_lacks(
        self, visitor: httpx.Client, api: str
    ) -> None:
        problem = refused(post(visitor, api, "{}"), 422, "VALIDATION")
        assert fields(problem) == {"start", "client"}, "and then service or services"

    def test_unknown_fields_are_named(self, visitor: httpx.Client, api: str) -> None:
        sent = wish_of(address="Elm Street") | {"price": "0.01", "status": "confirmed"}
        problem = refused(post(visitor, api, json.dumps(sent)), 422, "VALIDATION")
        assert fields(problem) == {"client.address", "price", "status"}

    def test_one_mistake_does_not_hide_another(self, visitor: httpx.Client, api: str) -> None:
        sent = {"service": 1, "start": "noon", "client": {"name": 2}, "staff": [], "x": None}
        problem = refused(post(visitor, api, json.dumps(sent)), 422, "VALIDATION")
        assert fields(problem) == {
            "service", "start", "client.name", "client.email", "staff", "x",
        }  # fmt: skip

    def test_thousands_of_mistakes_are_answered_within_reason(
        self, visitor: httpx.Client, api: str
    ) -> None:
        sent = {f"field{number}": 1 for number in range(4_000)}
        answer = post(visitor, api, json.dumps(sent))
        refused(answer, 422, "VALIDATION")
        assert len(answer.content) < 64 * 1024

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/jsonx",
            "text/json",
            "application/msgpack",
            "",
            "/",
            "application/problem+json",
            "application/json, text/plain",
            "x" * 5000,
        ],
        ids=lambda value: value[:20],
    )
    def test_another_content_type_is_refused(
        self, visitor: httpx.Client, api: str, content_type: str
    ) -> None:
        answer = visitor.post(
            f"{api}/book", content=json.dumps(wish()), headers={"Content-Type": content_type}
        )
        refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_no_content_type_is_refused(self, server: RunningServer, api: str) -> None:
        answer = send(server.port, "POST", f"{api}/book".encode(), json.dumps(wish()).encode())
        refused_raw(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_no_body_is_refused(self, server: RunningServer, api: str) -> None:
        answer = send(server.port, "POST", f"{api}/book".encode())
        refused_raw(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    @pytest.mark.parametrize("verb", ["cancellation", "move"])
    @pytest.mark.parametrize("content", [b"{", b"[]", b"1", b"[" * 60_000, b'{"x": "\xff"}'])
    def test_other_verbs_refuse_the_same(
        self, visitor: httpx.Client, api: str, verb: str, content: bytes
    ) -> None:
        answer = visitor.post(f"{api}/appointments/x/{verb}", content=content, headers=JSON)
        refused(answer, 422, "VALIDATION")


@pytest.mark.usefixtures("nothing_written")
class TestSize:
    @pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
    @pytest.mark.parametrize("verb", ["book", "appointments/x/cancellation", "appointments/x/move"])
    def test_a_megabyte_is_too_large(
        self, visitor: httpx.Client, api: str, verb: str, content_type: str
    ) -> None:
        answer = visitor.post(
            f"{api}/{verb}", content=b" " * MEGABYTE, headers={"Content-Type": content_type}
        )
        refused(answer, 413, "TOO_LARGE")

    def test_a_name_of_a_megabyte_is_too_large(self, visitor: httpx.Client, api: str) -> None:
        sent = json.dumps(wish_of(name="x" * MEGABYTE))
        refused(post(visitor, api, sent), 413, "TOO_LARGE")

    def test_a_body_that_does_not_tell_its_size_is_measured(
        self, server: RunningServer, api: str
    ) -> None:
        chunks = (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 16 + b"0\r\n\r\n"
        head = f"POST {api}/book HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        refused_raw(exchange(server.port, head.encode() + chunks), 413, "TOO_LARGE")

    def test_sixty_four_kilobytes_are_read(self, visitor: httpx.Client, api: str) -> None:
        sent = json.dumps(wish(start="soon")).encode()
        refused(post(visitor, api, sent.ljust(65_536)), 422, "VALIDATION")
        refused(post(visitor, api, sent.ljust(65_537)), 413, "TOO_LARGE")


@pytest.mark.usefixtures("nothing_written")
class TestFields:
    @pytest.mark.parametrize(
        "start",
        [
            "2026-12-01T10:00:00",
            "2026-12-01 10:00",
            "2026-12-01",
            "10:00",
            "tomorrow",
            "",
            " ",
            "2026-02-30T10:00:00Z",
            "2026-12-01T24:00:00Z",
            "2026-12-01T10:00:00+24:00",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "-001-01-01T00:00:00Z",
            "\x00",
            "2026-12-01T10:00:00Z\x00",
            "2026-12-01T10:00:00 Europe/Berlin",
            "1764583200",
            1764583200,
            -1,
            1e18,
            10**300,
            1.5,
            True,
            None,
            [],
            {},
            ["2026-12-01T10:00:00Z"],
        ],
        ids=lambda start: repr(start)[:32],
    )
    def test_what_is_not_an_instant_is_refused_by_name(
        self, visitor: httpx.Client, api: str, start: Any
    ) -> None:
        answer = post(visitor, api, json.dumps(wish(start=start)))
        assert fields(refused(answer, 422, "VALIDATION")) == {"start"}

    @pytest.mark.parametrize("year", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
    @pytest.mark.parametrize("offset", ["Z", "+23:59", "-23:59", "+14:00", "-12:00", "+00:01"])
    def test_the_ends_of_the_calendar_are_never_on_offer(
        self, visitor: httpx.Client, api: str, year: str, offset: str
    ) -> None:
        start = {"start": f"{year}{offset}"}
        refused(post(visitor, api, json.dumps(wish(**start))), 422, "NOT_OFFERED")
        refused(visitor.post(f"{api}/appointments/x/move", json=start), 404, "NOT_FOUND")

    @pytest.mark.parametrize("place", ["name", "email", "phone"])
    @pytest.mark.parametrize("value", [7, -7, True, [], {}, ["Zoe"], "x" * 60_000, "\0", "a\x07b"])
    def test_particulars_of_another_kind_are_refused_by_name(
        self, visitor: httpx.Client, api: str, place: str, value: Any
    ) -> None:
        answer = post(visitor, api, json.dumps(wish_of(**{place: value})))
        assert fields(refused(answer, 422, "VALIDATION")) == {f"client.{place}"}

    @pytest.mark.parametrize("name", ["", " ", "\t\n", "\u00a0", "a\nb", "x" * 201, None])
    def test_a_name_that_is_none_is_refused(
        self, visitor: httpx.Client, api: str, name: str | None
    ) -> None:
        answer = post(visitor, api, json.dumps(wish_of(name=name)))
        assert fields(refused(answer, 422, "VALIDATION")) == {"client.name"}

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "zoe",
            "zoe@",
            "@example.com",
            "zoe@example",
            "a@b@example.com",
            "zoe@[127.0.0.1]",
            "zoe@example.com\r\nBcc: all@example.com",
            "Zoe <zoe@example.com>",
            "zoe@-a.com",
            None,
        ],
    )
    def test_a_mail_address_that_is_none_is_refused(
        self, visitor: httpx.Client, api: str, email: str | None
    ) -> None:
        answer = post(visitor, api, json.dumps(wish_of(email=email)))
        assert fields(refused(answer, 422, "VALIDATION")) == {"client.email"}

    @pytest.mark.parametrize("notes", [7, [], {}, False, "x" * 2_001, "\0", "\x1b[31m"])
    def test_notes_of_another_kind_are_refused_by_name(
        self, visitor: httpx.Client, api: str, notes: Any
    ) -> None:
        answer = post(visitor, api, json.dumps(wish(notes=notes)))
        assert fields(refused(answer, 422, "VALIDATION")) == {"notes"}

    @pytest.mark.parametrize("place", ["service", "staff"])
    @pytest.mark.parametrize("value", [7, -1, 1.5, True, [], {}])
    def test_keys_of_another_kind_are_refused_by_name(
        self, visitor: httpx.Client, api: str, place: str, value: Any
    ) -> None:
        answer = post(visitor, api, json.dumps(wish(**{place: value})))
        assert fields(refused(answer, 422, "VALIDATION")) == {place}

    @pytest.mark.parametrize("place", ["service", "staff"])
    @pytest.mark.parametrize(
        "value", ["\0", "", " ", "CUT", "cut\n", "💇", "x" * 60_000, INJECTION]
    )
    def test_keys_that_nobody_has_are_not_found(
        self, visitor: httpx.Client, api: str, place: str, value: str
    ) -> None:
        refused(post(visitor, api, json.dumps(wish(**{place: value}))), 404, "NOT_FOUND")

    @pytest.mark.parametrize("client", [None, [], "Zoe", 7, {}])
    def test_a_client_of_another_kind_is_refused_by_name(
        self, visitor: httpx.Client, api: str, client: Any
    ) -> None:
        problem = refused(post(visitor, api, json.dumps(wish(client=client))), 422, "VALIDATION")
        assert all(field.startswith("client") for field in fields(problem))

    @pytest.mark.parametrize(
        "place", ["service", "start", "staff", "notes", "client.name", "client.email"]
    )
    def test_half_a_surrogate_pair_is_refused(
        self, visitor: httpx.Client, api: str, place: str
    ) -> None:
        name = place.removeprefix("client.")
        sent = wish_of(**{name: "\ud800"}) if "." in place else wish(**{name: "\ud800"})
        refused(post(visitor, api, json.dumps(sent)), 422, "VALIDATION")


class TestTextIsKeptAsItIs:
    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        return serve_business(a_business())

    @pytest.mark.parametrize(
        "name",
        [
            "💇\u200d♀️ Zoë",
            "שלום עולם",
            "مرحبا",
            "李小龍",
            "Zóe",
            INJECTION,
            "<script>alert(1)</script>",
            'O\'Brien "Bo" \\',
            "%00%s{0}$1",
            "x" * 200,
            "𝔷𐌰",
        ],
        ids=lambda name: ascii(name)[:20],
    )
    def test_names_of_any_script_are_kept(
        self, visitor: httpx.Client, ledger: Ledger, api: str, name: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10), client=wish_of(name=name)["client"])
        ((kept,),) = ledger.fetch(
            "SELECT client_name FROM appointment WHERE appointment_id = $1::text::uuid",
            booked["id"],
        )
        assert kept == name

    def test_statements_in_every_field_are_only_text(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        client = {"name": INJECTION, "email": "o'drop--table@example.com", "phone": "1 --(234)"}
        booked = book(visitor, api, tomorrow_at(10), client=client, notes=INJECTION)
        ((name, notes, email),) = ledger.fetch(
            """
            SELECT client_name, appointment.notes, email
            FROM appointment JOIN client USING (business_id)
            WHERE appointment_id = $1::text::uuid
            """,
            booked["id"],
        )
        assert (name, notes, email) == (INJECTION, INJECTION, "o'drop--table@example.com")

    @pytest.mark.parametrize("name", ["💇‍♀️ Schnitt", "תספורת", "قص", "<b>Cut</b>"])
    def test_names_of_services_come_back_as_they_were(
        self, visitor: httpx.Client, serve_business: Serve, name: str
    ) -> None:
        business = a_business(name=name)
        api = serve_business(business)
        assert visitor.get(api).json()["name"] == name
        booked = book(visitor, api, tomorrow_at(10))
        (event,) = Calendar.from_ical(visitor.get(booked["calendar_url"]).content).walk("VEVENT")
        assert event["summary"] == f"Cut · {name}"


@pytest.mark.usefixtures("nothing_written")
class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/%00",
            "/api/v1/%ff",
            "/api/v1/%",
            "/api/v1/a%2fb",
            "/api/v1/..%2f..",
            "/api",
            "/api/v1",
            "/api/v1/",
            "/api/v2/x",
            "/%00",
            "/%ff",
            "/%F0%9F%92%87",
            "/x/a/%00",
            "//",
            "/api/v1/" + "x" * 5000,
            "/x/a/b/c",
            "/.env",
            "/api/v1/x/appointments/",
            "/x/a/",
            "/static/",
            "/static/x",
            "/static/%00",
            "/static/%ff",
            "/static/swagger-ui",
            "/static/" + "x" * 300,
            "/static/..%2fapplication.py",
            "/static/%2e%2e/openapi.py",
            "/static/../platform/settings.py",
            "/static/%2fetc%2fpasswd",
            "/static//etc/passwd",
        ],
        ids=lambda path: path[:32],
    )
    def test_nothing_is_at_any_other_address(self, server: RunningServer, path: str) -> None:
        refused_raw(send(server.port, "GET", path.encode()), 404, "NOT_FOUND")

    @pytest.mark.parametrize("slug", [INJECTION, "' OR '1'='1", "x' UNION SELECT 1 --"])
    def test_statements_in_an_address_are_only_text(self, visitor: httpx.Client, slug: str) -> None:
        for path in (f"/api/v1/{slug}", f"/{slug}", f"/{slug}/a/{slug}"):
            assert visitor.get(path).status_code == 404
        day = str(tomorrow_at(10).date())
        parameters = {"service": slug, "from": day, "to": day, "staff": slug}
        answer = visitor.get("/api/v1/x/availability", params=parameters)
        refused(answer, 404, "NOT_FOUND")

    @pytest.mark.parametrize("path", [b"/\xff\xfe", b"/api/v1/\xc3\x28", b"/x?service=\xff"])
    def test_bytes_that_are_no_address_are_refused(
        self, server: RunningServer, path: bytes
    ) -> None:
        assert send(server.port, "GET", path).status == 400

    def test_an_address_without_end_is_refused(self, server: RunningServer) -> None:
        assert send(server.port, "GET", b"/" + b"x" * 100_000).status == 431

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"])
    @pytest.mark.parametrize("path", ["", "/book", "/services", "/appointments/x", "/availability"])
    def test_other_methods_are_not_allowed(
        self, server: RunningServer, api: str, method: str, path: str
    ) -> None:
        answer = send(server.port, method, f"{api}{path}".encode())
        refused_raw(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"]


@pytest.mark.usefixtures("nothing_written")
class TestQueries:
    @pytest.mark.parametrize(
        "repeated, status",
        [
            ("service=perm", 404),
            ("staff=zoe", 404),
            ("from=soon", 422),
            ("to=0001-01-01", 422),
            ("include=x", 422),
            ("service=cut", 200),
            ("&&&==&%", 200),
            ("page=-1&limit=-1", 200),
        ],
    )
    def test_a_repeated_parameter_counts_as_it_stands_last(
        self, visitor: httpx.Client, api: str, repeated: str, status: int
    ) -> None:
        day = tomorrow_at(10).date()
        query = f"service=cut&from={day}&to={day}&{repeated}"
        answer = visitor.get(f"{api}/availability?{query}")
        assert answer.status_code == status
        assert keeps_its_insides(answer.text)

    def test_thousands_of_parameters_are_harmless(self, visitor: httpx.Client, api: str) -> None:
        answer = visitor.get(f"{api}/staff?" + "&".join(f"p{n}={n}" for n in range(4_000)))
        assert answer.status_code == 200

    @pytest.mark.parametrize("number", ["-1", "0", "-99999999999999999999", "1e9", "NaN"])
    def test_numbers_are_no_dates(self, visitor: httpx.Client, api: str, number: str) -> None:
        answer = visitor.get(f"{api}/availability?service=cut&from={number}&to={number}")
        assert fields(refused(answer, 422, "VALIDATION")) == {"from", "to"}


@pytest.mark.usefixtures("nothing_written")
class TestHeaders:
    @pytest.mark.parametrize(
        "header",
        [
            (b"Accept", b"\xff\xfe"),
            (b"Accept", b"text/plain;q=x"),
            (b"Cookie", b"\xff=;;=;a=b"),
            (b"X-Request-Id", b"\xff"),
            (b"X-Forwarded-For", b"\xff, ::1, x"),
            (b"Range", b"bytes=9-1"),
            (b"Accept-Language", b"\xf0\x9f"),
            (b"Authorization", b"Basic \xff"),
            (b"Origin", b"\xff"),
            (b"Accept-Encoding", b"gzip;q=-1, \xff"),
            (b"If-None-Match", b'\xff, W/"'),
            (b"X-Big", b"x" * 8000),
            (b"Forwarded", b"for=\xff"),
            (b"X-Forwarded-Host", b"evil.example\xff"),
        ],
        ids=lambda header: repr(header[0] + b" " + header[1][:12]),
    )
    def test_strange_values_are_harmless(
        self, server: RunningServer, api: str, header: tuple[bytes, bytes]
    ) -> None:
        answer = send(server.port, "GET", api.encode(), headers=[header])
        assert answer.status == 200
        assert keeps_its_insides(answer.text)

    @pytest.mark.parametrize(
        "header",
        [
            (b"Content-Length", b"-1"),
            (b"Transfer-Encoding", b"nonsense"),
            (b"\xff", b"x"),
            (b"a b", b"x"),
            (b"X", b"\x00"),
            (b"Idempotency-Key", b"\x01"),
        ],
        ids=repr,
    )
    def test_what_is_no_header_is_refused(
        self, server: RunningServer, api: str, header: tuple[bytes, bytes]
    ) -> None:
        assert send(server.port, "GET", api.encode(), headers=[header]).status == 400

    def test_headers_without_end_are_refused(self, server: RunningServer, api: str) -> None:
        headers = [(b"X-%d" % number, b"x" * 1_000) for number in range(1_000)]
        assert send(server.port, "GET", api.encode(), headers=headers).status == 431

    @pytest.mark.parametrize("content_type", [b"\xff\xfe", b"application/json\xff", b"a\tb"])
    def test_a_content_type_of_strange_bytes_is_refused(
        self, server: RunningServer, api: str, content_type: bytes
    ) -> None:
        body = json.dumps(wish()).encode()
        headers = [(b"Content-Type", content_type)]
        answer = send(server.port, "POST", f"{api}/book".encode(), body, headers)
        refused_raw(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    @pytest.mark.parametrize(
        "request_bytes", [b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\r\n\r\n"]
    )
    def test_what_is_no_request_is_refused(
        self, server: RunningServer, request_bytes: bytes
    ) -> None:
        assert exchange(server.port, request_bytes).status == 400

    def test_a_connection_that_ends_early_leaves_nothing(
        self, server: RunningServer, visitor: httpx.Client, api: str
    ) -> None:
        body = json.dumps(wish()).encode()
        head = f"POST {api}/book HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body) + 10}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head.encode() + body)
        assert visitor.get(api).status_code == 200


def test_a_start_with_an_extreme_offset_can_be_booked(
    visitor: httpx.Client, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    start = tomorrow_at(10)
    told = (start + timedelta(hours=23, minutes=59)).isoformat().replace("+00:00", "+23:59")
    booked = book(visitor, api, told)
    assert visitor.get(address_of(api, booked)).json()["start"] == booked["start"]
