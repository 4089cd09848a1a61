"""Several services in one visit, as people with different machines and habits choose them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.booking import (
    assert_proper,
    books_of,
    expect_basket,
    expect_booked,
    expect_form,
    expect_people,
    expect_services,
    expect_times,
    fill_in_and_send,
    from_tomorrow,
    service,
    soonest,
)
from tests.browser.conftest import APPEARANCES, BOTH, WAYS, NewPage, Open
from tests.browser.hearing import Listener
from tests.browser.site import Site, within
from tests.browser.test_keyboard import reach
from tests.factories import a_service
from tests.running import RunningServer

WITHOUT = {"without-javascript": {"java_script_enabled": False}}


@pytest.fixture
def slug(open_salon: Open) -> str:
    """Ada and Ben cut and trim, only Cleo does nails."""
    return open_salon(
        staff=[from_tomorrow(key) for key in ("ada", "ben", "cleo")],
        service=[
            a_service("cut", duration_min=45, price="48.00", staff=["ada", "ben"]),
            a_service("beard", name="Beard trim", price="22.00", staff=["ada", "ben"]),
            a_service("nails", name="Manicure", price="35.00", staff=["cleo"]),
        ],
    )


def another(page: Page) -> Locator:
    """The link that leads to the services again."""
    return page.get_by_role("link", name="Add another service")


@pytest.mark.parametrize("way", WAYS)
async def test_a_visit_is_booked_and_back_and_forward_work(
    new_page: NewPage, server: RunningServer, slug: str, way: str
) -> None:
    page = await new_page(**WAYS[way])
    await page.goto(f"/{slug}")
    await service(page, "Cut").click()
    await expect_people(page)
    await service(page, "Anyone").click()
    await expect_times(page)
    await another(page).click()
    await expect_basket(page)
    await service(page, "Manicure").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cut and Manicure")
    await expect_times(page)
    for expect_step in (expect_basket, expect_times, expect_people, expect_services):
        await page.go_back()
        await expect_step(page)
    for expect_step in (expect_people, expect_times, expect_basket, expect_times):
        await page.go_forward()
        await expect_step(page)
    await soonest(page).first.click()
    await expect_form(page)
    await expect(page.locator(".parts li")).to_have_count(2)
    await fill_in_and_send(page)
    await expect_booked(page)
    await expect(page.locator(".parts li")).to_have_count(2)
    await expect(page.get_by_role("main")).to_contain_text(", then Cleo")
    parts = await books_of(server, slug)
    assert {part["service"] for part in parts} == {"cut", "nails"}


@pytest.mark.parametrize("appearance", [*APPEARANCES, *WITHOUT])
async def test_each_state_is_proper(new_page: NewPage, slug: str, appearance: str) -> None:
    options: dict[str, Any] = (APPEARANCES | WITHOUT)[appearance]
    page = await new_page(**options)
    for query in (
        "service=cut,beard&add=1",
        "service=cut,beard",
        "service=cut,beard&staff=any",
        f"service={','.join(['beard'] * 7)}",
    ):
        await page.goto(f"/{slug}?{query}")
        await expect(page.locator("main h1")).to_be_visible()
        await assert_proper(page)
    await page.goto(f"/{slug}?service=cut,nails")
    await page.locator("main a.time").first.click()
    await expect(page.locator("form.booking .main-action")).to_be_visible()
    await assert_proper(page)
    await fill_in_and_send(page)
    await expect(page.locator("main p.done")).to_be_visible()
    await assert_proper(page)
    own = page.url.partition("?")[0]
    for rest in ("/cancel", "/move"):
        await page.goto(own + rest)
        await expect(page.locator("main h1")).to_be_visible()
        await assert_proper(page)
    await page.locator("main a.time").first.click()
    await expect(page.locator("main button.main-action")).to_be_visible()
    await assert_proper(page)


async def test_by_keyboard_and_the_basket_is_heard(page: Page, slug: str) -> None:
    listener = Listener(page)
    await page.goto(f"/{slug}?service=cut&staff=any")
    await expect_times(page)
    await listener.listen()
    await reach(page, another(page))
    await page.keyboard.press("Enter")
    await expect_basket(page)
    total = "1 service · 45 minutes · €48.00"
    assert await listener.focused() == f'heading 1 "Add another service" — {total}'
    assert (await listener.stops())[1:7] == [
        'link "Back without adding"',
        'link "Remove Cut"',
        'link "Beard trim 30 minutes €22.00"',
        'link "Manicure 30 minutes €35.00"',
        'link "Continue"',
        'link "English" current',
    ]
    await reach(page, service(page, "Beard trim 30"))
    await page.keyboard.press("Enter")
    await expect_times(page)
    assert await listener.heard() == ["status: 2 services · 1 hour 15 minutes · €70.00"]
    assert await listener.focused() == 'heading 1 "Cut and Beard trim" — When?'
    await reach(page, page.get_by_role("link", name="Add or remove services"))
    await page.keyboard.press("Enter")
    await reach(page, page.get_by_role("link", name="Remove Cut"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Remove Cut")).to_have_count(0)
    assert await listener.heard() == ["status: 1 service · 30 minutes · €22.00"]
    await expect(page.get_by_role("heading", level=1)).to_be_focused()


async def test_the_total_stays_in_view_on_a_phone_and_hides_no_focus(
    phone: Page, open_salon: Open
) -> None:
    services = [a_service(f"s{n}", name=f"Service {n}", price="20.00") for n in range(20)]
    slug = open_salon(service=services)
    await phone.goto(f"/{slug}?service=s0,s1&add=1")
    bar = phone.locator(".bar")
    await expect(bar).to_be_in_viewport(ratio=1)
    await expect(bar).to_contain_text("2 services · 1 hour · €40.00")
    link = bar.get_by_role("link", name="Continue")
    box, target = await bar.bounding_box(), await link.bounding_box()
    assert box is not None
    assert target is not None
    assert target["height"] >= 44
    for _ in range(16):
        await phone.keyboard.press("Tab")
        focus = await phone.evaluate(
            "() => document.activeElement.closest('.bar') ? 0"
            " : document.activeElement.getBoundingClientRect().bottom"
        )
        assert focus <= box["y"] + 1, "the focus is under the bar"


@pytest.mark.parametrize("way", BOTH)
async def test_choosing_again_keeps_all_services(new_page: NewPage, slug: str, way: str) -> None:
    page = await new_page(**WAYS[way])
    await page.goto(f"/{slug}?service=cut,beard&staff=ada")
    await expect_times(page)
    await soonest(page).first.click()
    await expect_form(page)
    await page.get_by_role("link", name="Choose another time").click()
    await expect_times(page)
    assert "service=cut,beard" in page.url
    assert "staff=ada" in page.url


@pytest.mark.parametrize("markup", ["line", "element"])
async def test_the_embed_begins_with_several_and_tells_the_parts(
    host: Page, site: Site, server: RunningServer, open_salon: Open, markup: str
) -> None:
    slug = open_salon(page={"sites": [site.origin]})
    source = f'<script src="{server.base_url}/embed.js"'
    chosen = {
        "line": f'{source} data-bookonce="{slug}" data-service="cut,colour" async></script>',
        "element": f'<bookonce-booking business="{slug}" service="cut,colour"></bookonce-booking>'
        f"{source} async></script>",
    }[markup]
    await site.show(host, server, chosen)
    frame = within(host)
    await expect(frame.get_by_role("heading", level=1)).to_have_text("Cut and Colour")
    await frame.get_by_role("link", name="Ada").click()
    await frame.locator("a.time").first.click()
    await fill_in_and_send(frame)
    await host.wait_for_function("() => window.booked.length === 1")
    [told] = await host.evaluate("window.booked")
    assert [(part["service"], part["staff"]) for part in told["parts"]] == [
        ("cut", "ada"),
        ("colour", "ada"),
    ]
    first, second = told["parts"]
    assert (told["start"], told["end"]) == (first["start"], second["end"])
    assert first["end"] == second["start"]
