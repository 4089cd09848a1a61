"""Booking in a real browser, as different people do it, and as several do it at once."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.booking import (
    almost_full,
    alternatives,
    book,
    book_now,
    books_of,
    choose_day_next_month,
    expect_booked,
    expect_conflict,
    expect_form,
    expect_people,
    expect_services,
    expect_times,
    fill_in,
    open_form,
    send,
    service,
    start_in,
    take_first,
    times_of_day,
)
from tests.browser.conftest import BOTH, WAYS, NewPage, Open
from tests.running import RunningServer


class TestBooking:
    @pytest.mark.parametrize("way", WAYS)
    async def test_it_works(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await page.goto(f"/{slug}")
        await expect_services(page)
        await expect(service(page, "Cut")).to_contain_text("45 min")
        await expect(service(page, "Cut")).to_contain_text("48.00")

        await service(page, "Cut").click()
        await expect_people(page)
        people = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
        names = people.locator(".what")
        assert [text.split()[0] for text in await names.all_inner_texts()] == [
            "Anyone",
            "Ada",
            "Bea",
        ]

        await service(page, "Bea").click()
        await expect_times(page)
        await expect(page.get_by_role("main")).to_contain_text("with Bea")

        await choose_day_next_month(page)
        chosen = times_of_day(page).nth(3)
        start = start_in(await chosen.get_attribute("href"))
        await chosen.click()
        await expect_form(page)
        await expect(page.get_by_role("main")).to_contain_text(f"{start:%Y}")

        await fill_in(page, phone="+49 30 1234", notes="Second floor")
        await book_now(page)
        await expect_booked(page)
        assert page.url.startswith(f"{server.base_url}/{slug}/a/")
        facts = page.get_by_role("main")
        for words in ("Cut", "Bea", "Lumen Hair", "48.00", f"{start:%A}", "confirmed"):
            await expect(facts).to_contain_text(words)
        for calendar in ("Calendar file", "Google", "Outlook"):
            await expect(page.get_by_role("link", name=calendar)).to_be_visible()
        assert await books_of(server, slug) == [
            {
                "status": "confirmed",
                "starts_at": start,
                "service": "cut",
                "staff": "bea",
                "name": "Zoe",
                "email": "zoe@example.com",
                "phone": "+49301234",
                "notes": "Second floor",
            }
        ]

    async def test_who_works_alone_is_not_asked_for(self, page: Page, slug: str) -> None:
        await page.goto(f"/{slug}")
        await service(page, "Colour").click()
        await expect_times(page)

    @pytest.mark.parametrize("way", BOTH)
    async def test_anyone_is_somebody(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await open_form(page, slug, staff="any")
        await fill_in(page)
        await book_now(page)
        await expect_booked(page)
        [booked] = await books_of(server, slug)
        with_whom = page.get_by_role("main").get_by_text(booked["staff"].capitalize(), exact=True)
        await expect(with_whom).to_be_visible()

    async def test_the_calendar_file_is_one(self, page: Page, slug: str) -> None:
        await book(page, slug)
        address = await page.get_by_role("link", name="Calendar file").get_attribute("href")
        answer = await page.request.get(address or "")
        assert answer.headers["content-type"].startswith("text/calendar")
        assert "BEGIN:VEVENT" in await answer.text()

    async def test_sending_twice_books_once(
        self, page: Page, server: RunningServer, slug: str
    ) -> None:
        await open_form(page, slug)
        await fill_in(page)
        await page.get_by_role("button", name="Book now").dblclick()
        await expect_booked(page)
        assert len(await books_of(server, slug)) == 1

    @pytest.mark.parametrize("way", BOTH)
    async def test_opening_the_own_page_again_shows_it_without_thanks(
        self, new_page: NewPage, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        await book(page, slug)
        await page.goto(page.url.partition("?")[0])
        await expect(page.get_by_role("heading", level=1)).to_have_text("Cut")
        await expect(page.get_by_role("main").get_by_role("status")).to_have_count(0)


class TestMistakes:
    @pytest.mark.parametrize("way", WAYS)
    async def test_what_was_typed_stays_and_the_field_says_what_is_wrong(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        page = await new_page(**WAYS[way])
        start = await open_form(page, slug)
        # A browser takes this for an address; the server knows that it has no domain.
        await fill_in(page, email="zoe@example", phone="030 1234", notes="One\n\nTwo")
        status, _ = await book_now(page)
        assert status == 422
        email = page.get_by_label("Email")
        await expect(email).to_have_attribute("aria-invalid", "true")
        assert await email.get_attribute("aria-describedby")
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_label("Name")).to_have_value("Zoe")
        await expect(email).to_have_value("zoe@example")
        await expect(page.get_by_label("Phone")).to_have_value("030 1234")
        await expect(page.get_by_label("Note")).to_have_value("One\n\nTwo")
        assert await books_of(server, slug) == []

        await email.fill("zoe@example.com")
        await book_now(page)
        await expect_booked(page)
        [booked] = await books_of(server, slug)
        assert booked["starts_at"] == start
        assert booked["notes"] == "One\n\nTwo"

    async def test_the_browser_asks_for_what_is_missing(
        self, page: Page, server: RunningServer, slug: str
    ) -> None:
        await open_form(page, slug)
        await send(page)
        assert await page.get_by_label("Name").evaluate("field => field.validity.valueMissing")
        await expect(page.get_by_label("Name")).to_be_focused()
        assert await books_of(server, slug) == []

    async def test_a_line_that_breaks_loses_nothing(
        self, page: Page, server: RunningServer, slug: str
    ) -> None:
        await open_form(page, slug)
        await fill_in(page, notes="Second floor")
        await page.context.set_offline(True)
        await send(page)
        await expect(page.get_by_role("alert")).to_contain_text("offline")
        await expect(page.get_by_label("Note")).to_have_value("Second floor")
        await page.context.set_offline(False)
        await book_now(page)
        await expect_booked(page)
        assert len(await books_of(server, slug)) == 1


class TestRace:
    @pytest.mark.parametrize("way", WAYS)
    async def test_who_comes_second_books_another_time_without_typing_again(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        first, second = await new_page(), await new_page(**WAYS[way])
        start = await open_form(first, slug)
        assert await open_form(second, slug) == start
        await fill_in(first, "Yan")
        await book_now(first)
        await expect_booked(first)

        await fill_in(second, phone="030 1234", notes="Second floor")
        status, _ = await book_now(second)
        assert status == 409
        await expect_conflict(second)
        await expect(second.get_by_label("Name")).to_have_value("Zoe")
        await expect(second.get_by_label("Email")).to_have_value("zoe@example.com")

        await take_first(second)
        await expect_booked(second)
        yans, zoes = await books_of(server, slug)
        assert (yans["name"], yans["starts_at"]) == ("Yan", start)
        assert (zoes["name"], zoes["phone"], zoes["notes"]) == ("Zoe", "+49301234", "Second floor")
        assert zoes["starts_at"] > start
        assert zoes["staff"] == "ada"

    @pytest.mark.parametrize("way", BOTH)
    async def test_of_two_at_once_one_gets_it_and_the_other_is_helped(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        pages = [await new_page(**WAYS[way]) for _ in range(2)]
        start = await open_form(pages[0], slug)
        assert await open_form(pages[1], slug) == start
        for page, name in zip(pages, ("Yan", "Zoe"), strict=True):
            await fill_in(page, name, notes=f"From {name}")
        answers = await asyncio.gather(*(book_now(page) for page in pages))
        assert sorted(status for status, _ in answers) == [303, 409]
        loser = next(
            page for page, (status, _) in zip(pages, answers, strict=True) if status == 409
        )
        await expect_conflict(loser)
        await take_first(loser)
        await expect_booked(loser)
        booked = await books_of(server, slug)
        assert {each["notes"] for each in booked} == {"From Yan", "From Zoe"}
        assert booked[0]["starts_at"] == start < booked[1]["starts_at"]

    @pytest.mark.parametrize("way", BOTH)
    async def test_losing_twice_offers_again(
        self, new_page: NewPage, server: RunningServer, slug: str, way: str
    ) -> None:
        first, second = await new_page(), await new_page(**WAYS[way])
        await open_form(second, slug)
        await book(first, slug, name="Yan")
        await fill_in(second)
        await book_now(second)
        await expect_conflict(second)
        taken = await alternatives(second).first.get_attribute("value")
        await first.goto(f"/{slug}?service=cut&staff=ada&start={(taken or '').replace('+', '%2B')}")
        await fill_in(first, "Xi")
        await book_now(first)
        await expect_booked(first)
        status, _ = await take_first(second)
        assert status == 409
        await expect(alternatives(second).first).not_to_have_attribute("value", taken or "")
        await take_first(second)
        await expect_booked(second)
        assert [each["name"] for each in await books_of(server, slug)] == ["Yan", "Xi", "Zoe"]

    @pytest.mark.parametrize("way", BOTH)
    async def test_when_nothing_is_left_it_says_so(
        self, new_page: NewPage, open_salon: Open, way: str
    ) -> None:
        # Open for one appointment in the whole horizon.
        slug = open_salon(**almost_full())
        first, second = await new_page(), await new_page(**WAYS[way])
        await open_form(second, slug)
        await book(first, slug, name="Yan")
        await fill_in(second)
        status, _ = await book_now(second)
        assert status == 409
        await expect_conflict(second)
        await expect(alternatives(second)).to_have_count(0)
        await second.get_by_role("link", name="See all times").click()
        await expect(second.get_by_text("There are no free times")).to_be_visible()
