"""Links begin with an address of the operator's, never with what a request says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bookonce.platform.errors import ValidationError
from bookonce.platform.settings import Settings
from tests.cli.commands import bookonce, refused
from tests.factories import a_business, tomorrow_at
from tests.running import RunningServer
from tests.web.raw_http import exchange
from tests.web.visitors import a_wish, address_of, keeps_its_insides, token_of

EVIL = [
    {"Host": "evil.example"},
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Proto": "javascript"},
    {"X-Forwarded-Proto": "https"},
    {"Forwarded": "host=evil.example;proto=https"},
    {"X-Forwarded-Port": "99"},
    {"X-Forwarded-Prefix": "/evil.example"},
    {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
]


@pytest.fixture(scope="module", params=["", "127.0.0.0/8"], ids=["alone", "behind a proxy"])
def visited(
    request: pytest.FixtureRequest, new_database: Callable[[], str], scratch: Path
) -> Iterator[tuple[RunningServer, str]]:
    settings = {"BOOKONCE_TRUSTED_PROXIES": request.param}
    place = scratch / f"links{request.param[:3]}"
    with RunningServer(new_database(), place, environment=settings) as server:
        business = a_business()
        server.apply(business)
        yield server, f"/api/v1/{business.business.slug}"


@pytest.mark.parametrize("number", range(len(EVIL)))
def test_no_header_decides_where_a_link_leads(
    visited: tuple[RunningServer, str], number: int
) -> None:
    server, api = visited
    with httpx.Client(base_url=server.base_url, headers=EVIL[number]) as visitor:
        answer = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(number + 1)))
        assert answer.status_code == 201, answer.text
        booked = answer.json()
        for url in ("manage_url", "calendar_url"):
            assert booked[url].startswith(f"{server.base_url}/")
        at = address_of(api, booked)
        page = f"{api.replace('/api/v1', '')}/a/{token_of(booked)}"
        for path in (at, f"{at}.ics", page, f"{page}?new=1", "/schema", f"{page}/move"):
            told = visitor.get(path, headers={"Accept": "text/html"})
            assert "evil.example" not in told.text + str(told.headers), path
            assert "javascript:" not in told.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "book.example.com"])
def test_beyond_this_machine_the_address_has_to_be_told(scratch: Path, host: str) -> None:
    place = scratch / "beyond"
    refused(bookonce("serve", "--host", host, "--data-dir", place), "BOOKONCE_PUBLIC_URL", host)
    assert not place.exists()


@pytest.mark.parametrize(
    "address",
    [
        "javascript://x", "ftp://book.example.com", "book.example.com", "https://", "https://a b",
        "https://user:pass@book.example.com", "https://book.example.com/path", "https://a?b",
        "https://book.example.com:0", "https://book.example.com:99999", "https://[::1", "https://-a",
        'https://a"b', "https://a<b>", "https://[fe80::1%eth0]", "https://.", "https://a..b",
        "https://book.example.com:x", "HTTPS//x", "//x",
    ],
)  # fmt: skip
def test_what_no_link_can_begin_with_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings.read({"BOOKONCE_PUBLIC_URL": address})
    assert [error.field for error in refusal.value.errors] == ["BOOKONCE_PUBLIC_URL"]


@pytest.mark.parametrize(
    ("address", "is_public", "is_encrypted"),
    [
        ("https://book.example.com/", True, True),
        ("http://192.168.1.5:8000", True, False),
        ("http://[2001:db8::1]:8000", True, False),
        ("https://bücher.example", True, True),
        ("https://xn--bcher-kva.example", True, True),
        ("http://localhost:8000", False, False),
        ("http://127.0.0.1:8000", False, False),
        ("https://[::1]", False, True),
    ],
)
def test_what_they_can_begin_with_says_who_is_meant_to_come(
    address: str, is_public: bool, is_encrypted: bool
) -> None:
    settings = Settings.read({"BOOKONCE_PUBLIC_URL": address})
    assert settings.public_url == address.rstrip("/")
    assert (settings.is_public, settings.is_encrypted) == (is_public, is_encrypted)


@pytest.mark.parametrize(
    ("public_url", "told"), [("https://b.example", "max-age=31536000"), ("http://b.example", None)]
)
def test_browsers_are_told_to_stay_with_tls(
    new_database: Callable[[], str], scratch: Path, public_url: str, told: str | None
) -> None:
    settings = {"BOOKONCE_PUBLIC_URL": public_url}
    with RunningServer(new_database(), scratch / "hsts", environment=settings) as server:
        for path in ("/healthz", "/nobody", "/embed.js", "/static/x"):
            answer = httpx.get(f"{server.base_url}{path}")
            assert answer.headers.get("strict-transport-security") == told


@pytest.mark.parametrize(
    "host",
    [b"evil.example:99999", b"a b", b"[::1", b"a:b", b"a/b", b"\xff\xfe", b"a" * 3000, b"a:0"],
)
def test_a_host_that_there_can_not_be_is_refused(server: RunningServer, host: bytes) -> None:
    """With an invalid header beside it, whose refusal would name the address that was asked for."""
    head = b"POST /api/v1/x/book HTTP/1.1\r\nHost: %s\r\nIdempotency-Key: %s\r\n"
    rest = b"Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    answer = exchange(server.port, head % (host, b"k" * 300) + rest)
    assert answer.status in (400, 422)
    assert keeps_its_insides(answer.text)
