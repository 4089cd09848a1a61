"""What is for operators: on a listener of its own, and never by way of a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import bookonce, refused
from tests.running import RunningServer, free_port
from tests.web.raw_http import send

SPELLINGS = [
    b"/metrics", b"/metrics/", b"/metrics//", b"//metrics", b"/metrics%2f", b"/%6detrics",
    b"/metrics?x=1", b"/metrics/?", b"/./metrics", b"/x/../metrics", b"/metrics%2F%2F",
]  # fmt: skip
PASSED_ON = [
    (b"X-Forwarded-For", b"203.0.113.5"),
    (b"X-Forwarded-Proto", b"https"),
    (b"X-Forwarded-Host", b"localhost"),
    (b"X-Real-IP", b"127.0.0.1"),
    (b"Forwarded", b"for=127.0.0.1"),
    (b"Via", b"1.1 proxy"),
    (b"X-Forwarded-Anything", b""),
]
SECRET = b"bookonce_http_requests_total"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_proxy_leads_to_the_metrics(server: RunningServer, spelling: bytes) -> None:
    for passed_on in PASSED_ON:
        answer = send(server.port, "GET", spelling, headers=[passed_on])
        assert SECRET not in answer.content, passed_on
        assert answer.status == 404


@pytest.mark.parametrize("host", [b"book.example.com", b"203.0.113.5", b"", b"localhost.evil"])
def test_who_asks_for_another_name_gets_none(server: RunningServer, host: bytes) -> None:
    lines = b"GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host
    from tests.web.raw_http import exchange

    answer = exchange(server.port, lines)
    assert answer.status in (400, 404, 422)
    assert SECRET not in answer.content


def test_programs_on_this_machine_can_ask_a_server_that_nobody_else_is_meant_to(
    server: RunningServer,
) -> None:
    assert SECRET in httpx.get(f"{server.base_url}/metrics").content


@pytest.fixture(scope="module")
def public(new_database: Callable[[], str], scratch: Path) -> Iterator[tuple[RunningServer, str]]:
    """A server behind a proxy, and its operators' address."""
    port = free_port()
    settings = {
        "BOOKONCE_PUBLIC_URL": "https://book.example.com",
        "BOOKONCE_OPERATOR_LISTEN": str(port),
        "BOOKONCE_WORKERS": "2",
    }
    with RunningServer(new_database(), scratch / "public", environment=settings) as server:
        yield server, f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_public_server_has_none_at_all(
    public: tuple[RunningServer, str], spelling: bytes
) -> None:
    assert SECRET not in send(public[0].port, "GET", spelling).content


def test_operators_have_a_listener_of_their_own(public: tuple[RunningServer, str]) -> None:
    server, operators = public
    httpx.get(f"{server.base_url}/healthz")
    answer = httpx.get(f"{operators}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert SECRET in answer.content
    for other in ("/", "/healthz", "/schema", "/metrics/x"):
        assert httpx.get(f"{operators}{other}").status_code == 404
    assert httpx.post(f"{operators}/metrics").status_code == 405


def test_it_is_counted_for_all_workers(public: tuple[RunningServer, str]) -> None:
    server, operators = public

    def counted() -> float:
        lines = httpx.get(f"{operators}/metrics").text.splitlines()
        ready = [line for line in lines if 'route="/schema"' in line and SECRET.decode() in line]
        return sum(float(line.rpartition(" ")[2]) for line in ready)

    before = counted()
    for _ in range(8):
        httpx.get(f"{server.base_url}/schema")  # a new connection, so either worker
    assert {counted() for _ in range(6)} == {before + 8}


def test_alive_and_ready_stay_public(public: tuple[RunningServer, str]) -> None:
    for path in ("/healthz", "/readyz"):
        assert httpx.get(f"{public[0].base_url}{path}").status_code == 200


def test_a_port_that_is_taken_is_named(public: tuple[RunningServer, str], scratch: Path) -> None:
    port = public[1].rpartition(":")[2]
    refused(
        bookonce("serve", "--port", str(free_port()), "--data-dir", scratch / "x",
                 BOOKONCE_OPERATOR_LISTEN=port), port, "BOOKONCE_OPERATOR_LISTEN",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", ["x", "0", "65536", "a:b", "host:80", "1.2.3.4", "::1", "１２"])
def test_a_place_that_is_none_is_named(scratch: Path, wrong: str) -> None:
    outcome = bookonce("serve", "--data-dir", scratch / "x", BOOKONCE_OPERATOR_LISTEN=wrong)
    refused(outcome, "BOOKONCE_OPERATOR_LISTEN", wrong)
