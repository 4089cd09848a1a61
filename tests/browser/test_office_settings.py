"""Settings in a real browser: a business opened in an empty installation until it is booked, every
page as it looks to different people, and the forms with and without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from bookonce.business.directories import Directories
from bookonce.business.document import Business
from bookonce.platform.database import Database
from tests.browser.booking import assert_proper, expect_booked, fill_in_and_send, soonest
from tests.browser.conftest import APPEARANCES, BOTH, WAYS, NewPage
from tests.factories import tomorrow_at
from tests.office.cast import PASSWORD, Cast
from tests.running import RunningServer

WITHOUT = "without-javascript"
LOOKS = APPEARANCES | {WITHOUT: {"java_script_enabled": False}}
LINK = re.compile(r"/office/invitation/[\w-]{43}")
SECTIONS = (
    "", "business", "locations", "locations/new", "people", "people/items/ada", "rooms",
    "rooms/new", "categories", "categories/new", "services", "services/items/cut", "rules", "page", "messages", "payments",
    "protection", "history", "people/items/ada/removal",
)  # fmt: skip


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    yield cast
    cast.close()


@pytest.fixture
def empty(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server on an installation with nothing in it."""
    url = new_database()
    with RunningServer(url, scratch / f"opened-{url.rpartition('/')[2]}") as server:
        yield server


def document(cast: Cast) -> Business:
    async def read(database: Database) -> Business:
        return (await Directories(database).current(cast.slug)).business

    return cast.do(read)


async def sign_in(page: Page, cast: Cast) -> None:
    await page.goto(cast.alice.link())
    await page.click("main form button[type=submit]")
    await expect(page).to_have_url(re.compile(r"/office/[^/]+$"))


async def save(page: Page) -> None:
    await page.locator("main form button.main").last.click()


