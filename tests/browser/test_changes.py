"""Moving and cancelling on one's own page."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.async_api import expect

from tests.browser.booking import (
    alternatives,
    book,
    books_of,
    choose_day_next_month,
    expect_conflict,
    open_form,
    soonest,
    start_in,
    submit,
    take_first,
    times_of_day,
)
from tests.browser.conftest import BOTH, WAYS, NewPage, Open
from tests.running import RunningServer


class TestMove:
    @pytest.mark.parametrize("way", WAYS)
    async def test_it_works(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        before = await book(page, slug)
        await page.get_by_role("link", name="Move appointment").click()
        await expect(page.get_by_text("When would you like to come instead?")).to_be_visible()
        await choose_day_next_month(page)
        chosen = times_of_day(page).first
        after = start_in(await chosen.get_attribute("href"))
        await chosen.click()
        button = page.get_by_role("button", name="Move appointment")
        await expect(button).to_be_visible()
        [still] = await books_of(server, slug)
        assert still["starts_at"] == before

        await submit(page, button)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Cut")
        await expect(page.get_by_role("main")).to_contain_text(f"{after:%A}")
        [moved] = await books_of(server, slug)
        assert (moved["status"], moved["starts_at"]) == ("confirmed", after)

    @pytest.mark.parametrize("way", WAYS)
    async def test_who_comes_second_moves_to_another_time(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page, other = await new_page(**WAYS[way]), await new_page()
        before = await book(page, slug)
        await page.get_by_role("link", name="Move appointment").click()
        await soonest(page).first.click()
        button = page.get_by_role("button", name="Move appointment")
        await expect(button).to_be_visible()
        await book(other, slug, name="Yan")
        status, _ = await submit(page, button)
        assert status == 409
        await expect_conflict(page)
        offered = [
            datetime.fromisoformat(await button.get_attribute("value") or "")
            for button in await alternatives(page).all()
        ]
        assert before not in offered, "the time that she has is no alternative"
        await take_first(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Cut")
        [zoes] = [each for each in await books_of(server, slug) if each["name"] == "Zoe"]
        assert (zoes["status"], zoes["starts_at"]) == ("confirmed", offered[0])


class TestCancel:
    @pytest.mark.parametrize("way", WAYS)
    async def test_it_works(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await book(page, slug)
        own = page.url
        await page.get_by_role("link", name="Cancel appointment").click()
        await expect(page.get_by_role("heading", name="Cancel this appointment?")).to_be_visible()
        assert page.url != own
        [still] = await books_of(server, slug)
        assert still["status"] == "confirmed"

        await submit(page, page.get_by_role("button", name="Cancel appointment"))
        await expect(page.get_by_role("main").get_by_text("cancelled")).to_be_visible()
        await expect(page.get_by_role("link", name="Move appointment")).to_have_count(0)
        await expect(page.get_by_role("link", name="Cancel appointment")).to_have_count(0)
        [cancelled] = await books_of(server, slug)
        assert cancelled["status"] == "cancelled"

    async def test_the_time_is_free_again(self, new_page: NewPage, slug: str) -> None:
        page, other = await new_page(), await new_page()
        start = await book(page, slug)
        await page.get_by_role("link", name="Cancel appointment").click()
        await submit(page, page.get_by_role("button", name="Cancel appointment"))
        await expect(page.get_by_role("main").get_by_text("cancelled")).to_be_visible()
        assert await open_form(other, slug) == start

    @pytest.mark.parametrize("way", BOTH)
    async def test_a_page_left_open_says_that_it_is_cancelled_already(
        self, new_page: NewPage, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await book(page, slug)
        await page.get_by_role("link", name="Cancel appointment").click()
        button = page.get_by_role("button", name="Cancel appointment")
        await expect(button).to_be_visible()
        other = await page.context.new_page()
        await other.goto(page.url)
        await submit(other, other.get_by_role("button", name="Cancel appointment"))
        await expect(other.get_by_role("main").get_by_text("cancelled")).to_be_visible()
        await submit(page, button)
        await expect(page.get_by_role("main").get_by_text("cancelled")).to_be_visible()

    @pytest.mark.parametrize("way", BOTH)
    async def test_too_late_is_said_and_not_offered(
        self, new_page: NewPage, open_salon: Open, way: str
    ) -> None:
        slug = open_salon(policy={"cancel_until_min": 60 * 24 * 30, "grace_min": 0})
        page = await new_page(**WAYS[way])
        await book(page, slug)
        await expect(
            page.get_by_text("It can't be moved or cancelled here any more")
        ).to_be_visible()
        await expect(page.get_by_role("link", name="Cancel appointment")).to_have_count(0)
        own = page.url.partition("?")[0]
        for step in ("cancel", "move"):
            await page.goto(f"{own}/{step}")
            await expect(
                page.get_by_text("It can't be moved or cancelled here any more")
            ).to_be_visible()
            await expect(page.get_by_role("button")).to_have_count(0)
