"""Paying a deposit in a browser, with a real stand-in for Stripe."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.booking import assert_proper, books_of, fill_in_and_send, open_form
from tests.browser.paying import DEPOSIT, Till, expect_paid, pay


async def test_a_visitor_pays_and_is_confirmed(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await page.goto(f"/{slug}")
    await expect(page.get_by_role("link", name="Cut")).to_contain_text(
        f"Deposit {DEPOSIT} now, incl. tax"
    )
    await open_form(page, slug)
    await fill_in_and_send(page)
    await expect(page.get_by_role("heading", name="Pay the deposit")).to_be_visible()
    await assert_proper(page)
    await pay(page)
    await expect_paid(page)
    await assert_proper(page)
    [booked] = await books_of(till.server, slug)
    assert booked["status"] == "confirmed"
