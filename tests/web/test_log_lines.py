"""Whatever is asked for, no line of the log opens an appointment or fools who reads it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.factories import a_business, tomorrow_at
from tests.running import RunningServer
from tests.web.raw_http import send
from tests.web.visitors import book, token_of
from tests.web.waiting import wait_until


class Logged:
    """A server whose log is read."""

    def __init__(self, server: RunningServer, visitor: httpx.Client) -> None:
        self.server, self.visitor = server, visitor

    def line(self, request_id: str) -> dict[str, Any]:
        """The access line of one request, once it is there."""

        def found() -> list[dict[str, Any]]:
            lines = [line for line in self.server.log().splitlines() if line.startswith("{")]
            parsed = [json.loads(line) for line in lines]
            return [
                one
                for one in parsed
                if one.get("request_id") == request_id and one["event"] == "request"
            ]

        wait_until(lambda: bool(found()), f"the access line of {request_id}")
        return found()[-1]

    def get(self, path: bytes, request_id: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
        """Ask for a path as it is; its access line."""
        send(
            self.server.port,
            "GET",
            path,
            headers=[(b"X-Request-Id", request_id.encode()), *headers],
        )
        return self.line(request_id)


@pytest.fixture(scope="module")
def logged(new_database: Callable[[], str], scratch: Path) -> Iterator[Logged]:
    settings = {"BOOKONCE_TRUSTED_PROXIES": "127.0.0.0/8"}
    with RunningServer(new_database(), scratch / "logged", environment=settings) as server:
        with httpx.Client(base_url=server.base_url, timeout=30) as visitor:
            yield Logged(server, visitor)


@pytest.mark.parametrize("slug", ["a", "appointments", "lumen", "token"])
def test_a_token_is_never_logged_however_its_link_is_mangled(logged: Logged, slug: str) -> None:
    logged.server.apply(a_business(slug))
    api = f"/api/v1/{slug}"
    token = token_of(book(logged.visitor, api, tomorrow_at(10)))
    page = f"/{slug}/a/{token}"
    mangled = [
        page, f"{page}/", f"/{page}", f"{page}.", f"{page})", f"{page}/cancel", f"{page}/x/y",
        f"{api}/appointments/{token}", f"{api}/appointments/{token}.ics", f"{api}/{token}",
        f"{api}/appointments/{token}/x", f"/{token}", f"/{token}/{slug}/a", f"/{slug}/{token}",
        f"/{slug}/A/{token}", f"/a/{token}", f"/x/{slug}/a/{token}", f"/{slug}/a%2F{token}",
        f"/{slug}%2Fa%2F{token}", f"/{slug}/a/%20{token}", f"/{slug}/a/=0A{token}",
        f"/static/{token}", f"/static/built/{token}", f"/schema/{token}", f"/webhooks/{token}",
        f"/{slug}/logo/{token}", f"/healthz/{token}", f"{page}?token={token}",
        f"/{slug}/a/{token[:20]}/{token[20:]}",
    ]  # fmt: skip
    for path in mangled:
        for method in ("GET", "POST", "DELETE"):
            send(logged.server.port, method, path.encode())
    logged.get(b"/healthz", f"last-{slug}")
    log = logged.server.log()
    assert token not in log
    assert quote(token) not in log
    assert token[:20] not in log
    assert token[20:] not in log


def test_what_an_address_fills_the_form_in_with_is_never_logged(logged: Logged) -> None:
    logged.server.apply(a_business("filled"))
    query = b"name=Secret-Zoe&email=secret-zoe%40example.com&phone=555777&notes=secret-zoe"
    for path in (b"/filled", b"/filled/book", b"/filled/x", b"/nobody-there", b"/filled/a/x"):
        logged.get(b"%s?service=cut&staff=any&%s" % (path, query), "filled-1")
    log = logged.server.log().lower()
    assert "secret-zoe" not in log
    assert "555777" not in log


def test_a_line_tells_the_route_and_the_business(logged: Logged) -> None:
    logged.server.apply(a_business("told"))
    assert logged.get(b"/api/v1/told/services", "told-1")["path"] == "/api/v1/told/services"
    assert logged.get(b"/told", "told-2")["path"] == "/told"
    assert logged.get(b"/told/a/x", "told-3")["path"] == "/{slug}/a/{token}"
    assert logged.get(b"/nobody-there", "told-4")["path"] == "/{slug}"
    assert logged.get(b"/healthz", "told-5")["path"] == "/healthz"
    assert logged.get(b"/api/v1/told/x/y", "told-6")["path"] == "unmatched"


@pytest.mark.parametrize(
    "path",
    ["/\x9b31mx", "/x\u202ey", "/\u2028", "/\x1b[2J", "/" + "x" * 30_000, "/a/" + "é" * 4_500],
)
def test_a_path_can_not_fool_who_reads_it(logged: Logged, path: str) -> None:
    line = logged.get(quote(path).encode(), f"fool-{abs(hash(path))}")
    text = json.dumps(line, ensure_ascii=False)
    assert len(text) < 1_000
    assert all(unicodedata.category(each) not in ("Cc", "Cf", "Zl", "Zp") for each in text)


@pytest.mark.parametrize("zone", [b"\x9b31m", b"x" * 5_000, b"eth0", b"\xe2\x80\xae"])
def test_an_address_from_a_proxy_is_an_address(logged: Logged, zone: bytes) -> None:
    forwarded = (b"X-Forwarded-For", b"fe80::1%" + zone)
    line = logged.get(b"/healthz", f"zone-{len(zone)}-{zone[-1]}", forwarded)
    assert line["client"] == "127.0.0.1"


def test_a_method_that_somebody_made_up_is_not_repeated(logged: Logged) -> None:
    send(logged.server.port, "X" * 500, b"/healthz", headers=[(b"X-Request-Id", b"method-1")])
    assert logged.line("method-1")["method"] == "unmatched"
