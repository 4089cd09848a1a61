"""Everything by keyboard."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.browser.booking import (
    books_of,
    expect_booked,
    expect_form,
    expect_people,
    expect_times,
    free_days,
    open_form,
    service,
    soonest,
    start_in,
    times_of_day,
)
from tests.running import RunningServer


class TestKeyboard:
    async def test_a_booking_a_move_and_a_cancellation(
        self, page: Page, server: RunningServer, slug: str
    ) -> None:
        await page.goto(f"/{slug}")
        await reach(page, service(page, "Cut"))
        await page.keyboard.press("Enter")
        await expect_people(page)
        await reach(page, service(page, "Anyone"))
        await page.keyboard.press("Enter")
        await expect_times(page)
        await reach(page, soonest(page).nth(1))
        await page.keyboard.press("Enter")
        await expect_form(page)
        for label, text in (("Name", "Zoe"), ("Email", "zoe@example"), ("Note", "Hello")):
            await reach(page, page.get_by_label(label))
            await page.keyboard.type(text)
        await reach(page, page.get_by_role("button", name="Book now"))
        await page.keyboard.press("Enter")
        email = page.get_by_label("Email")
        await expect(email).to_have_attribute("aria-invalid", "true")
        await expect(email).to_be_focused()
        await page.keyboard.press("End")
        await page.keyboard.type(".com")
        await page.keyboard.press("Enter")
        await expect_booked(page)
        [booked] = await books_of(server, slug)
        assert booked["email"] == "zoe@example.com"

        await reach(page, page.get_by_role("link", name="Move appointment"))
        await page.keyboard.press("Enter")
        await expect_times_to_move_to(page)
        await reach(page, page.get_by_role("link", name="Next month"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="Previous month")).to_be_visible()
        await reach(page, free_days(page).first)
        await page.keyboard.press("Enter")
        await expect(page.locator("#times")).to_be_focused()
        await expect(page.locator("[aria-current=true].day:visible")).to_be_visible()
        chosen = times_of_day(page).first
        start = start_in(await chosen.get_attribute("href"))
        await reach(page, chosen)
        await page.keyboard.press("Enter")
        await reach(page, page.get_by_role("button", name="Move appointment"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Cut")
        [moved] = await books_of(server, slug)
        assert moved["starts_at"] == start

        await reach(page, page.get_by_role("link", name="Cancel appointment"))
        await page.keyboard.press("Enter")
        await reach(page, page.get_by_role("button", name="Cancel appointment"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("main").get_by_text("cancelled")).to_be_visible()

    async def test_each_step_begins_where_the_reading_does(self, page: Page, slug: str) -> None:
        await page.goto(f"/{slug}")
        await service(page, "Cut").click()
        await expect_people(page)
        await expect(page.get_by_role("heading", level=1)).to_be_focused()

    async def test_nothing_that_people_do_not_see_is_reached(self, page: Page, slug: str) -> None:
        await open_form(page, slug)
        seen = set()
        for _ in range(40):
            await page.keyboard.press("Tab")
            seen.add(await page.evaluate("document.activeElement.name || ''"))
        assert {"name", "email", "phone", "notes"} <= seen
        assert "website" not in seen


async def expect_times_to_move_to(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Move appointment")).to_be_focused()
    await expect(page.get_by_role("heading", name="Soonest")).to_be_visible()


async def reach(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, and require that this can be seen."""
    await expect(target).to_be_visible()
    for _ in range(150):
        await page.keyboard.press("Tab")
        if await target.evaluate("element => element === document.activeElement"):
            outline = await target.evaluate(
                "element => getComputedStyle(element).outlineStyle + "
                "getComputedStyle(element).boxShadow"
            )
            assert outline != "nonenone", "the focus can't be seen"
            return
    raise AssertionError(f"Tab does not lead to {target}")
