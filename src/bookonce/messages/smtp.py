"""The mail server: connections that are used again, and what it answers."""

from __future__ import annotations

import contextlib
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from bookonce.messages.outgoing import Answer, Fate, Handing, Lost

COMMAND_TIMEOUT_S = 30.0
CONTENT_TIMEOUT_S = 300.0
"""A server may look at the content for minutes before it answers (RFC 5321, 4.5.3.2.6)."""
IDLE_S_MAX = 20.0
MAILS_MAX = 100
"""On one connection; some servers want no more."""
WORDS_LENGTH_MAX = 300
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_GONE = (SMTPServerDisconnected, SMTPTimeoutError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mail server is. `password` and `user` are empty if it asks for none."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False

    @classmethod
    def of(cls, url: str) -> Server:
        """From `smtp://user:password@host:587` or `smtps://…`."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "smtps"
        return cls(
            parts.hostname or "localhost",
            parts.port or (465 if is_tls else 587),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            is_tls,
        )


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail as the server gets it."""

    return_path: str
    to: str
    content: bytes


@dataclass(slots=True)
class _Line:
    client: SMTP
    mails: int = 0
    used_at_s: float = 0.0

    @property
    def is_fresh(self) -> bool:
        return (
            self.client.is_connected
            and self.mails < MAILS_MAX
            and time.monotonic() - self.used_at_s < IDLE_S_MAX
        )


class Smtp:
    """One mail server, with as many connections as there are senders at once."""

    def __init__(self, url: str, *, content_timeout_s: float = CONTENT_TIMEOUT_S) -> None:
        self._server = Server.of(url)
        self._content_timeout_s = content_timeout_s
        self._idle: list[_Line] = []

    async def send(self, parcel: Parcel, handing: Handing) -> Answer:
        """One attempt. Raises Lost if `handing` says that the message is another's."""
        try:
            async with self._line() as line:
                return await self._on(line, parcel, handing)
        except Lost:
            raise
        except (SMTPException, *_GONE) as error:
            return Answer(Fate.AWAY, described(error))

    async def close(self) -> None:
        """End the connections that nobody uses."""
        for line in self._idle:
            await _quit(line)
        self._idle.clear()

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[_Line]:
        """A connection that is ours; it is kept only if it came back whole."""
        line = await self._reused() or _Line(await self._connected())
        try:
            yield line
        except BaseException:
            line.client.close()
            raise
        if line.client.is_connected:
            line.used_at_s = time.monotonic()
            self._idle.append(line)

    async def _reused(self) -> _Line | None:
        """One that was used before and still answers; a server hangs up on the idle at any time."""
        while self._idle:
            line = self._idle.pop()
            if not line.is_fresh:
                await _quit(line)
                continue
            try:
                await line.client.rset(timeout=COMMAND_TIMEOUT_S)
            except (SMTPException, *_GONE):
                line.client.close()
                continue
            return line
        return None

    async def _connected(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.is_tls,
            start_tls=False,
            timeout=COMMAND_TIMEOUT_S,
            tls_context=_context(server.host),
        )
        await client.connect()
        try:
            if not server.is_tls:
                await self._secured(client)
            if server.user:
                await client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client

    async def _secured(self, client: SMTP) -> None:
        """Encrypted wherever the server offers it, and always before a password is sent."""
        await client.ehlo()
        if not client.supports_extension("starttls"):
            if self._server.user and not _is_here(self._server.host):
                raise SMTPException(
                    "the server offers no STARTTLS; the password isn't sent in clear"
                )
            return
        await client.starttls(tls_context=_context(self._server.host))

    async def _on(self, line: _Line, parcel: Parcel, handing: Handing) -> Answer:
        client = line.client
        is_wide = not parcel.to.isascii() or not parcel.return_path.isascii()
        if is_wide and not client.supports_extension("smtputf8"):
            return Answer(
                Fate.REFUSED, "the mail server knows no addresses in other scripts (SMTPUTF8)"
            )
        options = ["SMTPUTF8"] if is_wide else []
        encoding = "utf-8" if is_wide else "ascii"
        try:
            await client.mail(parcel.return_path, options=options, encoding=encoding)
        except SMTPResponseException as error:
            # It is about us, not about the message: set-up, quota, a bad password.
            return Answer(Fate.AWAY, described(error))
        try:
            await client.rcpt(parcel.to, encoding=encoding)
        except SMTPResponseException as error:
            await _reset(client)
            return refusal(error, is_recipient=True)
        if not await handing():
            raise Lost
        line.mails += 1
        try:
            answer = await client.data(parcel.content, timeout=self._content_timeout_s)
        except SMTPResponseException as error:
            await _reset(client)
            return refusal(error)
        except _GONE as error:
            client.close()
            return Answer(Fate.UNKNOWN, described(error))
        return Answer(Fate.SENT, _line(answer.message))


def refusal(error: SMTPResponseException, *, is_recipient: bool = False) -> Answer:
    """What a refusal means: 4xx for the time being, 5xx for good."""
    words = described(error)
    if error.code == 421:
        return Answer(Fate.AWAY, words)
    if 400 <= error.code < 500:
        return Answer(Fate.LATER, words)
    return Answer(Fate.REFUSED, words, is_recipient and is_about_the_address(words))


def is_about_the_address(words: str) -> bool:
    """Whether a server refuses an address, not what is sent or who sends: 5.1.x, 5.2.1, or a bare
    550, 551 or 553.
    """
    if enhanced := _ENHANCED.search(words):
        subject, detail = int(enhanced[2]), int(enhanced[3])
        return (subject == 1 and detail not in (7, 8)) or (subject, detail) == (2, 1)
    return words.startswith(("550", "551", "553"))


def described(error: BaseException) -> str:
    """An error in a line. Our user name and password aren't in it."""
    if isinstance(error, SMTPAuthenticationError):
        return _line(f"{error.code} the mail server refuses our user name or password")
    if isinstance(error, SMTPResponseException):
        return _line(f"{error.code} {error.message}")
    return _line(str(error) or type(error).__name__)


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:WORDS_LENGTH_MAX]


def _context(host: str) -> ssl.SSLContext:
    """Certificates are checked, but for this machine's own, which nobody certifies."""
    context = ssl.create_default_context()
    if _is_here(host):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _is_here(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")


async def _reset(client: SMTP) -> None:
    try:
        await client.rset(timeout=COMMAND_TIMEOUT_S)
    except (SMTPException, *_GONE):
        client.close()


async def _quit(line: _Line) -> None:
    with contextlib.suppress(SMTPException, *_GONE):
        if line.client.is_connected:
            await line.client.quit(timeout=5)
    line.client.close()
