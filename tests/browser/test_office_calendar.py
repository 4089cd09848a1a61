"""The calendar and the desk in a real browser: dragged, by keys, without scripts, and live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.booking import assert_proper
from tests.browser.conftest import APPEARANCES, BOTH, WAYS, NewPage
from tests.office.cast import Cast
from tests.running import RunningServer

BERLIN = ZoneInfo("Europe/Berlin")
WITHOUT = "without-javascript"


def day() -> date:
    """The day after tomorrow: every time of it can be booked."""
    return datetime.now(BERLIN).date() + timedelta(days=2)


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    yield cast
    cast.close()


class Desk:
    """Alice at a calendar."""

    def __init__(self, page: Page, cast: Cast) -> None:
        self.page, self.cast = page, cast
        self.office = f"/office/{cast.slug}"

    @classmethod
    async def of(cls, page: Page, cast: Cast) -> Desk:
        desk = cls(page, cast)
        await page.goto(cast.alice.link())
        await page.click("main form button[type=submit]")
        await expect(page).to_have_url(re.compile(r"/office/[^/]+$"))
        return desk

    def book(self, clock: str, name: str, staff: str = "ada") -> str:
        """Have somebody booked, by the office's API; the id."""
        hour, minute = map(int, clock.split(":"))
        start = datetime.combine(day(), datetime.min.time(), BERLIN).replace(
            hour=hour, minute=minute
        )
        answer = self.cast.alice.browser.post(
            f"/api/v1/{self.cast.slug}/office/appointments",
            json={
                "service": "cut",
                "start": start.isoformat(),
                "staff": staff,
                "client": {"name": name},
            },
        )
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    async def opens(self, **query: str) -> None:
        """Open the calendar of the day."""
        asked = {"date": day().isoformat()} | query
        await self.page.goto(
            f"{self.office}/calendar?" + "&".join(f"{key}={value}" for key, value in asked.items())
        )

    def on_grid(self, name: str) -> Locator:
        """Somebody's appointment on the grid."""
        return self.page.locator(".grid .ec-event:not(.is-closed)", has_text=name)

    def column(self, staff: str) -> Locator:
        """A person's part of the page that the server has rendered."""
        return self.page.locator(f"ol.pieces[data-staff={staff}]")

    async def drag(self, name: str, across: float, down: float) -> None:
        """Drag somebody's appointment by so many pixels."""
        event = self.on_grid(name)
        await event.scroll_into_view_if_needed()
        box = await event.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + 6
        await self.page.mouse.move(x, y)
        await self.page.mouse.down()
        await self.page.mouse.move(x + across / 2, y + down / 2, steps=4)
        await self.page.mouse.move(x + across, y + down, steps=4)
        await self.page.mouse.up()


