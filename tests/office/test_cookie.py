"""The cookie where the installation is reached over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.office.cast import Cast
from tests.running import RunningServer

PUBLIC = "https://book.example.com"


@pytest.fixture(scope="module")
def cast(new_database: Callable[[], str], scratch: Path) -> Iterator[Cast]:
    environment = {"BOOKONCE_PUBLIC_URL": PUBLIC}
    with RunningServer(new_database(), scratch / "tls", environment=environment) as server:
        cast = Cast(server)
        yield cast
        cast.close()


def test_its_name_binds_it_to_the_host(cast: Cast) -> None:
    with cast.alice.new_browser() as browser:
        told = browser.post(cast.alice.link()).headers["set-cookie"]
    assert told.startswith("__Host-bookonce_office=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in told
    assert "Domain" not in told


def test_over_tls_a_cookie_of_the_plain_name_is_nobodys(cast: Cast) -> None:
    """Another host of the domain can plant a cookie of any name but one that begins so."""
    with cast.alice.new_browser() as browser:
        told = browser.post(cast.alice.link()).headers["set-cookie"]
        token = told.partition("=")[2].partition(";")[0]
        named = {"Cookie": f"__Host-bookonce_office={token}"}
        assert browser.get(f"/office/{cast.slug}", headers=named).status_code == 200
        planted = {"Cookie": f"bookonce_office={token}"}
        assert browser.get(f"/office/{cast.slug}", headers=planted).status_code == 303


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC, 303),
        ("https://evil.example", 403),
        ("https://book.example.com.evil.example", 403),
        ("https://other.book.example.com", 403),
        ("null", 403),
    ],
)
def test_without_fetch_metadata_the_origin_decides(cast: Cast, origin: str, status: int) -> None:
    with httpx.Client(base_url=cast.server.base_url) as browser:
        answer = browser.post(cast.alice.link(), headers={"Origin": origin, "Accept": "text/html"})
    assert answer.status_code == status
