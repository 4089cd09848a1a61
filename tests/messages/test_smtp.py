"""Passwords and encryption, with a real server that asks for both."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bookonce.messages.outgoing import Answer, Fate
from bookonce.messages.smtp import Parcel, Server, Smtp, is_about_the_address
from tests.messages.post import Post

# The server warns of passwords without STARTTLS; what is encrypted from the start needs none.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PARCEL = Parcel("bookings@book.example", "zoe@example.com", b"Subject: Hi\r\n\r\nHi\r\n")
Serve = Callable[[str], AbstractAsyncContextManager[int]]


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """One that nobody certifies."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def authenticated(_: Any, __: Any, ___: Any, ____: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and data.password == b"s@cret"
    return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def served(context: ssl.SSLContext, taken: Post, *, at_once: bool) -> AsyncIterator[int]:
    """A server that takes mails only from who is known; encrypted `at_once`, or by STARTTLS."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            taken, hostname="mail.example", authenticator=authenticated, auth_required=True,
            tls_context=None if at_once else context, require_starttls=not at_once,
            auth_require_tls=not at_once, loop=loop,
        )  # fmt: skip

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if at_once else None)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def sent(url: str) -> Answer:
    async def go_on() -> bool:
        return True

    server = Smtp(url)
    try:
        return await server.send(PARCEL, go_on)
    finally:
        await server.close()


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
async def test_a_mail_is_sent_encrypted_and_with_a_password(
    certificate: ssl.SSLContext, scheme: str, at_once: bool
) -> None:
    taken = Post()
    async with served(certificate, taken, at_once=at_once) as port:
        answer = await sent(f"{scheme}://bookings:s%40cret@127.0.0.1:{port}")
    assert answer.fate is Fate.SENT
    assert len(taken.received) == 1


async def test_a_wrong_password_is_the_server_s_trouble_and_not_repeated(
    certificate: ssl.SSLContext,
) -> None:
    async with served(certificate, Post(), at_once=True) as port:
        answer = await sent(f"smtps://bookings:wr0ng@127.0.0.1:{port}")
    assert answer.fate is Fate.AWAY
    assert "refuses our user name or password" in answer.words
    assert "wr0ng" not in answer.words


async def test_a_connection_that_was_closed_meanwhile_is_made_anew(post: Post) -> None:
    async def go_on() -> bool:
        return True

    server = Smtp(post.url)
    for _ in range(2):
        assert (await server.send(PARCEL, go_on)).fate is Fate.SENT
    assert post.connections == 1
    for line in server._idle:
        line.client.close()
    assert (await server.send(PARCEL, go_on)).fate is Fate.SENT
    assert post.connections == 2
    await server.close()


def test_an_address_says_host_port_and_password() -> None:
    assert Server.of("smtp://a%40b:c%2Fd@mail.example") == Server(
        "mail.example", 587, "a@b", "c/d", False
    )
    assert Server.of("smtps://mail.example") == Server("mail.example", 465, "", "", True)
    assert Server.of("smtp://[::1]:25").host == "::1"


@pytest.mark.parametrize(
    ("words", "is_so"),
    [
        ("550 5.1.1 no such user", True),
        ("550 no such user", True),
        ("553 5.1.3 bad syntax", True),
        ("550 5.2.1 mailbox disabled", True),
        ("552 5.2.2 mailbox full", False),
        ("550 5.7.1 relaying denied", False),
        ("554 transaction failed", False),
        ("550 5.1.8 bad sender", False),
    ],
)
def test_a_refused_address_is_told_from_a_refused_mail(words: str, is_so: bool) -> None:
    assert is_about_the_address(words) == is_so