@pytest.fixture(params=[*APPEARANCES, WITHOUT])
def appearance(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = (APPEARANCES | {WITHOUT: {"java_script_enabled": False}})[
        request.param
    ]
    return options


async def test_each_page_is_as_it_should_be(
    new_page: NewPage, cast: Cast, appearance: dict[str, Any]
) -> None:
    desk = await Desk.of(await new_page(**appearance), cast)
    zoe = desk.book("10:00", "Zoe")
    desk.book("10:15", "Max", "ben")
    for view in ("day", "week", "list"):
        await desk.opens(view=view)
        await expect(desk.page.locator("h1")).to_be_visible()
        await assert_proper(desk.page)
    for path in (
        f"appointments/{zoe}",
        "appointments/new?q=zo",
        f"absences/new?date={day()}",
    ):
        await desk.page.goto(f"{desk.office}/{path}")
        await expect(desk.page.locator("h1")).to_be_visible()
        await assert_proper(desk.page)


async def test_a_drag_moves_and_undo_takes_it_back(new_page: NewPage, cast: Cast) -> None:
    desk = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    desk.book("10:00", "Zoe")
    await desk.opens()
    await desk.drag("Zoe", 0, 2 * 26)
    await expect(desk.page.locator("#heard")).to_contain_text("Moved.")
    await expect(desk.column("ada").locator("li")).to_have_attribute("data-start", f"{day()}T10:30")
    await desk.page.keyboard.press("u")
    await expect(desk.page.locator("#heard")).to_contain_text("Back where it was.")
    await expect(desk.column("ada").locator("li")).to_have_attribute("data-start", f"{day()}T10:00")


async def test_a_drag_to_another_person(new_page: NewPage, cast: Cast) -> None:
    desk = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    desk.book("10:00", "Zoe")
    await desk.opens()
    box = await desk.on_grid("Zoe").bounding_box()
    assert box
    await desk.drag("Zoe", box["width"] + 20, 0)
    await expect(desk.column("ben").locator("li")).to_contain_text("Zoe")


async def test_while_it_is_dragged_the_grid_shows_where_it_can_be_put(
    new_page: NewPage, cast: Cast
) -> None:
    desk = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    desk.book("10:00", "Zoe")
    desk.book("11:00", "Max")
    await desk.opens()
    mouse, free = desk.page.mouse, desk.page.locator(".grid .is-free")
    await desk.on_grid("Zoe").scroll_into_view_if_needed()
    box = await desk.on_grid("Zoe").bounding_box()
    assert box
    await mouse.move(box["x"] + 20, box["y"] + 6)
    await mouse.down()
    await mouse.move(box["x"] + 20, box["y"] + 6 + 26, steps=4)
    await expect(free).not_to_have_count(0)
    await expect(desk.page.locator(".placing")).to_be_visible()
    places = [await one.bounding_box() for one in await free.all()]
    max_s = await desk.on_grid("Max").bounding_box()
    assert max_s
    begins_y = max_s["y"] + 2
    in_adas = [one for one in places if one and one["x"] < box["x"] + 20 < one["x"] + one["width"]]
    assert in_adas
    assert not any(one["y"] < begins_y < one["y"] + one["height"] for one in in_adas)
    await mouse.up()
    await expect(free).to_have_count(0)
    await expect(desk.page.locator(".placing")).to_be_hidden()
    await expect(desk.column("ada").locator("li").first).to_have_attribute(
        "data-start", re.compile(rf"{day()}T10:(15|30)")
    )


async def test_a_drop_on_a_taken_time_goes_back(new_page: NewPage, cast: Cast) -> None:
    desk = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    desk.book("10:00", "Zoe")
    desk.book("11:00", "Max")
    await desk.opens()
    await desk.drag("Zoe", 0, 4 * 26)
    await expect(desk.page.locator("#heard")).to_contain_text("Somebody has this time already.")
    await expect(desk.on_grid("Zoe")).to_contain_text("10:00")
    await expect(desk.column("ada").locator("li").first).to_contain_text("Zoe")


async def test_appointments_are_moved_by_keys(new_page: NewPage, cast: Cast) -> None:
    desk = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    desk.book("10:00", "Zoe")
    await desk.opens()
    zoe = desk.on_grid("Zoe").locator("a")
    await zoe.press("Alt+ArrowDown")
    await expect(desk.column("ada").locator("li")).to_have_attribute("data-start", f"{day()}T10:15")
    await expect(zoe).to_be_focused()
    await zoe.press("Alt+ArrowRight")
    await expect(desk.column("ben").locator("li")).to_contain_text("Zoe")
    await expect(zoe).to_be_focused()
    await desk.on_grid("Zoe").locator("a").press("Enter")
    await expect(desk.page.locator("h1")).to_contain_text("Zoe")


async def test_letters_lead_where_they_say(new_page: NewPage, cast: Cast) -> None:
    desk = await Desk.of(await new_page(), cast)
    for key, address in (
        ("n", r"/appointments/new"),
        ("w", r"/appointments/new\?walk_in=1"),
        ("b", r"/absences/new"),
        ("ArrowRight", rf"date={day() + timedelta(days=1)}"),
        ("ArrowLeft", rf"date={day() - timedelta(days=1)}"),
    ):
        await desk.opens()
        await expect(desk.page.locator(".grid")).to_be_visible()
        await desk.page.keyboard.press(key)
        await expect(desk.page).to_have_url(re.compile(address))


async def test_another_screen_sees_it_at_once(new_page: NewPage, cast: Cast) -> None:
    here = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    there = await Desk.of(await new_page(viewport={"width": 1200, "height": 900}), cast)
    zoe = here.book("10:00", "Zoe")
    await here.opens()
    await there.opens()
    await expect(there.on_grid("Zoe")).to_be_visible()
    await here.drag("Zoe", 0, 4 * 26)
    await expect(there.column("ada").locator("li")).to_have_attribute(
        "data-start", f"{day()}T11:00"
    )
    cast.alice.browser.post(f"/api/v1/{cast.slug}/office/appointments/{zoe}/cancellation")
    await expect(there.on_grid("Zoe")).to_have_count(0)


@pytest.mark.parametrize("way", BOTH)
async def test_a_telephone_booking(new_page: NewPage, cast: Cast, way: str) -> None:
    desk = await Desk.of(await new_page(**WAYS[way]), cast)
    desk.book("09:00", "Zoe Zander")
    await desk.opens(view="list")
    await desk.page.get_by_role("link", name="New appointment").first.click()
    await desk.page.fill("#q", "zand")
    await desk.page.keyboard.press("Enter" if way != WITHOUT else "Tab")
    if way == WITHOUT:
        await desk.page.get_by_role("button", name="Find").click()
    await expect(desk.page.locator(".found input").first).to_be_checked()
    await desk.page.fill("#date", day().isoformat())
    await desk.page.fill("#time", "15:00")
    await desk.page.get_by_role("button", name="Book", exact=True).click()
    await expect(desk.page.locator(".notice.done")).to_contain_text("Booked.")
    await expect(desk.page.locator("h1")).to_contain_text("Zoe Zander")


@pytest.mark.parametrize("way", BOTH)
async def test_a_day_at_the_desk(new_page: NewPage, cast: Cast, way: str) -> None:
    """Move, undo, cancel, reopen, note and block: each by the page's own forms."""
    desk = await Desk.of(await new_page(**WAYS[way]), cast)
    page = desk.page
    zoe = desk.book("10:00", "Zoe")
    await page.goto(f"{desk.office}/appointments/{zoe}")
    await page.fill("#time", "12:00")
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.locator(".notice.done")).to_contain_text("Moved.")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".notice.done")).to_contain_text("Back where it was.")
    await page.fill("#notes", "Allergic to nuts")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".notice.done")).to_contain_text("Saved.")
    await page.fill("#reason", "Ada is ill")
    await page.get_by_role("button", name="Cancel the appointment").click()
    await expect(page.locator(".notice.done")).to_contain_text("Cancelled.")
    await page.get_by_role("button", name="Confirm it again").click()
    await expect(page.locator(".notice.done")).to_contain_text("Confirmed again.")
    history = page.locator("ol.history")
    await expect(history).to_contain_text("Ada is ill")
    await page.goto(f"{desk.office}/absences/new?date={day()}&staff=ada")
    await page.fill("#time", "09:30")
    await page.fill("#until_time", "10:30")
    await page.get_by_role("button", name="Block", exact=True).click()
    await expect(page.locator(".notice.wrong")).to_contain_text("Zoe")
    await page.fill("#time", "12:00")
    await page.fill("#until_time", "13:00")
    await page.get_by_role("button", name="Block", exact=True).click()
    await desk.opens()
    await expect(desk.column("ada").locator("li[data-kind=block]")).to_have_count(1)