@pytest.mark.parametrize("way", BOTH)
async def test_from_an_empty_installation_to_a_booking(
    new_page: NewPage, empty: RunningServer, way: str
) -> None:
    """No terminal, no file, and what can be guessed isn't asked: eight fields are typed."""
    with httpx.Client(base_url=empty.base_url) as client:
        while not (found := LINK.search(empty.log())):
            client.get("/healthz")
    owner = await new_page(
        base_url=empty.base_url, locale="de-CH", timezone_id="Europe/Zurich", **WAYS[way]
    )
    await owner.goto(found[0])
    await owner.fill("[name=name]", "Anna Berger")
    await owner.fill("[name=email]", "anna@example.com")
    await owner.fill("[name=password]", PASSWORD)
    await save(owner)
    await expect(owner).to_have_url(re.compile("/office/account/open$"))
    await assert_proper(owner)
    assert await owner.input_value("#currency") == "CHF"
    assert await owner.input_value("#timezone") == "Europe/Zurich"
    await owner.fill("#name", "Salon Öse")
    await save(owner)
    await expect(owner.locator("#service-error")).to_be_visible()  # and nothing typed is lost
    await owner.fill("#service", "Schnitt")
    await owner.fill("#price", "35,50")
    await save(owner)
    await expect(owner).to_have_url(re.compile("/office/salon-ose$"))
    await expect(owner.locator(".first-steps")).to_be_visible()
    await assert_proper(owner)
    visitor = await new_page(base_url=empty.base_url)
    await visitor.goto("/salon-ose?service=schnitt&staff=anna-berger")
    await soonest(visitor).first.click()
    await fill_in_and_send(visitor)
    await expect_booked(visitor)
    await owner.reload()
    await expect(owner.locator(".first-steps .done")).to_have_count(3)
    await owner.locator(".first-steps button[value=dismiss]").click()
    await expect(owner.locator(".first-steps")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_is_as_it_should_be(new_page: NewPage, cast: Cast, look: str) -> None:
    page = await new_page(**LOOKS[look])
    await sign_in(page, cast)
    for path in SECTIONS:
        await page.goto(f"/office/{cast.slug}/settings/{path}".rstrip("/"))
        await expect(page.locator("main h1")).to_be_visible()
        await assert_proper(page)


@pytest.mark.parametrize("look", LOOKS)
async def test_what_is_refused_or_asked_is_as_it_should_be(
    new_page: NewPage, cast: Cast, look: str
) -> None:
    book(cast)
    page = await new_page(**LOOKS[look])
    await sign_in(page, cast)

    async def sends() -> None:
        async with page.expect_navigation() as navigation:
            await save(page)
        answer = await navigation.value
        assert answer is not None
        await assert_proper(page, await answer.text())

    await page.goto(f"/office/{cast.slug}/settings/people/items/ada")
    await page.fill('[name="hours.mon"]', "whenever")
    await page.fill('[name="email"]', "nobody")
    await sends()
    await expect(page.locator("#f-hours-mon-error")).to_be_visible()
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        await page.fill(f'[name="hours.{day}"]', "")
    await page.fill('[name="email"]', "")
    async with page.expect_navigation() as navigation:
        await save(page)
    answer = await navigation.value
    assert answer is not None
    await expect(page.locator(".unfit li")).to_have_count(1)
    await assert_proper(page, await answer.text())
    await page.locator("button[value=anyway]").click()
    await expect(page.locator(".notice.done")).to_be_visible()
    await page.locator(".notice.done a").click()
    await expect(page.locator(".changes li")).to_have_count(7)
    await assert_proper(page)
    await save(page)
    await expect(page.locator(".versions li.card")).to_have_count(3)
    assert document(cast).staff[0].hours.mon


@pytest.mark.parametrize("way", BOTH)
async def test_a_day_is_copied_to_others(new_page: NewPage, cast: Cast, way: str) -> None:
    page = await new_page(**WAYS[way])
    await sign_in(page, cast)
    await page.goto(f"/office/{cast.slug}/settings/people/items/ben")
    await page.fill('[name="hours.mon"]', "9-12, 13-18")
    await page.locator("details.copy summary").click()
    for day in ("tue", "wed"):
        await page.check(f'[name="hours._to[]"][value={day}]')
    await page.click('button[value="copy:hours"]')
    await expect(page.locator('[name="hours.wed"]')).to_have_value("9-12, 13-18")
    await page.locator('[name="hours.wed"]').press("Enter")  # saves, and copies nothing more
    await expect(page.locator(".notice.done")).to_be_visible()
    hours = document(cast).staff[1].hours
    assert [str(span) for span in hours.wed] == ["09:00-12:00", "13:00-18:00"]
    assert [str(span) for span in hours.thu] == ["00:00-24:00"]


@pytest.mark.parametrize("way", BOTH)
async def test_a_logo_is_chosen(new_page: NewPage, cast: Cast, way: str, tmp_path: Path) -> None:
    picture = tmp_path / "logo.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"/>')
    page = await new_page(**WAYS[way])
    await sign_in(page, cast)
    await page.goto(f"/office/{cast.slug}/settings/page")
    await page.set_input_files("#logo", picture)
    await page.locator('form:has(#logo) button[value="save"]').click()
    await expect(page.locator("img.logo")).to_be_visible()
    await assert_proper(page)


async def test_all_takes_the_place_of_some(new_page: NewPage, cast: Cast) -> None:
    page = await new_page()
    await sign_in(page, cast)
    await page.goto(f"/office/{cast.slug}/settings/services/items/cut")
    await page.check('[name="staff[]"][value="ada"]')
    await expect(page.locator('[name="staff._all"]')).not_to_be_checked()
    await save(page)
    await expect(page.locator(".notice.done")).to_be_visible()
    assert document(cast).service[0].staff == ("ada",)
    await page.check('[name="staff._all"]')
    await save(page)
    await expect(page.locator(".notice.done")).to_contain_text("3")
    assert document(cast).service[0].staff is None


def book(cast: Cast) -> None:
    """Zoe, with Ada, in two days."""
    start = tomorrow_at(10) + timedelta(hours=1)
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut", "staff": "ada", "start": start.isoformat(),
            "client": {"name": "Zoe"},
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
