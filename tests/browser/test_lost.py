"""Lines that break at each step and come back: nothing is lost, and one booking is one."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, Response, Route, expect

from tests.browser.booking import (
    alternatives,
    book,
    book_now,
    books_of,
    expect_booked,
    expect_conflict,
    expect_form,
    expect_people,
    expect_services,
    expect_times,
    fill_in,
    fill_in_and_send,
    open_form,
    send,
    service,
    soonest,
)
from tests.browser.conftest import BOTH, WAYS, NewPage
from tests.running import RunningServer

DETAILS = {"phone": "030 1234", "notes": "Second floor"}


async def expect_away(page: Page) -> None:
    await expect(page.get_by_role("alert")).to_contain_text("You are offline")


async def expect_typed(page: Page) -> None:
    """What was typed is there."""
    typed = {"name": "Zoe", "email": "zoe@example.com", **DETAILS}
    for field, text in typed.items():
        await expect(page.locator(f"main [name={field}]")).to_have_value(text)


async def test_at_every_step(page: Page, server: RunningServer, slug: str) -> None:
    await page.goto(f"/{slug}")
    for expect_here, link, expect_next in (
        (expect_services, service(page, "Cut"), expect_people),
        (expect_people, service(page, "Ada"), expect_times),
        (expect_times, soonest(page).first, expect_form),
    ):
        address = page.url
        await page.context.set_offline(True)
        await link.click()
        await expect_away(page)
        await expect_here(page)
        assert page.url == address
        await page.context.set_offline(False)
        await link.click()
        await expect_next(page)
        await expect(page.get_by_role("alert")).to_have_count(0)
    await fill_in(page, **DETAILS)
    await page.context.set_offline(True)
    await send(page)
    await expect_away(page)
    await expect_typed(page)
    await page.context.set_offline(False)
    await send(page)
    await expect_booked(page)
    [booked] = await books_of(server, slug)
    assert (booked["phone"], booked["notes"]) == ("+49301234", "Second floor")


async def test_when_going_back(page: Page, slug: str) -> None:
    """The step that the address names comes by itself when the line does."""
    await page.goto(f"/{slug}")
    await service(page, "Cut").click()
    await expect_people(page)
    await page.context.set_offline(True)
    await page.evaluate("history.back()")
    await expect_away(page)
    await page.context.set_offline(False)
    await expect_services(page)


async def test_when_moving_and_cancelling(page: Page, server: RunningServer, slug: str) -> None:
    await book(page, slug)
    await page.get_by_role("link", name="Move appointment").click()
    await soonest(page).first.click()
    for name in ("Move appointment", "Cancel appointment"):
        button = page.get_by_role("button", name=name)
        await expect(button).to_be_visible()
        await page.context.set_offline(True)
        await button.click()
        await expect_away(page)
        await page.context.set_offline(False)
        await button.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Cut")
        if name == "Move appointment":
            await page.get_by_role("link", name="Cancel appointment").click()
    await expect(page.get_by_role("main").get_by_text("cancelled")).to_be_visible()
    [booked] = await books_of(server, slug)
    assert booked["status"] == "cancelled"


@pytest.mark.parametrize("was_received", [True, False])
@pytest.mark.parametrize("way", BOTH)
async def test_whether_the_form_had_arrived_or_not_sending_it_again_books_once(
    new_page: NewPage, server: RunningServer, slug: str, way: str, was_received: bool
) -> None:
    page = await new_page(**WAYS[way])
    await open_form(page, slug)
    await fill_in(page, **DETAILS)
    fields = await page.locator("form.booking").evaluate(
        "form => Object.fromEntries(new FormData(form))"
    )
    await page.context.set_offline(True)
    await send(page)
    if way == "with-javascript":
        await expect_away(page)
    else:
        await page.wait_for_url("chrome-error://**")
    if was_received:  # the same request, whose answer nobody gets
        await page.request.post(f"/{slug}/book", form=fields)
    await page.context.set_offline(False)
    if way == "without-javascript":
        await page.go_back()
    await expect_typed(page)
    await send(page)
    await expect_booked(page)
    [booked] = await books_of(server, slug)
    assert booked["notes"] == "Second floor"


async def test_nothing_personal_is_kept_for_the_way_back(page: Page, slug: str) -> None:
    kept: dict[str, str] = {}

    async def note(answer: Response) -> None:
        if answer.request.resource_type in ("document", "fetch"):
            request = answer.request
            kept[f"{request.method} {answer.status} {request.url}"] = (
                await answer.all_headers()
            ).get("cache-control", "")

    await open_form(page, slug)
    form = page.url
    answer = await page.request.get(form)
    assert answer.headers["cache-control"] == "private, no-cache"
    page.on("response", note)
    await fill_in(page, email="zoe@example", **DETAILS)
    status, _ = await book_now(page)
    assert status == 422
    await fill_in(page, **DETAILS)
    await book_now(page)
    await expect_booked(page)
    own = page.url.partition("?")[0]
    for address in (own, f"{own}/move", f"{own}/cancel"):
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len(kept) >= 5
    assert set(kept.values()) == {"no-store"}, kept


async def test_trouble_at_the_server_is_not_called_being_offline(
    browser: Browser, server: RunningServer, slug: str
) -> None:
    context = await browser.new_context(base_url=server.base_url, locale="en-GB")
    page = await context.new_page()
    await open_form(page, slug)
    await fill_in(page, **DETAILS)

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, content_type="application/problem+json", body="{}")

    await page.route("**/book", refuse)
    await send(page)
    await expect(page.get_by_role("alert")).to_contain_text("That didn't work. Nothing is lost")
    await expect_typed(page)
    await context.close()


async def test_who_chooses_another_time_need_not_type_again(
    page: Page, server: RunningServer, slug: str
) -> None:
    await open_form(page, slug)
    await fill_in(page, **DETAILS)
    await page.get_by_role("link", name="Choose another time").click()
    await expect_times(page)
    await soonest(page).nth(1).click()
    await expect_form(page)
    await expect_typed(page)
    await send(page)
    await expect_booked(page)
    await page.get_by_role("link", name="Lumen Hair").click()
    await open_form(page, slug)
    await expect(page.get_by_label("Name")).to_have_value("")


async def test_who_was_too_late_and_looks_at_all_times_need_not_type_again(
    page: Page, new_page: NewPage, slug: str
) -> None:
    await open_form(page, slug)
    await book(await new_page(), slug, name="Yan")
    await fill_in_and_send(page, **DETAILS)
    await expect_conflict(page)
    await expect(alternatives(page).first).to_be_visible()
    await page.get_by_role("link", name="See all times").click()
    await soonest(page).first.click()
    await expect_form(page)
    await expect_typed(page)
    await book_now(page)
    await expect_booked(page)
