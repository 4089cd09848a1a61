"""Requests that break off, or that can't be read: the sender's fault, and told so."""

from __future__ import annotations

import socket

import httpx
import pytest

from tests.factories import a_business
from tests.running import RunningServer
from tests.web.raw_http import RawAnswer, exchange, send
from tests.web.waiting import wait_until

FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"


@pytest.fixture(scope="module")
def slug(server: RunningServer) -> str:
    business = a_business()
    server.apply(business)
    return business.business.slug


def head(path: str, content_type: bytes, *more: bytes) -> bytes:
    """The head of a POST whose body follows."""
    lines = [b"POST %s HTTP/1.1" % path.encode(), b"Host: localhost", b"Connection: close"]
    return b"\r\n".join([*lines, b"Content-Type: " + content_type, *more]) + b"\r\n\r\n"


def targets(slug: str) -> list[tuple[str, bytes]]:
    return [(f"/{slug}/book", FORM), (f"/api/v1/{slug}/book", JSON), (f"/{slug}/a/x/cancel", FORM)]


def counted(visitor: httpx.Client, status: str) -> float:
    """How many requests were answered so, by the metrics."""
    lines = visitor.get("/metrics").text.splitlines()
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("bookonce_http_requests_total{") and f'status="{status}"' in line
    )


@pytest.mark.parametrize(
    "chunks",
    [
        b"ZZ\r\nabc\r\n0\r\n\r\n",
        b"-1\r\nabc\r\n0\r\n\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFFF\r\nabc",
        b"2\r\n{}\r\n0\r\nX\xff\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_chunks_that_nobody_can_read_are_refused(
    server: RunningServer, slug: str, chunks: bytes
) -> None:
    for path, content_type in targets(slug):
        request = head(path, content_type, b"Transfer-Encoding: chunked") + chunks
        answer = exchange(server.port, request)
        assert answer.status == 400, answer
        assert "broke off" in answer.json()["detail"]


def test_an_upload_that_is_broken_off_is_nobody_s_fault_here(
    server: RunningServer, visitor: httpx.Client, slug: str
) -> None:
    before, faults = counted(visitor, "400"), counted(visitor, "500")
    for path, content_type in targets(slug):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head(path, content_type, b"Content-Length: 5000") + b"start=")
    wait_until(lambda: counted(visitor, "400") == before + 3, "all three are counted")
    assert counted(visitor, "500") == faults
    assert '"unexpected error"' not in server.log()


def test_who_sends_half_and_listens_is_told(server: RunningServer, slug: str) -> None:
    for path, content_type in targets(slug):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head(path, content_type, b"Content-Length: 5000") + b"{")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def multipart(slug: str, server: RunningServer, part: bytes) -> RawAnswer:
    headers = [(b"Content-Type", b"multipart/form-data; boundary=B")]
    body = b"--B\r\n" + part + b"\r\n--B--\r\n"
    return send(server.port, "POST", f"/{slug}/book".encode(), body, headers)


@pytest.mark.parametrize("name", [b"start", b"date", b"name", b"staff", b"again", b"lang", b"key"])
def test_a_file_in_place_of_a_field_is_refused(
    server: RunningServer, slug: str, name: bytes
) -> None:
    part = b'Content-Disposition: form-data; name="%s"; filename="x"\r\n\r\nx' % name
    answer = multipart(slug, server, part)
    assert answer.status == 415
    assert "application/x-www-form-urlencoded" in answer.json()["detail"]


@pytest.mark.parametrize("charset", [b"klingon", b"hex", b"utf-7", b"unicode_escape", b"utf-16"])
def test_a_field_in_an_encoding_of_its_own_is_refused(
    server: RunningServer, slug: str, charset: bytes
) -> None:
    part = (
        b'Content-Disposition: form-data; name="start"\r\n'
        b"Content-Type: text/plain; charset=%s\r\n\r\n\\ud800" % charset
    )
    assert multipart(slug, server, part).status == 415
