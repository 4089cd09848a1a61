"""A real mail server on loopback, which does as it is told: takes, refuses, hangs up, takes its time."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

HANG_UP = "hang up"
HANG_UP_AFTERWARDS = "take it, and hang up without a word"


@dataclass(frozen=True)
class Received:
    """A mail that was taken."""

    return_path: str
    to: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    def part(self, kind: str) -> str:
        """The text of the part of one kind."""
        for part in self.mail.walk():
            if part.get_content_type() == kind:
                return str(part.get_content())
        raise AssertionError(f"no {kind} in {[p.get_content_type() for p in self.mail.walk()]}")


Script = Callable[[str, bytes], str | None]
"""Given recipient and content, what the server answers to a mail; None: it takes it."""


@dataclass
class Post:
    """What a server got, and what it is to say."""

    received: list[Received] = field(default_factory=list)
    at_rcpt: Callable[[str], str | None] = lambda _: None
    at_data: Script = lambda *_: None
    delay_s: float = 0.0
    connections: int = 0
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[Received]:
        return [one for one in self.received if one.to == address]

    async def handle_EHLO(
        self, server: SMTP, session: Session, _: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if answer := self.at_rcpt(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        content = envelope.content
        assert isinstance(content, bytes)
        (to,) = envelope.rcpt_tos
        answer = self.at_data(to, content)
        if answer == HANG_UP:
            _hang_up(server)
            return "451 gone"
        if answer is None or answer == HANG_UP_AFTERWARDS:
            with self._lock:
                self.received.append(Received(envelope.mail_from or "", to, content))
        if answer == HANG_UP_AFTERWARDS:
            _hang_up(server)
            return "451 gone"
        return answer or "250 2.0.0 taken"


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


@contextmanager
def open_post(port: int = 0) -> Iterator[Post]:
    """A mail server, in a thread of its own, for as long as the block runs."""
    post, loop, opened = Post(), asyncio.new_event_loop(), threading.Event()
    running = threading.Thread(target=_serve, args=(loop, post, port, opened), daemon=True)
    running.start()
    assert opened.wait(20)
    try:
        yield post
    finally:
        loop.call_soon_threadsafe(loop.stop)
        running.join()


def _serve(loop: asyncio.AbstractEventLoop, post: Post, port: int, opened: threading.Event) -> None:
    server = loop.run_until_complete(
        loop.create_server(
            lambda: SMTP(post, enable_SMTPUTF8=True, hostname="post.test", timeout=60, loop=loop),
            "127.0.0.1",
            port,
        )
    )
    post.port = server.sockets[0].getsockname()[1]
    opened.set()
    loop.run_forever()
    server.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()
