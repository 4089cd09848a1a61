"""Text messages by Twilio's API, the first gateway that is known here."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiohttp

from bookonce.messages.outgoing import Answer, Fate, Handing, Lost

TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10.0
BAD_NUMBERS = frozenset({21211, 21214, 21217, 21408, 21610, 21612, 21614})
"""Twilio's codes for numbers that can't be reached; 21610: they have answered STOP."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the API is, and the account there."""

    base: str
    account: str
    token: str
    sender: str

    @property
    def credentials(self) -> str:
        """As HTTP's basic scheme has them."""
        return base64.b64encode(f"{self.account}:{self.token}".encode()).decode()

    @classmethod
    def of(cls, url: str) -> Gateway:
        """From `twilio://sid:token@host/from`. A host of this machine is spoken to in clear."""
        parts = urlsplit(url)
        scheme = "http" if parts.hostname in ("127.0.0.1", "localhost", "::1") else "https"
        return cls(
            f"{scheme}://{parts.netloc.rpartition('@')[2]}",
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            unquote(parts.path.strip("/")),
        )


class Twilio:
    """One account at Twilio."""

    def __init__(self, url: str) -> None:
        self._gateway = Gateway.of(url)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, to: str, text: str, handing: Handing) -> Answer:
        """One attempt. The connection is made first: what fails there was certainly not sent. Raises
        Lost if `handing` says that the message is another's.
        """
        if not await handing():
            raise Lost
        gateway = self._gateway
        address = f"{gateway.base}/2010-04-01/Accounts/{gateway.account}/Messages.json"
        form = {"To": to, "From": gateway.sender, "Body": text}
        try:
            async with self._opened().post(address, data=form) as response:
                said = await response.json(content_type=None)
                return _answer(response.status, said if isinstance(said, dict) else {})
        except aiohttp.ClientConnectorError:
            return Answer(Fate.AWAY, "the gateway can't be reached")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return Answer(Fate.UNKNOWN, type(error).__name__)

    async def close(self) -> None:
        """End the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Basic {self._gateway.credentials}"},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
            )
        return self._session


def _answer(status: int, said: dict[str, object]) -> Answer:
    words = f"{status} {said.get('code') or ''} {said.get('message') or ''}".strip()[:300]
    if 200 <= status < 300:
        return Answer(Fate.SENT, str(said.get("sid") or words))
    if status == 429:
        return Answer(Fate.LATER, words)
    if status in (401, 403) or status >= 500:
        # A server that fails says nothing of whether it took the message.
        return Answer(Fate.UNKNOWN if status >= 500 else Fate.AWAY, words)
    return Answer(Fate.REFUSED, words, said.get("code") in BAD_NUMBERS)
