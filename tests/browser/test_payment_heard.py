"""The payment step as somebody hears it who can't see it, by keyboard from end to end."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.booking import fill_in, open_form
from tests.browser.hearing import Listener
from tests.browser.paying import Till, expect_card, expect_paid
from tests.localstripe import GOOD_CARD, REFUSED_AT_CHARGE_CARD

LANGUAGES = [
    'link "English" current',
    *(f'link "{name}"' for name in ("Deutsch", "Français", "Español", "العربية")),
]
CARD = [f'textbox "{name}"' for name in ("number", "exp_month", "exp_year", "cvc", "postal_code")]


async def test_paying(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    listener = Listener(page)
    await open_form(page, slug)
    await fill_in(page)
    await page.get_by_role("button", name="Continue to payment").press("Enter")
    await expect_card(page)
    assert await page.title() == "Pay the deposit: Cut · Lumen Hair"
    assert await listener.focused() == 'heading 1 "Pay the deposit"'
    assert 'group "Card"' in await listener.everything()
    assert await listener.stops() == [
        'link "Lumen Hair"',
        *CARD,
        'button "Pay €14.40"',
        'button "Give this time up"',
        *LANGUAGES,
    ]

    await listener.listen()
    await page.get_by_role("button", name="Pay").press("Enter")
    wrong = "Please check what you have entered for the card."
    await expect(page.locator("#card-error")).to_have_text(wrong)
    assert await listener.heard() == [f"alert: {wrong}"]
    assert await listener.focused() == CARD[0]

    await type_card(listener, REFUSED_AT_CHARGE_CARD)
    notice = page.get_by_role("main").get_by_role("alert").first
    await expect(notice).to_be_focused()
    [said] = [each for each in await listener.heard() if "declined" in each]
    assert said.startswith("alert: Your card was declined. Nothing was taken")
    await expect_card(page)

    await page.get_by_placeholder("number").focus()
    await type_card(listener, GOOD_CARD)
    await expect_paid(page)
    await expect(page.get_by_role("heading", name="Cut")).to_be_focused()
    assert await page.title() == "Your appointment: Cut · Lumen Hair"
    assert any("It's booked." in each for each in await listener.everything())


async def type_card(listener: Listener, number: str) -> None:
    """The stand-in goes on to the next field by itself, as Stripe's does."""
    keyboard = listener.page.keyboard
    for text in (number, "12", "34", "123"):
        await keyboard.type(text)
    await keyboard.press("Enter")
