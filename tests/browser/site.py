"""A web site of somebody else's, which frames the booking page under a strict policy."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from playwright.async_api import FrameLocator, Page

from tests.running import RunningServer

TELLS = """window.booked = [];
addEventListener("bookonce:booked", (event) =>
    window.booked.push({ ...event.detail, from: event.target.localName }));"""


class Site:
    """An origin with pages by their path, served for as long as the block runs."""

    def __init__(self, name: str = "localhost") -> None:
        self.pages: dict[str, str] = {}
        self.policy = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if site.policy:
                    self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(site.pages.get(self.path, "").encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.origin = f"http://{name}:{self._server.server_port}"

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    async def show(self, page: Page, server: RunningServer, markup: str, *frames: str) -> None:
        """Open a page with some markup between two links, under a policy that allows the embed
        and little else; `frames` are other origins that may be framed. What it is told of bookings
        is in `window.booked`.
        """
        self.pages["/"] = (
            "<!doctype html><html lang=en><title>Salon</title>"
            '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">'
            '<main><h1>Salon</h1><p><a href="#before">Before</a></p>'
            f'{markup}<p><a href="#after">After</a></p></main>'
        )
        self.policy = (
            f"default-src 'none'; script-src {server.base_url}; "
            f"frame-src {' '.join((server.base_url, *frames))}; style-src 'none'; img-src data:"
        )
        await page.add_init_script(TELLS)
        await page.goto(self.origin)


def embedded(server: RunningServer, slug: str, mode: str) -> str:
    """What the owner of the site writes."""
    source = f"{server.base_url}/embed.js"
    if mode == "line":
        return f'<script src="{source}" data-bookonce="{slug}" async></script>'
    if mode == "line-button":
        return (
            f'<script src="{source}" data-bookonce="{slug}" data-mode="button" data-service="cut" '
            'data-label="Come in" async></script>'
        )
    return (
        f'<bookonce-booking business="{slug}" mode="{mode}"></bookonce-booking>'
        f'<script src="{source}" async></script>'
    )


def within(host: Page) -> FrameLocator:
    """The booking page."""
    return host.frame_locator("bookonce-booking iframe")
