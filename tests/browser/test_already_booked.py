"""Going back after a booking and sending again: one's own appointment is recognised."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.booking import (
    assert_proper,
    book,
    book_now,
    books_of,
    expect_booked,
    expect_form,
    fill_in,
    fill_in_and_send,
    open_form,
)
from tests.browser.conftest import BOTH, WAYS, NewPage
from tests.running import RunningServer


def already(page: Page) -> Locator:
    return page.get_by_role("heading", name="You have this time already")


def link(page: Page) -> Locator:
    return page.get_by_role("link", name="See your appointment")


@pytest.mark.parametrize("way", [*BOTH, "dark-phone"])
async def test_back_and_send_again_leads_to_one_s_own(
    new_page: NewPage, server: RunningServer, slug: str, way: str
) -> None:
    page = await new_page(**WAYS[way])
    await open_form(page, slug, staff="any")
    await fill_in_and_send(page)
    await expect_booked(page)
    own = page.url.partition("?")[0]
    await page.go_back()
    await expect_form(page)
    await fill_in(page, notes="I forgot to say")
    status, text = await book_now(page)
    assert status == 409
    await expect(already(page)).to_be_visible()
    await assert_proper(page, text)
    await link(page).click()
    await expect(page).to_have_url(re.compile(f"^{re.escape(own)}"))
    assert len(await books_of(server, slug)) == 1


@pytest.mark.parametrize("way", BOTH)
async def test_back_and_the_same_again_is_the_same_booking(
    new_page: NewPage, server: RunningServer, slug: str, way: str
) -> None:
    page = await new_page(**WAYS[way])
    await open_form(page, slug, staff="any")
    await fill_in_and_send(page)
    await expect_booked(page)
    own = page.url
    await page.go_back()
    await expect_form(page)
    await fill_in_and_send(page)
    await expect_booked(page)
    assert page.url == own
    assert len(await books_of(server, slug)) == 1


@pytest.mark.parametrize("way", BOTH)
async def test_the_box_books_in_addition(
    new_page: NewPage, server: RunningServer, slug: str, way: str
) -> None:
    page = await new_page(**WAYS[way])
    start = await book(page, slug)
    again = {"service": "cut", "staff": "any", "start": start.isoformat()}
    await page.goto(f"/{slug}?{urlencode(again)}")
    await expect_form(page)
    await fill_in_and_send(page)
    await expect(already(page)).to_be_visible()
    await expect(link(page)).to_have_count(0)
    await book_now(page)
    await expect(already(page)).to_be_visible()
    await page.get_by_label("Book it in addition").check()
    await book_now(page)
    await expect_booked(page)
    assert len(await books_of(server, slug)) == 2


@pytest.mark.parametrize("email", ["zoe@straße.example", "zoë@example.com", "用户@例え.example"])
@pytest.mark.parametrize("way", BOTH)
async def test_the_form_takes_the_address_that_the_api_takes(
    new_page: NewPage, server: RunningServer, slug: str, way: str, email: str
) -> None:
    page = await new_page(**WAYS[way])
    await open_form(page, slug)
    await fill_in(page, email="zoe@localhost")
    status, _ = await book_now(page)
    assert status == 422
    await expect(page.get_by_text("Please enter an email address such as")).to_be_visible()
    await fill_in_and_send(page, email=email)
    await expect_booked(page)
    [booked] = await books_of(server, slug)
    assert booked["email"] == email


async def test_what_is_pasted_into_the_form_is_cleaned(
    page: Page, server: RunningServer, slug: str
) -> None:
    await open_form(page, slug)
    await fill_in_and_send(
        page,
        name="\u2068Zoe\u00a0\u2028 van Dam\u200b",
        email="\u202azoe@example.com\u202c",
        phone="\u202a+49\u00a030\u20111234567\u202c",
        notes="\u200b",
    )
    await expect_booked(page)
    [booked] = await books_of(server, slug)
    assert (booked["email"], booked["phone"]) == ("zoe@example.com", "+49301234567")
    assert not booked["notes"]
