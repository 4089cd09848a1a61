"""What only operators may ask, on a listener of its own that no proxy leads to.

Each worker listens on the same port, and the kernel gives a question to one of them: whichever it
is answers for all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bookonce.availability.installation import Installation
from bookonce.platform.settings import Listener
from bookonce.web.operations import measured


@asynccontextmanager
async def operator_listener(
    installation: Installation, listener: Listener | None
) -> AsyncIterator[None]:
    """Answer `/metrics` there for as long as the block runs; nothing without a listener."""
    if listener is None:
        yield
        return
    from aiohttp import web  # who has no such listener needn't wait for it

    async def metrics(_: web.Request) -> web.Response:
        content, media_type = await measured(installation)
        return web.Response(body=content, headers={"Content-Type": media_type})

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, listener.host, listener.port, reuse_port=True).start()
        yield
    finally:
        await runner.cleanup()
