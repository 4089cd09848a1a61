"""Going back and forth between the steps, and coming to one by a link."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.booking import (
    book,
    book_now,
    books_of,
    expect_booked,
    expect_form,
    expect_people,
    expect_services,
    expect_times,
    fill_in,
    late,
    open_form,
    service,
    soonest,
    submit,
)
from tests.browser.conftest import BOTH, WAYS, NewPage
from tests.running import RunningServer


class TestBack:
    @pytest.mark.parametrize("way", WAYS)
    async def test_it_leads_to_each_step_before_and_forward_again(
        self, new_page: NewPage, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await page.goto(f"/{slug}")
        await service(page, "Cut").click()
        await expect_people(page)
        await service(page, "Anyone").click()
        await expect_times(page)
        await soonest(page).first.click()
        await expect_form(page)
        await fill_in(page)
        await book_now(page)
        await expect_booked(page)
        for expect_step in (expect_form, expect_times, expect_people, expect_services):
            await page.go_back()
            await expect_step(page)
        for expect_step in (expect_people, expect_times, expect_form, expect_booked):
            await page.go_forward()
            await expect_step(page)

    @pytest.mark.parametrize("way", BOTH)
    async def test_it_leads_through_a_move_and_a_cancellation(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await book(page, slug)

        async def expect_move(page: Page) -> None:
            await expect(page.get_by_text("When would you like to come instead?")).to_be_visible()

        async def expect_confirm(page: Page) -> None:
            await expect(page.get_by_role("button", name="Move appointment")).to_be_visible()

        async def expect_question(page: Page) -> None:
            await expect(page.get_by_role("button", name="Cancel appointment")).to_be_visible()

        await page.get_by_role("link", name="Move appointment").click()
        await expect_move(page)
        await soonest(page).first.click()
        await expect_confirm(page)
        for expect_step in (expect_move, expect_booked):
            await page.go_back()
            await expect_step(page)
        for expect_step in (expect_move, expect_confirm):
            await page.go_forward()
            await expect_step(page)
        for expect_step in (expect_move, expect_booked):
            await page.go_back()
            await expect_step(page)
        await page.get_by_role("link", name="Cancel appointment").click()
        await expect_question(page)
        await page.go_back()
        await expect_booked(page)
        await page.go_forward()
        await expect_question(page)
        [still] = await books_of(server, slug)
        assert still["status"] == "confirmed", "looking changes nothing"
        await submit(page, page.get_by_role("button", name="Cancel appointment"))
        await expect(page.get_by_role("main").get_by_text("cancelled")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_role("link", name="Book again")).to_be_visible()

    @pytest.mark.parametrize("way", BOTH)
    async def test_each_step_is_an_address_to_share(
        self, new_page: NewPage, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        other = await new_page(**WAYS[way])
        await page.goto(f"/{slug}")
        for step, link in (
            (expect_services, service(page, "Cut")),
            (expect_people, service(page, "Ada")),
            (expect_times, soonest(page).first),
        ):
            await step(page)
            await other.goto(page.url)
            await step(other)
            await link.click()
        await expect_form(page)
        await other.goto(page.url)
        await expect_form(other)

    @pytest.mark.parametrize("way", BOTH)
    async def test_the_links_back_lead_back(self, new_page: NewPage, slug: str, way: str) -> None:
        page = await new_page(**WAYS[way])
        await open_form(page, slug)
        await page.get_by_role("link", name="Choose another time").click()
        await expect_times(page)
        await page.get_by_role("link", name="Choose somebody else").click()
        await expect_people(page)
        await page.get_by_role("link", name="All services").click()
        await expect_services(page)

    async def test_a_slow_answer_does_not_take_back_a_step_that_was_made_meanwhile(
        self, new_page: NewPage, slug: str
    ) -> None:
        page = await new_page(timezone_id="Asia/Tokyo")
        # The times once more, with the visitor's own zone: the page asks for them by itself.
        async with late(page, lambda url: "tz=" in url and "start=" not in url):
            await page.goto(f"/{slug}?service=cut&staff=ada")
            await soonest(page).first.click()
            await expect_form(page)
            await page.get_by_label("Name").fill("Zoe")
        await expect_form(page)
        await expect(page.get_by_label("Name")).to_have_value("Zoe")
        assert "start=" in page.url

    async def test_of_two_choices_the_last_counts(self, page: Page, slug: str) -> None:
        await page.goto(f"/{slug}?service=cut")
        async with late(page, lambda url: "staff=ada" in url):
            await service(page, "Ada").click()
            await service(page, "Bea").click()
            await expect_times(page)
        await expect(page.get_by_role("main")).to_contain_text("with Bea")
        assert "staff=bea" in page.url
