"""Every page in every state, as it looks to different people: accessible, valid, no wider than
its window. Pages are walked by address and by what stands in them, whatever their language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.booking import (
    almost_full,
    assert_proper,
    book_now,
    fill_in,
    fill_in_and_send,
    send,
    submit,
)
from tests.browser.checks import assert_accessible, assert_fits
from tests.browser.conftest import APPEARANCES, NewPage, Open
from tests.factories import a_staff_member

WITHOUT = "without-javascript"
TWO_PLACES = [
    {"key": "mitte", "name": "Mitte", "address": "Torstraße 1, 10119 Berlin"},
    {"key": "soho", "name": "Soho", "timezone": "Europe/London"},
]


@dataclass
class Visitor:
    """Somebody at the pages of a business, who looks closely at each."""

    page: Page
    slug: str

    async def open(self, rest: str = "", **parameters: str) -> None:
        """Go to an address of the business."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        await self.page.goto(f"/{self.slug}{rest}{query}")

    async def sees(self, what: str, text: str | None = None) -> None:
        """Require that this is there, and that the page is as it should be."""
        await expect(self.page.locator(what).first).to_be_visible()
        await assert_proper(self.page, text)

    def main(self, what: str) -> Locator:
        """The first such thing in the page."""
        return self.page.locator(f"main {what}").first

    async def open_form(self) -> None:
        """By the soonest of Ada's times."""
        await self.open(service="cut", staff="ada")
        await self.main("a.time").click()
        await expect(self.main("form.booking")).to_be_visible()

    async def book(self, name: str = "Zoe") -> str:
        """The whole way; tells the address of the appointment's page."""
        await self.open_form()
        await fill_in_and_send(self.page, name)
        await expect(self.main("p.done")).to_be_visible()
        return self.page.url.partition("?")[0]


@pytest.fixture(params=APPEARANCES)
def appearance(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How somebody looks at a page."""
    options: dict[str, Any] = (APPEARANCES | {WITHOUT: {"java_script_enabled": False}})[
        request.param
    ]
    return options


async def test_choosing(new_page: NewPage, open_salon: Open, appearance: dict[str, Any]) -> None:
    visitor = Visitor(await new_page(**appearance), open_salon(location=TWO_PLACES))
    await visitor.open()
    await visitor.sees("ul.choices")
    await visitor.open(service="cut")
    await visitor.sees("a[href*='location=soho']")
    await visitor.open(service="cut", location="mitte")
    await visitor.sees("a[href*='staff=any']")
    await visitor.open(service="cut", location="mitte", staff="ada", tz="Asia/Tokyo")
    await visitor.sees(".time small")
    await visitor.main("a[rel=next]:visible").click()
    await visitor.sees("a[rel=prev]:visible")
    await visitor.main("td a.day:visible").click()
    await visitor.sees("a.day[aria-current]:visible")


async def test_nothing_to_choose(
    new_page: NewPage, open_salon: Open, appearance: dict[str, Any]
) -> None:
    page = await new_page(**appearance)
    await Visitor(page, closed := open_salon(service=[])).open()
    await Visitor(page, closed).sees("p.empty:visible")
    nobody_works = Visitor(page, open_salon(staff=[a_staff_member("ada", hours={})]))
    await nobody_works.open(service="cut", staff="ada")
    await nobody_works.sees("h1")
    await expect(page.locator("a.time")).to_have_count(0)


@pytest.mark.parametrize("appearance", [*APPEARANCES, WITHOUT], indirect=True)
async def test_the_form(new_page: NewPage, open_salon: Open, appearance: dict[str, Any]) -> None:
    page = await new_page(**appearance)
    visitor = Visitor(page, open_salon())
    await visitor.open_form()
    await visitor.sees("form.booking")

    await fill_in(page, name="\u00a0", email="zoe@example", phone="1")
    _, text = await book_now(page)
    await visitor.sees("[aria-invalid]", text)
    wrong, right = page.locator("[aria-invalid]"), visitor.main("[name=notes]")
    await expect(wrong).to_have_count(3)
    colour = "field => getComputedStyle(field).borderTopColor"
    assert await wrong.first.evaluate(colour) != await right.evaluate(colour)

    await visitor.open_form()
    other = Visitor(await new_page(), visitor.slug)
    await other.book("Yan")
    await fill_in(page)
    _, text = await book_now(page)
    await visitor.sees("[role=alert] label.time", text)


async def test_the_form_for_a_time_that_is_gone(
    new_page: NewPage, open_salon: Open, appearance: dict[str, Any]
) -> None:
    page = await new_page(**appearance)
    visitor = Visitor(page, open_salon(**almost_full()))
    await visitor.open_form()
    await Visitor(await new_page(), visitor.slug).book("Yan")
    await fill_in(page)
    _, text = await book_now(page)
    await visitor.sees("[role=alert] a", text)

    past = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
    await visitor.open(service="cut", staff="ada", start=past.isoformat())
    await visitor.sees(".notice")
    await expect(visitor.main("form.booking")).to_have_count(0)


async def test_the_form_for_a_time_that_one_has(
    new_page: NewPage, open_salon: Open, appearance: dict[str, Any]
) -> None:
    page = await new_page(**appearance)
    visitor = Visitor(page, open_salon())
    await visitor.open_form()
    await Visitor(await new_page(), visitor.slug).book()
    await fill_in(page)
    _, text = await book_now(page)
    await visitor.sees("[role=alert] ~ .field", text)
    await visitor.sees(".check input", text)


async def test_the_own_page(
    new_page: NewPage, open_salon: Open, appearance: dict[str, Any]
) -> None:
    page = await new_page(**appearance)
    visitor = Visitor(page, open_salon())
    own = await visitor.book()
    await visitor.sees("p.done")
    await page.goto(f"{own}/move")
    await visitor.sees("a.time")
    await visitor.main("a.time").click()
    await visitor.sees("input[name=start] + button")

    await Visitor(await new_page(), visitor.slug).book()
    _, text = await submit(page, visitor.main("button.main-action"))
    await visitor.sees("[role=alert] label.time", text)

    await page.goto(f"{own}/cancel")
    await visitor.sees("button.main-action")
    await submit(page, visitor.main("button.main-action"))
    await expect(visitor.main("section.calendars")).to_have_count(0)
    await visitor.sees("dl.summary")


async def test_the_own_page_when_it_is_too_late(
    new_page: NewPage, open_salon: Open, appearance: dict[str, Any]
) -> None:
    page = await new_page(**appearance)
    visitor = Visitor(page, open_salon(policy={"cancel_until_min": 60 * 24 * 30, "grace_min": 0}))
    own = await visitor.book()
    await page.goto(f"{own}/cancel")
    await visitor.sees(".limit")
    await page.goto(f"{own}/move")
    await visitor.sees(".limit")


async def test_a_page_that_is_not_there(
    new_page: NewPage, slug: str, appearance: dict[str, Any]
) -> None:
    page = await new_page(**appearance)
    for address in ("/nobody-has-this", f"/{slug}/a/{'A' * 43}"):
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await assert_proper(page, await answer.text())


async def test_waiting_and_away(new_page: NewPage, slug: str) -> None:
    """What only a script shows."""
    for options in (APPEARANCES["light"], APPEARANCES["dark"], APPEARANCES["right-to-left"]):
        page = await new_page(**options)
        visitor = Visitor(page, slug)
        await visitor.open_form()
        await fill_in(page)
        await page.context.set_offline(True)
        await send(page)
        await expect(visitor.main(".offline")).to_be_visible()
        await assert_accessible(page)
        await assert_fits(page)
        await page.context.set_offline(False)
