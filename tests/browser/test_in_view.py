"""What a visitor asked for, and what they are told, is where they look."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.booking import (
    choose_day_next_month,
    expect_form,
    expect_times,
    fill_in,
    free_days,
    open_form,
    send,
    soonest,
    times_of_day,
)
from tests.browser.conftest import PHONE, NewPage, Open
from tests.browser.site import Site, embedded, within
from tests.running import RunningServer

PLACE = "each => { const {x, y} = each.getBoundingClientRect(); return [x, y]; }"


async def place(control: Locator) -> list[float]:
    found: list[float] = await control.evaluate(PLACE)
    return found


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_the_times_of_a_chosen_day(new_page: NewPage, slug: str, motion: str) -> None:
    page = await new_page(**PHONE, reduced_motion=motion)
    await page.goto(f"/{slug}?service=cut&staff=ada")
    await expect_times(page)
    await choose_day_next_month(page)
    await expect(times_of_day(page).nth(5)).to_be_in_viewport(ratio=1)
    await expect(free_days(page).first).not_to_be_in_viewport()


async def test_the_times_of_a_chosen_day_on_another_site(
    host: Page, site: Site, server: RunningServer, open_salon: Open
) -> None:
    slug = open_salon(page={"sites": [site.origin]})
    await site.show(host, server, embedded(server, slug, "inline"))
    frame = within(host)
    await frame.get_by_role("link", name="Colour").click()
    await expect(frame.get_by_role("heading", name="Soonest")).to_be_visible()
    await frame.get_by_role("table").get_by_role("link").last.click()
    await expect(frame.locator("#times")).to_be_focused()
    await expect(frame.locator(".day-times a.time").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    "options, name, heading", [({}, "Next month", "#month"), (PHONE, "Later days", "#weeks")]
)
async def test_leafing_stays_under_the_finger(
    new_page: NewPage, slug: str, options: dict[str, object], name: str, heading: str
) -> None:
    page = await new_page(**options)
    await page.goto(f"/{slug}?service=cut&staff=ada")
    await expect_times(page)
    link = page.get_by_role("link", name=name)
    await link.scroll_into_view_if_needed()
    await link.click(trial=True)
    before = await place(link)
    for _ in range(2):
        shown = await page.locator(heading).inner_text()
        await link.click()
        await expect(page.locator(heading)).not_to_have_text(shown)
        assert await place(link) == before


async def test_that_the_line_is_broken(new_page: NewPage, slug: str) -> None:
    page = await new_page(**PHONE)
    await open_form(page, slug)
    await fill_in(page)
    await page.context.set_offline(True)
    await send(page)
    await expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    await page.context.set_offline(False)

    await page.get_by_role("link", name="Choose another time").click()
    await expect_times(page)
    await times_of_day(page).last.scroll_into_view_if_needed()
    await page.context.set_offline(True)
    await times_of_day(page).last.click()
    await expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    await page.context.set_offline(False)
    await soonest(page).first.click()
    await expect_form(page)
