"""What a browser says about a page while a test uses it, and what the page asks the network for."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

NETWORK = {"http", "https", "ws", "wss"}
REFUSALS = {402, 409, 422}
"""What a script may be answered without anything being wrong: declined, taken, and mistyped."""
PAYING = re.compile(r"/a/[^/]+(/payment)?(\?.*)?$")
"""The addresses at which a payment service may be asked for something."""
OFFLINE = "net::ERR_INTERNET_DISCONNECTED"
"""A line that the test itself has cut."""


class Watch:
    """Collects what no page may do: errors, scripts and styles that its policy forbids, and
    requests to anybody but the server. `till`: the origin of a payment service, which the page for
    paying may ask, and no other page.
    """

    def __init__(self, context: BrowserContext, origin: str, till: str | None = None) -> None:
        self.wrongs: list[str] = []
        self._origin = origin
        self._till = till
        self._refused: set[str] = set()
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # Violations of the content security policy arrive here as errors too.
        if message.type != "error":
            return
        address = message.location["url"]
        if message.text.startswith("Failed to load resource") and (
            address in self._refused or OFFLINE in message.text
        ):
            return
        self.wrongs.append(f"console: {message.text} ({address})")

    def _error(self, error: WebError) -> None:
        self.wrongs.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin == self._till and PAYING.search(request.frame.url):
            return
        if parts.scheme in NETWORK and origin != self._origin:
            self.wrongs.append(f"foreign: {request.method} {request.url}")

    def _response(self, response: Response) -> None:
        # Chromium calls every answer of 400 and more an error. A page that the test itself opens
        # is for the test to judge; so is a refusal that a script knows how to show.
        request = response.request
        if response.status >= 400 and (
            request.is_navigation_request()
            or response.status in REFUSALS
            # The page for paying says itself that a card is wrong, or the payment service away.
            or (self._till is not None and self._is_about_paying(response))
        ):
            self._refused.add(response.url)

    def _is_about_paying(self, response: Response) -> bool:
        return response.status == 503 or response.url.startswith(f"{self._till}/")
