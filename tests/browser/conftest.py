"""A browser for each worker, and pages of visitors with different machines and habits.

All pages of a worker live in one event loop, since a browser can't change loops.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from pytest_asyncio import is_async_test

from bookonce.business.document import Business
from tests.browser import chromium
from tests.browser.booking import a_salon
from tests.browser.paying import Till
from tests.browser.site import Site
from tests.browser.watching import Watch
from tests.localstripe import FaultyLine, LocalStripe
from tests.running import RunningServer

HERE = Path(__file__).parent
TIMEOUT_MS = 15_000
expect.set_options(timeout=TIMEOUT_MS)  # for busy machines
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}

WAYS: dict[str, dict[str, Any]] = {
    "with-javascript": {},
    "without-javascript": {"java_script_enabled": False},
    "dark-phone": PHONE | {"color_scheme": "dark"},
}
BOTH = ["with-javascript", "without-javascript"]

APPEARANCES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "right-to-left": {"locale": "ar", "viewport": {"width": 320, "height": 640}},
    "phone": PHONE,
}

NewPage = Callable[..., Awaitable[Page]]
Serve = Callable[[Business], str]
Open = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """This worker's browser; without one the test is skipped."""
    async with async_playwright() as playwright:
        program = chromium.find(playwright.chromium.executable_path)
        if program is None:
            pytest.skip(chromium.LACKING)
        # Only pages of ours are opened; the sandbox doesn't start as root or in a container.
        opened = await playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser, server: RunningServer) -> AsyncIterator[NewPage]:
    """Opens an empty page for a visitor nobody has seen before: `await new_page(**options)`, with
    the options of a browser context; `till` is the origin of a payment service. Addresses are
    relative to the server. Whatever any page of the test did that none may do fails the test at its
    end.
    """
    opened: list[tuple[BrowserContext, Watch]] = []

    async def make(*, till: str | None = None, **options: Any) -> Page:
        options = {
            "base_url": server.base_url,
            "locale": "en-GB",
            "timezone_id": "Europe/Berlin",
            "viewport": {"width": 1100, "height": 800},
            **options,
        }
        context = await browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        opened.append((context, Watch(context, options["base_url"], till)))
        return await context.new_page()

    yield make
    for context, _ in opened:
        for page in context.pages:
            await page.title()  # what was logged before this has arrived after it
        await context.close()
    wrongs = [wrong for _, watch in opened for wrong in watch.wrongs]
    assert not wrongs, "\n".join(wrongs)


@pytest_asyncio.fixture(loop_scope="session")
async def page(new_page: NewPage) -> Page:
    """A visitor at a desk."""
    return await new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def page_without_javascript(new_page: NewPage) -> Page:
    """A visitor whose browser runs no scripts."""
    return await new_page(java_script_enabled=False)


@pytest.fixture
def open_salon(serve_business: Serve) -> Open:
    """Opens a salon that differs in some things and tells its address: `open_salon(name="Lux")`."""
    return lambda **more: serve_business(a_salon(**more)).rpartition("/")[2]


@pytest.fixture
def slug(open_salon: Open) -> str:
    """A salon of the test's own."""
    return open_salon()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(new_page: NewPage) -> Page:
    """A visitor with a phone, upright."""
    return await new_page(**PHONE)


@pytest_asyncio.fixture(loop_scope="session")
async def dark(new_page: NewPage) -> Page:
    """A visitor whose machine is set to dark colours."""
    return await new_page(color_scheme="dark")


@pytest.fixture
def site() -> Iterator[Site]:
    """The business's own site, of another origin than the server."""
    with Site() as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def host(browser: Browser) -> AsyncIterator[Page]:
    """A visitor of that site."""
    context = await browser.new_context(viewport={"width": 800, "height": 900}, locale="en-GB")
    context.set_default_timeout(TIMEOUT_MS)
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="session")
def taking_cards(
    new_database: Callable[[], str], scratch: Path
) -> Iterator[tuple[RunningServer, LocalStripe, FaultyLine]]:
    """A server of its own that takes cards."""
    with LocalStripe() as stripe, FaultyLine(stripe.api_base) as line:
        environment = stripe.environment | {"BOOKONCE_STRIPE_API_BASE": line.api_base}
        with RunningServer(new_database(), scratch / "till", environment=environment) as server:
            yield server, stripe, line


@pytest.fixture
def till(
    taking_cards: tuple[RunningServer, LocalStripe, FaultyLine], new_page: NewPage
) -> Iterator[Till]:
    """Salons at which a cut is to be paid for in advance."""
    till = Till(*taking_cards, new_page)
    yield till
    till.line.mend()
