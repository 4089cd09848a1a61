"""What webhooks are sent with here, by the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bookonce.availability.installation import Installation
from bookonce.platform.settings import Settings
from bookonce.webhooks.addresses import Reach
from bookonce.webhooks.deliver import Sender
from bookonce.webhooks.retrying import Answer

if TYPE_CHECKING:
    from bookonce.webhooks.poster import Poster


def reach_of(settings: Settings) -> Reach:
    """Where this installation sends to."""
    return Reach.of(settings.outbound_allow, settings.public_url)


@asynccontextmanager
async def sender(installation: Installation, settings: Settings) -> AsyncIterator[Sender]:
    """What sends, for as long as the block runs."""
    poster = _Later(reach_of(settings))
    try:
        yield Sender(installation, poster)
    finally:
        await poster.close()


class _Later:
    """The poster, imported with the first delivery: who has no webhooks needn't wait for it."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._poster: Poster | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """As the poster does."""
        if self._poster is None:
            from bookonce.webhooks.poster import Poster

            self._poster = Poster(self._reach)
        return await self._poster.post(url, body, headers)

    async def close(self) -> None:
        """End what is open."""
        if self._poster is not None:
            await self._poster.close()
