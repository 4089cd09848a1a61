"""How people walk through the booking page, and what is in the books afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import asyncpg
from playwright.async_api import Error, FrameLocator, Locator, Page, Route, expect

from bookonce.business.document import Business
from tests.browser.checks import assert_accessible, assert_fits, assert_valid_html
from tests.factories import NINE_TO_FIVE, a_business, a_service, a_staff_member
from tests.running import RunningServer


def a_salon(**more: Any) -> Business:
    """Ada and Bea cut by day, and only Ada colours."""
    return a_business(
        **{
            "name": "Lumen Hair",
            "staff": [from_tomorrow(key) for key in ("ada", "bea")],
            "service": [
                a_service("cut", duration_min=45, price="48.00"),
                a_service("colour", duration_min=120, price="110.00", staff=["ada"]),
            ],
        }
        | more
    )


def from_tomorrow(key: str, **more: Any) -> dict[str, Any]:
    """Somebody who works by day, but not today: its soonest time may be over before it is booked."""
    today = {"date": datetime.now(ZoneInfo("Europe/Berlin")).date(), "hours": []}
    return a_staff_member(key, **{"hours": NINE_TO_FIVE, "dates": [today]} | more)


def almost_full() -> dict[str, Any]:
    """What makes a salon of it where Ada alone works, for 45 minutes in all."""
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    ada = a_staff_member("ada", hours={}, dates=[{"date": day, "hours": ["09:00-09:45"]}])
    return {"staff": [ada], "service": [a_service("cut", duration_min=45, price="48.00")]}


async def assert_proper(page: Page, text: str | None = None) -> None:
    """Require what holds of every page as it is now. `text` is what the server sent, where asking
    for the address again would bring another page.
    """
    if text is None:
        answer = await page.request.get(page.url)
        text = await answer.text()
    assert_valid_html(text)
    await assert_accessible(page)
    await assert_fits(page)


async def expect_services(page: Page) -> None:
    await expect(page.get_by_text("What would you like?")).to_be_visible()


async def expect_basket(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Add another service")).to_be_visible()


async def expect_people(page: Page) -> None:
    await expect(page.get_by_text("With whom?")).to_be_visible()


async def expect_times(page: Page) -> None:
    await expect(page.get_by_text("When?", exact=True)).to_be_visible()
    await expect(page.get_by_role("heading", name="Soonest")).to_be_visible()


async def expect_form(page: Page) -> None:
    await expect(page.locator("form.booking button.main-action")).to_be_visible()


async def expect_booked(page: Page) -> None:
    await expect(page.get_by_role("main").get_by_role("status")).to_contain_text("It's booked")


async def expect_conflict(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Somebody was quicker")).to_be_visible()


def service(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("link", name=name)


def soonest(page: Page) -> Locator:
    """The links to the soonest times."""
    return page.get_by_role("region", name="Soonest").get_by_role("link")


def free_days(page: Page) -> Locator:
    """The links to the days of the month that have free times."""
    return page.get_by_role("table").get_by_role("link")


def times_of_day(page: Page) -> Locator:
    """The links to the times of the chosen day."""
    parts = page.get_by_role("heading", name="Morning").or_(
        page.get_by_role("heading", name="Afternoon")
    )
    return page.get_by_role("region").filter(has=parts).get_by_role("link")


def alternatives(page: Page) -> Locator:
    """The other times to choose from, after a conflict."""
    return page.get_by_role("alert").get_by_role("radio")


async def take_first(page: Page) -> tuple[int, str]:
    """Choose the first of the other times and confirm it; tells the answer as `submit` does."""
    await alternatives(page).first.check()
    return await submit(page, page.locator("main form button.main-action"))


def start_in(address: str | None) -> datetime:
    """The start that a link leads to."""
    return datetime.fromisoformat(parse_qs(urlsplit(address or "").query)["start"][0])


async def choose_day_next_month(page: Page) -> None:
    """Leaf to the next month and choose its first free day."""
    if await page.get_by_role("link", name="Whole month").is_visible():
        await page.get_by_role("link", name="Whole month").click()
        await expect(page.locator("#month")).to_be_visible()
    before = await page.get_by_role("table").evaluate(NAME_OF_TABLE)
    await page.get_by_role("link", name="Next month").click()
    await expect(page.get_by_role("table", name=before, exact=True)).to_have_count(0)
    day = free_days(page).first
    number = await day.inner_text()
    await day.click()
    await expect(free_days(page).and_(page.locator("[aria-current=true]"))).to_have_text(number)


NAME_OF_TABLE = "table => document.getElementById(table.getAttribute('aria-labelledby')).innerText"


async def open_form(page: Page, slug: str, *, service: str = "cut", staff: str = "ada") -> datetime:
    """Choose the soonest time as a shared link to the times would let one; tells the start."""
    await page.goto(f"/{slug}?service={service}&staff={staff}")
    await expect_times(page)
    first = soonest(page).first
    start = start_in(await first.get_attribute("href"))
    await first.click()
    await expect_form(page)
    return start


async def fill_in(page: Page | FrameLocator, name: str = "Zoe", **more: str) -> None:
    """Type the details, in whatever language they are asked for."""
    details = {"name": name, "email": f"{name.lower()}@example.com"} | more
    for field, text in details.items():
        await page.locator(f"main [name={field}]").fill(text)


async def send(page: Page | FrameLocator) -> None:
    """Press the button that books, as a person does who has filled in the form."""
    await page.locator("form.booking button.main-action").click()


async def fill_in_and_send(page: Page | FrameLocator, name: str = "Zoe", **more: str) -> None:
    """The form from its first field to its button."""
    await fill_in(page, name, **more)
    await send(page)


async def submit(page: Page, button: Locator) -> tuple[int, str]:
    """Press a button that sends a form; tells the status and, unless redirected, the text."""
    return await answered(page, button.click())


async def answered(page: Page, sending: Awaitable[None]) -> tuple[int, str]:
    """What a form that is sent meanwhile is answered: the status and, unless redirected, the text."""
    async with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        await sending
    answer = await sent.value
    if 300 <= answer.status < 400:
        return answer.status, ""
    return answer.status, await answer.text()


async def book_now(page: Page) -> tuple[int, str]:
    return await answered(page, send(page))


async def book(page: Page, slug: str, **details: str) -> datetime:
    """The whole way to one's own page; tells the start."""
    start = await open_form(page, slug)
    await fill_in(page, **details)
    await book_now(page)
    await expect_booked(page)
    return start


