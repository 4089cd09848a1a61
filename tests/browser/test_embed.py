"""The booking page on somebody else's page, under a strict policy of that page."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FrameLocator, Page, expect

from bookonce.core.business import Business
from tests.factories import a_business
from tests.running import RunningServer

Serve = Callable[[Business], str]


class Site:
    """A web site of another origin, with one page."""

    def __init__(self) -> None:
        self.markup, self.policy = "", ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(
                    f"<!doctype html><html lang=en><title>Salon</title><h1>Salon</h1>{site.markup}"
                    '<link rel="icon" href="data:,">'.encode()
                )

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever)
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


@pytest_asyncio.fixture(loop_scope="session")
async def host(browser: Browser) -> AsyncIterator[Page]:
    """A visitor of that site."""
    context = await browser.new_context(viewport={"width": 800, "height": 900}, locale="en-GB")
    context.set_default_timeout(15_000)
    yield await context.new_page()
    await context.close()


async def show(page: Page, site: Site, server: RunningServer, markup: str) -> None:
    """Open the site with some markup and the script, under a policy that allows little else."""
    site.markup = markup
    site.policy = (
        f"default-src 'none'; script-src {server.base_url}; frame-src {server.base_url}; "
        "style-src 'none'; img-src data:"
    )
    await page.add_init_script(
        """window.booked = [];
        addEventListener("bookonce:booked", (event) => window.booked.push(event.detail));"""
    )
    await page.goto(site.origin)


def slug_of(api: str) -> str:
    return api.rpartition("/")[2]


async def book(frame: FrameLocator) -> None:
    """From the times to the end."""
    await frame.locator("a.time").first.click()
    await frame.get_by_label("Name").fill("Zoe")
    await frame.get_by_label("Email").fill("zoe@example.com")
    await frame.get_by_role("button", name="Book now").click()
    await expect(frame.get_by_text("It's booked.")).to_be_visible()


async def test_a_line_shows_the_page_as_high_as_it_is_and_tells_what_was_booked(
    host: Page, site: Site, server: RunningServer, serve_business: Serve
) -> None:
    slug = slug_of(serve_business(a_business(page={"sites": [site.origin]})))
    source = f"{server.base_url}/embed.js"
    await show(host, site, server, f'<script src="{source}" data-bookonce="{slug}" async></script>')
    frame = host.frame_locator("iframe")
    await frame.get_by_role("link", name="Cut").click()
    await expect(frame.get_by_role("heading", name="Soonest")).to_be_visible()
    # As high as what is in it: nothing scrolls inside.
    await host.wait_for_function(
        """() => {
            const frame = document.querySelector("bookonce-booking").shadowRoot.querySelector("iframe");
            return parseInt(frame.style.blockSize) > 700;
        }"""
    )
    await book(frame)
    await host.wait_for_function("() => window.booked.length === 1")
    [told] = await host.evaluate("window.booked")
    assert (told["service"], told["staff"]) == ("cut", "ada")
    assert datetime.fromisoformat(told["start"]).utcoffset() != timedelta(0)  # Berlin's clock


async def test_a_button_opens_a_dialog_that_escape_closes(
    host: Page, site: Site, server: RunningServer, serve_business: Serve
) -> None:
    slug = slug_of(serve_business(a_business(page={"sites": [site.origin]})))
    await show(
        host,
        site,
        server,
        f'<bookonce-booking business="{slug}" service="cut" mode="button"></bookonce-booking>'
        f'<script src="{server.base_url}/embed.js" async></script>',
    )
    opener = host.get_by_role("button", name="Book now")
    await opener.click()
    dialog = host.get_by_role("dialog", name="Book an appointment")
    await expect(dialog).to_be_visible()
    await expect(host.frame_locator("iframe").get_by_role("heading", name="Cut")).to_be_visible()
    await host.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_a_site_that_the_business_does_not_list_is_refused(
    host: Page, site: Site, server: RunningServer, serve_business: Serve
) -> None:
    slug = slug_of(serve_business(a_business(page={"sites": ["http://other.example"]})))
    source = f"{server.base_url}/embed.js"
    async with host.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await show(
            host, site, server, f'<script src="{source}" data-bookonce="{slug}" async></script>'
        )


async def test_messages_of_strangers_are_not_believed(
    host: Page, site: Site, server: RunningServer, serve_business: Serve
) -> None:
    slug = slug_of(serve_business(a_business(page={"sites": [site.origin]})))
    source = f"{server.base_url}/embed.js"
    await show(host, site, server, f'<script src="{source}" data-bookonce="{slug}" async></script>')
    await expect(host.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    told = await host.evaluate(
        """async () => {
            const forged = { source: "bookonce", type: "booked", appointment: { id: "forged" } };
            window.postMessage(forged, "*");
            await new Promise((done) => setTimeout(done, 0));
            return window.booked;
        }"""
    )
    assert told == []
