"""The time step: arrow keys, a phone's two weeks, and whose clock times are told by."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.browser.booking import expect_times, free_days, times_of_day
from tests.browser.conftest import PHONE, NewPage, Open
from tests.factories import NINE_TO_FIVE, a_staff_member

FOCUS = "document.activeElement.getAttribute('aria-label') ?? ''"
WEEKDAYS_OF_A_SALON = {
    day: spans for day, spans in NINE_TO_FIVE.items() if day not in ("sat", "sun")
}


async def press(page: Page, key: str) -> str:
    """What has the focus after a key."""
    await page.keyboard.press(key)
    found: str = await page.evaluate(FOCUS)
    return found


async def labels(links: Locator) -> list[str]:
    return [await each.get_attribute("aria-label") or "" for each in await links.all()]


async def month_after_next(page: Page, slug: str, **options: str) -> list[str]:
    """Open a month all of which is ahead; tells its free days."""
    await page.goto(
        f"/{slug}?service=cut&staff=ada" + "".join(f"&{k}={v}" for k, v in options.items())
    )
    await expect(page.locator("table.month:visible")).to_have_count(1)
    before = await page.locator("#month").inner_text()
    await page.locator(".whole-month a[rel=next]").click()
    await expect(page.locator("#month")).not_to_have_text(before)
    return await labels(free_days(page))


def weekdays_only(open_salon: Open) -> str:
    return open_salon(staff=[a_staff_member("ada", hours=WEEKDAYS_OF_A_SALON)], locale="en-GB")


async def test_arrow_keys_go_from_free_day_to_free_day(page: Page, open_salon: Open) -> None:
    days = await month_after_next(page, weekdays_only(open_salon))
    first = free_days(page).first
    await first.focus()
    assert await press(page, "ArrowRight") == days[1]
    assert await press(page, "ArrowLeft") == days[0]
    assert await press(page, "ArrowDown") == days[5], "a week later, closed at weekends"
    assert await press(page, "ArrowUp") == days[0]
    row = await labels(first.locator("xpath=ancestor::tr").get_by_role("link"))
    assert await press(page, "End") == row[-1]
    assert await press(page, "Home") == row[0]
    assert await press(page, "ArrowRight") == days[1]
    # Tab leads out of the month, and back to the day one was on.
    assert await press(page, "Tab") not in days
    assert await press(page, "Shift+Tab") == days[1]


async def test_arrow_keys_lead_over_the_months_end_and_page_keys_to_the_next(
    page: Page, open_salon: Open
) -> None:
    days = await month_after_next(page, weekdays_only(open_salon))
    name = await page.locator("#month").inner_text()
    await free_days(page).last.focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#month")).not_to_have_text(name)
    await expect(free_days(page).first).to_be_focused()
    await page.keyboard.press("PageUp")
    await expect(page.locator("#month")).to_have_text(name)
    await expect(free_days(page).last).to_be_focused()
    assert await labels(free_days(page)) == days
    await page.keyboard.press("PageDown")
    await expect(page.locator("#month")).not_to_have_text(name)
    await expect(free_days(page).first).to_be_focused()


async def test_arrow_keys_go_the_way_that_is_read(new_page: NewPage, open_salon: Open) -> None:
    page = await new_page(locale="ar")
    days = await month_after_next(page, weekdays_only(open_salon))
    await free_days(page).first.focus()
    assert await press(page, "ArrowLeft") == days[1]
    assert await press(page, "ArrowRight") == days[0]


async def test_a_phone_has_two_weeks_and_their_times_in_view(phone: Page, slug: str) -> None:
    await phone.goto(f"/{slug}?service=cut&staff=ada")
    await expect_times(phone)
    await expect(phone.locator("table.month:visible tbody tr")).to_have_count(2)
    await expect(phone.locator("a.day[aria-current]:visible")).to_be_in_viewport(ratio=1)
    await expect(times_of_day(phone).first).to_be_in_viewport(ratio=1)
    day = free_days(phone).last
    number = await day.inner_text()
    await day.tap()
    await expect(phone.locator("a.day[aria-current]:visible")).to_have_text(number)
    await expect(times_of_day(phone).first).to_be_in_viewport(ratio=1)
    weeks = await phone.locator("#weeks").inner_text()
    await phone.get_by_role("link", name="Later days").tap()
    await expect(phone.locator("#weeks")).not_to_have_text(weeks)


async def test_the_whole_month_is_there_on_a_phone_too(new_page: NewPage, slug: str) -> None:
    for scripts in (True, False):
        phone = await new_page(**PHONE, java_script_enabled=scripts)
        await phone.goto(f"/{slug}?service=cut&staff=ada")
        await phone.get_by_role("link", name="Whole month").tap()
        await expect(phone.locator("#month")).to_be_in_viewport(ratio=1)
        await expect(phone.locator("#weeks")).to_be_hidden()
        await phone.get_by_role("link", name="Next month").tap()
        await expect(phone.locator("#month")).to_be_visible()
        await expect(phone.get_by_role("link", name="Previous month")).to_be_visible()


async def test_a_zone_that_there_is_not_gives_way_to_the_devices_own(
    new_page: NewPage, slug: str
) -> None:
    page = await new_page(timezone_id="Asia/Tokyo")
    await page.goto(f"/{slug}?service=cut&staff=ada&tz=Mars/Olympus")
    await expect(page.get_by_label("Your time zone")).to_have_value("Asia/Tokyo")
    assert "tz=Asia%2FTokyo" in page.url


async def test_somebody_elses_zone_is_left_with_one_press(new_page: NewPage, slug: str) -> None:
    page = await new_page(timezone_id="Europe/Berlin")
    await page.goto(f"/{slug}?service=cut&staff=ada&tz=Asia/Tokyo")
    await expect(page.locator(".zone")).to_contain_text("You are in Japan")
    await page.get_by_role("link", name="Use this device's time zone").click()
    await expect(page.get_by_label("Your time zone")).to_have_value("Europe/Berlin")
    await expect(page.locator(".zone")).not_to_contain_text("You are in")
    await page.get_by_label("Your time zone").select_option("America/New_York")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".zone")).to_contain_text("You are in Eastern")
    await expect(page.locator("#zone")).to_be_in_viewport()
