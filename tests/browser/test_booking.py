"""Booking, moving and cancelling in a real browser, as different people do it."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.async_api import Locator, Page, expect

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
    late,
    open_form,
    send,
    service,
    soonest,
    start_in,
    submit,
    times_of_day,
)
from tests.browser.conftest import PHONE, NewPage, Open
from tests.running import RunningServer

WAYS = {
    "with-javascript": {},
    "without-javascript": {"java_script_enabled": False},
    "dark-phone": PHONE | {"color_scheme": "dark"},
}
BOTH = ["with-javascript", "without-javascript"]


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
        assert [text.split()[0] for text in await people.all_inner_texts()] == [
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
                "phone": "+49 30 1234",
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

        await submit(second, alternatives(second).first)
        await expect_booked(second)
        yans, zoes = await books_of(server, slug)
        assert (yans["name"], yans["starts_at"]) == ("Yan", start)
        assert (zoes["name"], zoes["phone"], zoes["notes"]) == ("Zoe", "030 1234", "Second floor")
        assert zoes["starts_at"] > start
        assert zoes["staff"] == "ada"

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
        status, _ = await submit(second, alternatives(second).first)
        assert status == 409
        await expect(alternatives(second).first).not_to_have_attribute("value", taken or "")
        await submit(second, alternatives(second).first)
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


class TestKeyboard:
    async def test_a_whole_booking(self, page: Page, server: RunningServer, slug: str) -> None:
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
        await reach(page, email)
        await page.keyboard.press("End")
        await page.keyboard.type(".com")
        await page.keyboard.press("Enter")
        await expect_booked(page)
        [booked] = await books_of(server, slug)
        assert booked["email"] == "zoe@example.com"

        await reach(page, page.get_by_role("link", name="Cancel appointment"))
        await page.keyboard.press("Enter")
        await reach(page, page.get_by_role("button", name="Cancel appointment"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("cancelled")).to_be_visible()

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
        self, page: Page, slug: str
    ) -> None:
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
        await submit(page, alternatives(page).first)
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
        await expect(page.get_by_text("cancelled")).to_be_visible()
        await expect(page.get_by_role("link", name="Move appointment")).to_have_count(0)
        await expect(page.get_by_role("link", name="Cancel appointment")).to_have_count(0)
        [cancelled] = await books_of(server, slug)
        assert cancelled["status"] == "cancelled"

    async def test_the_time_is_free_again(self, new_page: NewPage, slug: str) -> None:
        page, other = await new_page(), await new_page()
        start = await book(page, slug)
        await page.get_by_role("link", name="Cancel appointment").click()
        await submit(page, page.get_by_role("button", name="Cancel appointment"))
        await expect(page.get_by_text("cancelled")).to_be_visible()
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
        await expect(other.get_by_text("cancelled")).to_be_visible()
        await submit(page, button)
        await expect(page.get_by_text("cancelled")).to_be_visible()

    @pytest.mark.parametrize("way", BOTH)
    async def test_too_late_is_said_and_not_offered(
        self, new_page: NewPage, open_salon: Open, way: str
    ) -> None:
        slug = open_salon(policy={"cancel_until_min": 60 * 24 * 30})
        page = await new_page(**WAYS[way])
        await book(page, slug)
        await expect(page.get_by_text("Moving and cancelling was possible until")).to_be_visible()
        await expect(page.get_by_role("link", name="Cancel appointment")).to_have_count(0)
        own = page.url.partition("?")[0]
        for step in ("cancel", "move"):
            await page.goto(f"{own}/{step}")
            await expect(page.get_by_text("Moving and cancelling was possible")).to_be_visible()
            await expect(page.get_by_role("button")).to_have_count(0)
