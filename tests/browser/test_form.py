"""The form with scripts: what a device remembers, and what stays when another time is chosen."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.browser.booking import (
    assert_proper,
    book_now,
    books_of,
    expect_booked,
    expect_form,
    fill_in,
    open_form,
    soonest,
)
from tests.browser.conftest import NewPage, Open
from tests.running import RunningServer

QUESTIONS = [
    {"key": "hair", "name": "How long?", "kind": "choice", "choices": ["Short", "Long"]},
    {"key": "why", "name": "Why?", "kind": "text"},
    {
        "key": "rules", "name": "I agree to the house rules", "kind": "consent", "required": True,
        "details": "Be on time.",
    },
]  # fmt: skip
STORED = "Object.keys(localStorage).length"


async def test_a_device_remembers_only_what_it_was_told_to_and_forgets(
    page: Page, slug: str
) -> None:
    await open_form(page, slug)
    await fill_in(page)
    await book_now(page)
    await expect_booked(page)
    assert await page.evaluate(STORED) == 0
    await open_form(page, slug)
    await fill_in(page, "Yan", phone="+49 30 1234567")
    await page.get_by_label("Remember my details on this device").check()
    assert await page.evaluate(STORED) == 0, "before it is booked"
    await book_now(page)
    await expect_booked(page)

    await open_form(page, slug)
    await expect(page.get_by_label("Name")).to_have_value("Yan")
    await expect(page.get_by_label("Phone")).to_have_value("+49 30 1234567")
    await assert_proper(page)
    await page.get_by_role("button", name="Forget them").click()
    await expect(page.get_by_label("Name")).to_have_value("")
    assert await page.evaluate(STORED) == 0
    await page.reload()
    await expect_form(page)
    await expect(page.get_by_label("Email")).to_have_value("")


async def test_without_scripts_nobody_is_promised_to_be_remembered(
    page_without_javascript: Page, slug: str
) -> None:
    page = page_without_javascript
    await open_form(page, slug)
    await expect(page.get_by_label("Remember my details on this device")).to_be_hidden()


async def test_answers_stay_when_another_time_is_chosen(
    new_page: NewPage, server: RunningServer, open_salon: Open
) -> None:
    slug = open_salon(question=QUESTIONS)
    page = await new_page()
    await open_form(page, slug)
    await assert_proper(page)
    await fill_in(page)
    await page.get_by_label("How long?").select_option(label="Long")
    await page.get_by_label("Why?").fill("Because")
    await page.get_by_label("I agree to the house rules").check()
    await page.get_by_role("link", name="Choose another time").click()
    await soonest(page).last.click()
    await expect_form(page)
    await expect(page.get_by_label("How long?")).to_have_value("1")
    await expect(page.get_by_label("Why?")).to_have_value("Because")
    await expect(page.get_by_label("I agree to the house rules")).to_be_checked()
    await book_now(page)
    await expect_booked(page)
    assert len(await books_of(server, slug)) == 1
    await assert_proper(page)
    copy = page.get_by_role("button", name="Copy the link to this page")
    await expect(page.get_by_role("button", name="Print")).to_be_visible()
    if await copy.is_visible():
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await copy.click()
        await expect(page.locator(".heard[data-seen]")).to_contain_text("Copied")
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert urlsplit(copied).path == urlsplit(page.url).path