async def books_of(server: RunningServer, slug: str) -> list[dict[str, Any]]:
    """Every appointment of a business as it is written, by start."""
    connection = await asyncpg.connect(server.database_url)
    try:
        rows = await connection.fetch(
            """
            SELECT appointment.status, appointment.starts_at, service.key AS service,
                   resource.key AS staff, appointment.client_name AS name, client.email,
                   appointment.client_phone AS phone, appointment.notes
            FROM appointment
            JOIN business_slug USING (business_id)
            JOIN appointment_part AS part USING (business_id, appointment_id)
            JOIN service USING (business_id, service_id)
            JOIN resource USING (business_id, resource_id)
            JOIN client USING (business_id, client_id)
            WHERE business_slug.slug = $1
            ORDER BY appointment.starts_at
            """,
            slug,
        )
    finally:
        await connection.close()
    return [dict(row) for row in rows]


@asynccontextmanager
async def late(page: Page, matches: Callable[[str], bool]) -> AsyncIterator[None]:
    """Answers to these addresses come only when the block has ended, which lasts until the page
    has had them.
    """
    ended = asyncio.Event()
    held: list[asyncio.Event] = []

    async def hold(route: Route) -> None:
        held.append(answered := asyncio.Event())
        await ended.wait()
        with suppress(Error):  # a page may have stopped waiting, and is right to
            await route.fulfill(response=await route.fetch())
        answered.set()

    await page.route(matches, hold)
    yield
    ended.set()
    for answered in held:
        await answered.wait()
    # What a page asks for later, it is also given later.
    await page.evaluate("fetch('/healthz').then(answer => answer.text())")
    await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
