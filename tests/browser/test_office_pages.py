"""The pages around the calendar in a real browser: as they should be on each machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.booking import assert_proper
from tests.browser.checks import assert_accessible
from tests.browser.conftest import APPEARANCES, NewPage
from tests.browser.test_office_calendar import WITHOUT, Desk, day
from tests.office.cast import Cast
from tests.office.test_messages import become, tell_all
from tests.running import RunningServer


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    yield cast
    cast.close()


@pytest.fixture(params=[*APPEARANCES, WITHOUT])
def appearance(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = (APPEARANCES | {WITHOUT: {"java_script_enabled": False}})[
        request.param
    ]
    return options


async def assert_pages(desk: Desk, *paths: str) -> None:
    """Require what holds of every page, of those at some addresses of the office."""
    for path in paths:
        await desk.page.goto(f"{desk.office}/{path}")
        await expect(desk.page.locator("h1")).to_be_visible()
        await assert_proper(desk.page)


async def test_messages(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    desk = await Desk.of(await new_page(**appearance), cast)
    zoe = desk.book("10:00", "Zoe")
    tell_all(cast)
    (one,) = cast.alice.browser.get(f"/api/v1/{cast.slug}/office/messages").json()["items"]
    await assert_pages(desk, "messages", f"messages/{one['id']}", f"appointments/{zoe}")
    become(cast, "bounced", "550 5.1.1 no such user")
    await assert_pages(desk, "messages", "messages?status=sent", f"messages/{one['id']}")


async def test_feeds(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    desk = await Desk.of(await new_page(**appearance), cast)
    await assert_pages(desk, "feeds", "calendar")
    await desk.page.click("main a[href$='/feeds']")
    await desk.page.click("main form button.main")
    await expect(desk.page.locator("#address")).to_have_value(re.compile(r"^http.*\.ics$"))
    await assert_accessible(desk.page)
    await assert_pages(desk, "feeds")


async def test_history(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    desk = await Desk.of(await new_page(**appearance), cast)
    desk.book("10:00", "Zoe")
    await assert_pages(desk, "history", "history?kind=member", "history?who=key")


async def test_reports(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    desk = await Desk.of(await new_page(**appearance), cast)
    desk.book("10:00", "Zoe")
    await assert_pages(desk, "reports", f"reports?from={day()}&to={day()}", "reports?from=x")


async def test_webhooks(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    desk = await Desk.of(await new_page(**appearance), cast)
    await desk.page.goto(f"{desk.office}/webhooks")
    await desk.page.fill("#url", "https://hooks.example/a-long-address-" + "x" * 80)
    await desk.page.click("main form button.main")
    await expect(desk.page.locator("#secret")).to_have_value(re.compile(r"^whsec_"))
    await assert_accessible(desk.page)
    await desk.page.click("p.back a")
    await desk.page.click("form[action$='/test'] button")
    await expect(desk.page.locator("table.log tbody tr")).to_have_count(1)
    await assert_proper(desk.page)
    await assert_pages(desk, "webhooks", "keys")
