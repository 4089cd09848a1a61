"""How pages hold up: in every language, on narrow windows, by touch and in the dark."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.booking import (
    book,
    expect_booked,
    expect_form,
    expect_people,
    expect_times,
    fill_in,
    free_days,
    service,
    soonest,
)
from tests.browser.checks import assert_fits, assert_valid_html
from tests.browser.conftest import NewPage

NARROW = {"viewport": {"width": 320, "height": 640}}  # a desk's window at 400 percent
LANGUAGES = ["en", "de", "fr", "es", "ar"]
BACKGROUND = """() => [document.body, document.documentElement]
    .map(element => getComputedStyle(element).backgroundColor.match(/[0-9.]+/g).map(Number))
    .find(([, , , alpha = 1]) => alpha > 0)
"""


async def assert_shows_well(page: Page) -> None:
    """What may differ between languages: what is accessible in one is so in all."""
    answer = await page.request.get(page.url)
    assert_valid_html(await answer.text())
    await assert_fits(page)


class TestLanguages:
    @pytest.mark.parametrize("language", LANGUAGES)
    async def test_every_step_is_proper(self, new_page: NewPage, slug: str, language: str) -> None:
        page = await new_page(**NARROW)
        heading = page.get_by_role("heading", level=1)
        for step in ("", "&service=cut", "&service=cut&staff=ada"):
            await page.goto(f"/{slug}?lang={language}{step}")
            await expect(heading).to_be_visible()
            assert await page.locator("html").get_attribute("lang") == language
            await assert_shows_well(page)
        await page.get_by_role("region").first.get_by_role("link").first.click()
        await expect(page.locator("form")).to_be_visible()
        await assert_shows_well(page)

    @pytest.mark.parametrize("language", LANGUAGES)
    async def test_the_own_page_is_proper_in_it(
        self, new_page: NewPage, slug: str, language: str
    ) -> None:
        page = await new_page(**NARROW)
        await book(page, slug)
        own = page.url.partition("?")[0]
        for step in ("", "/cancel", "/move"):
            await page.goto(f"{own}{step}?lang={language}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await assert_shows_well(page)

    async def test_it_is_chosen_on_the_page_and_kept_on_the_way(
        self, page: Page, slug: str
    ) -> None:
        await page.goto(f"/{slug}")
        await page.get_by_role("link", name="Deutsch").click()
        await expect(page.get_by_role("heading", level=1)).not_to_have_text("Book an appointment")
        await service(page, "Cut").click()
        await expect(page.get_by_role("link", name="Ada")).to_be_visible()
        await expect(page.get_by_text("With whom?")).to_have_count(0)
        await expect(page.locator("html")).to_have_attribute("lang", "de")

    async def test_the_browser_says_which(self, new_page: NewPage, slug: str) -> None:
        page = await new_page(locale="fr-FR")
        await page.goto(f"/{slug}")
        await expect(page.locator("html")).to_have_attribute("lang", "fr-FR")


class TestWindows:
    async def test_on_a_phone_everything_to_tap_is_large_enough(
        self, phone: Page, slug: str
    ) -> None:
        await phone.goto(f"/{slug}?service=cut&staff=ada")
        await expect_times(phone)
        for link in (soonest(phone).first, free_days(phone).first):
            box = await link.bounding_box()
            assert box is not None
            assert box["height"] >= 40
            assert box["width"] >= 40

    async def test_a_phone_books_by_touch(self, phone: Page, slug: str) -> None:
        await phone.goto(f"/{slug}")
        await service(phone, "Cut").tap()
        await expect_people(phone)
        await service(phone, "Anyone").tap()
        await expect_times(phone)
        await soonest(phone).first.tap()
        await expect_form(phone)
        await fill_in(phone)
        await phone.get_by_role("button", name="Book now").tap()
        await expect_booked(phone)

    async def test_the_dark_is_dark(self, page: Page, dark: Page, slug: str) -> None:
        lightness = []
        for visitor in (page, dark):
            await visitor.goto(f"/{slug}")
            colour = await visitor.evaluate(BACKGROUND)
            lightness.append(sum(colour[:3]) / 3)
        assert lightness[0] > 200
        assert lightness[1] < 60
