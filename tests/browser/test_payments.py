"""Paying a deposit in a browser, with a real stand-in for Stripe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from bookonce.payments.pay import receive
from tests.browser.booking import (
    almost_full,
    assert_proper,
    expect_times,
    fill_in_and_send,
    open_form,
    send,
    soonest,
    start_in,
)
from tests.browser.conftest import Open
from tests.browser.paying import (
    DEPOSIT,
    Till,
    charged,
    enter_card,
    expect_card,
    expect_paid,
    hold,
    pay,
    press_pay,
    press_pay_and_wait,
)
from tests.browser.site import Site, embedded, within
from tests.factories import a_service
from tests.localstripe import (
    REFUSED_AS_CUSTOMER_CARD,
    REFUSED_AT_CHARGE_CARD,
    SECURE_CARD,
    Fault,
)

SHORT = {"hold_min": 0.05}
"""Three seconds: long enough to begin a payment, short enough to wait for."""


def alert(page: Page) -> Locator:
    """What went wrong."""
    return page.locator("main [role=alert]:not(:empty)").first


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


async def answer_bank(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button).click()


async def test_a_visitor_pays_and_is_confirmed(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await page.goto(f"/{slug}")
    told = f"Deposit {DEPOSIT} now, incl. tax"
    await expect(page.get_by_role("link", name="Cut")).to_contain_text(told)
    await expect(page.get_by_role("link", name="Colour")).not_to_contain_text("Deposit")
    await page.goto(f"/{slug}?service=cut&staff=ada")
    await expect(page.locator(".deposit")).to_contain_text(told)
    await open_form(page, slug)
    await expect(page.locator(".deposit")).to_contain_text(
        "If you cancel before it begins, you get all of it back."
    )
    await expect(page.get_by_role("button", name="Continue to payment")).to_be_visible()
    await fill_in_and_send(page)
    await expect(heading(page, "Pay the deposit")).to_be_focused()
    await assert_proper(page)
    assert set((await till.appointments(slug)).values()) == {"held"}
    await pay(page)
    await expect_paid(page)
    await expect(page.locator(".summary")).to_contain_text(f"{DEPOSIT}, reserved on your card")
    await assert_proper(page)
    appointment = await till.only(slug)
    assert set((await till.appointments(slug)).values()) == {"confirmed"}
    assert charged(till.books(appointment)) == [1440]

    await till.settle(slug)
    await page.reload()
    await expect(page.locator(".summary")).to_contain_text(f"{DEPOSIT}, paid")
    await page.get_by_role("link", name="Cancel appointment").click()
    await expect(page.get_by_text(f"Of the deposit you get back: {DEPOSIT}.")).to_be_visible()
    await page.get_by_role("button", name="Cancel appointment").click()
    await expect(page.locator(".summary")).to_contain_text(f"{DEPOSIT} is being given back")
    await till.settle(slug)
    await page.reload()
    await expect(page.locator(".summary")).to_contain_text(f"{DEPOSIT} given back")
    assert till.books(appointment).given_back == 1440


@pytest.mark.parametrize("card", [REFUSED_AT_CHARGE_CARD, REFUSED_AS_CUSTOMER_CARD])
async def test_a_declined_card_is_told_and_another_one_will_do(till: Till, card: str) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await pay(page, card)
    await expect(alert(page)).to_have_text(
        "Your card was declined. Nothing was taken; another card may do. Tries left: 4."
    )
    await expect(alert(page)).to_be_focused()
    assert charged(till.books(await till.only(slug))) == []
    await page.reload()
    await expect(alert(page)).to_contain_text("Your card was declined.")
    await pay(page)
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_after_the_last_try_the_time_is_for_others(till: Till) -> None:
    page, slug = await till.new_page(), till.open(payments={"attempts_max": 1}, **almost_cut())
    await hold(page, slug)
    await pay(page, REFUSED_AT_CHARGE_CARD)
    await expect(heading(page, "The time isn't held any more")).to_be_visible()
    await expect(alert(page)).to_contain_text("Nothing was taken.")
    await page.get_by_role("link", name="Choose a time again").click()
    await expect_times(page)
    await expect(soonest(page)).to_have_count(1)


async def test_a_bank_that_wants_to_hear_from_the_payer(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await pay(page, SECURE_CARD)
    await expect(heading(page, "Your bank wants to hear from you")).to_be_visible()
    await answer_bank(page, "Complete authentication")
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_a_bank_that_hears_no(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await pay(page, SECURE_CARD)
    await answer_bank(page, "Fail authentication")
    await expect(alert(page)).to_contain_text("Your card was declined. Nothing was taken")
    assert charged(till.books(await till.only(slug))) == []
    await pay(page)
    await expect_paid(page)


async def test_who_comes_back_while_the_bank_waits_goes_on_there(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await pay(page, SECURE_CARD)
    await expect(page.get_by_role("button", name="Complete authentication")).to_be_visible()
    await page.reload()
    await expect(heading(page, "Your payment is on its way")).to_be_visible()
    await answer_bank(page, "Complete authentication")
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_who_lets_the_time_run_out_is_told_and_need_not_type_again(till: Till) -> None:
    page, slug = await till.new_page(), till.open(payments=SHORT, **almost_cut())
    start = await hold(page, slug)
    other = await till.new_page()
    await other.goto(f"/{slug}?service=cut&staff=ada")
    await expect(other.get_by_text("There are no free times at the moment")).to_be_visible()
    await expect(alert(page)).to_contain_text("that has run out. Nothing was taken.")
    await expect(heading(page, "The time isn't held any more")).to_be_visible()
    await other.reload()
    await expect_times(other)
    assert start_in(await soonest(other).first.get_attribute("href")) == start

    await page.get_by_role("link", name="Choose a time again").click()
    await soonest(page).first.click()
    typed = {"name": "Zoe", "email": "zoe@example.com", "phone": "+49301234"}
    for field, text in (typed | {"notes": "Second floor"}).items():
        await expect(page.locator(f"main [name={field}]")).to_have_value(text)
    await send(page)
    await expect_card(page)


async def test_who_gives_the_time_up_gives_it_to_others(till: Till) -> None:
    page, slug = await till.new_page(), till.open(**almost_cut())
    await hold(page, slug)
    await page.get_by_role("button", name="Give this time up").click()
    await expect(page.get_by_role("link", name="Book again")).to_be_visible()
    await expect(page.locator(".summary")).to_contain_text("Nothing was taken")
    await page.goto(f"/{slug}?service=cut&staff=ada")
    await expect(soonest(page)).to_have_count(1)


async def test_a_double_click_pays_once(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    sent: list[str] = []
    page.on("request", lambda each: sent.extend([each.url] * (each.method == "POST")))
    await enter_card(page)
    await page.locator("form[data-pay] button").dblclick()
    await expect_paid(page)
    assert len([url for url in sent if url.endswith("/v1/tokens")]) == 1
    assert len([url for url in sent if "/payment" in url]) == 1
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_two_tabs_pay_once(till: Till) -> None:
    """The page that is paid for already leads to the confirmed appointment, too."""
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    other = await page.context.new_page()
    await other.goto(page.url)
    await enter_card(page)
    await enter_card(other)
    await press_pay(page)
    await press_pay(other)
    await expect_paid(page)
    await expect_paid(other)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_of_two_who_pay_for_one_time_one_gets_it_and_the_other_his_money(
    till: Till,
) -> None:
    """The first's hold runs out while the bank waits; the second books and pays meanwhile."""
    first, second = await till.new_page(), await till.new_page()
    slug = till.open(payments=SHORT)
    start = await hold(first, slug, "Zoe")
    await pay(first, SECURE_CARD)
    await expect(first.get_by_role("button", name="Complete authentication")).to_be_visible()
    await until_free(second, slug, start)
    await soonest(second).first.click()
    await fill_in_and_send(second, "Yan")
    await pay(second)
    await expect_paid(second)

    await answer_bank(first, "Complete authentication")
    await expect(heading(first, "Somebody was quicker")).to_be_visible()
    await expect(alert(first)).to_contain_text("Nothing is taken")
    await expect(alert(first)).to_be_focused()
    alternatives = first.get_by_role("alert").get_by_role("link")
    await expect(alternatives).to_have_count(3)
    lost, won = await till.appointments(slug)
    assert list((await till.appointments(slug)).values()) == ["cancelled", "confirmed"]

    await till.settle(slug)
    assert (till.books(lost).held, till.books(lost).taken) == (0, 0)
    assert (till.books(won).held, till.books(won).taken) == (0, 1440)
    await alternatives.first.click()
    await expect(first.get_by_label("Name")).to_have_value("Zoe")


async def test_who_pays_late_is_told_although_the_queue_knew_first(till: Till) -> None:
    first, second = await till.new_page(), await till.new_page()
    slug = till.open(payments=SHORT)
    start = await hold(first, slug, "Zoe")
    await pay(first, SECURE_CARD)
    await expect(first.get_by_role("button", name="Complete authentication")).to_be_visible()
    secret = await first.locator("form[data-secret]").get_attribute("data-secret")
    assert secret
    await until_free(second, slug, start)
    await soonest(second).first.click()
    await fill_in_and_send(second, "Yan")
    till.stripe.authenticate(secret)
    await till.settle(slug)
    await answer_bank(first, "Complete authentication")
    await expect(alert(first)).to_contain_text("This time isn't yours any more")
    lost, _ = await till.appointments(slug)
    assert (till.books(lost).held, till.books(lost).taken) == (0, 0)


async def until_free(page: Page, slug: str, start: datetime) -> None:
    """Look until a time is on offer as the soonest again."""
    await page.goto(f"/{slug}?service=cut&staff=ada")
    while start_in(await soonest(page).first.get_attribute("href")) != start:
        await page.reload()
        await expect_times(page)


async def test_a_line_that_breaks_while_paying_costs_nothing_twice(till: Till) -> None:
    """The server has the payment, and its answer never arrives."""
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)

    async def lose(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort("internetdisconnected")

    await page.route("**/payment?*", lose)
    await enter_card(page)
    await press_pay(page)
    await expect(page.locator(".offline")).to_contain_text("Nothing is lost")
    await page.unroute("**/payment?*")
    await press_pay(page)
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CUT, Fault.ANSWER_LOST])
async def test_a_payment_service_that_is_away_loses_nothing(till: Till, fault: Fault) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await enter_card(page)
    with till.line.failing(fault):
        for _ in range(2):
            await press_pay_and_wait(page)
            await expect(alert(page)).to_contain_text("We couldn't reach the payment service.")
    await press_pay(page)
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_another_card_after_the_payment_service_was_away(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await enter_card(page)
    with till.line.failing(Fault.SERVER_ERROR):
        await press_pay(page)
        await expect(alert(page)).to_contain_text("We couldn't reach the payment service.")
    await page.get_by_role("link", name="Take another card").click()
    await pay(page)
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_a_payment_that_was_begun_and_lost_can_be_made_again(till: Till) -> None:
    """Who comes back to it is offered another try, not left waiting."""
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await enter_card(page)
    with till.line.failing(Fault.SERVER_ERROR):
        await press_pay(page)
        await expect(alert(page)).to_contain_text("We couldn't reach the payment service.")
    await page.goto(page.url)
    await expect(heading(page, "Your payment is on its way")).to_be_visible()
    told = "Your payment hasn't come through."
    await expect(alert(page)).to_contain_text(told)  # after three looks
    await pay(page)
    await expect_paid(page)
    assert charged(till.books(await till.only(slug))) == [1440]


async def test_what_is_wrong_with_a_card_is_said_next_to_it(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await hold(page, slug)
    await press_pay(page)
    error = page.locator("#card-error")
    await expect(error).to_have_text("Please check what you have entered for the card.")
    await expect(page.locator("#card input").first).to_be_focused()
    await expect(page.get_by_role("group", name="Card")).to_have_accessible_description(
        "Please check what you have entered for the card."
    )
    await assert_proper(page)
    await pay(page)
    await expect_paid(page)


async def test_how_much_time_is_left_is_said_now_and_then(till: Till) -> None:
    page, slug = await till.new_page(), till.open()
    await page.clock.install(time=datetime.now(UTC))
    await hold(page, slug)
    left, heard = page.locator(".left"), page.locator(".heard")
    await expect(left).to_contain_text("left")
    await page.clock.run_for("04:00")
    await expect(left).to_contain_text("5:")
    await expect(heard).to_have_text("")
    await page.clock.run_for("01:05")
    await expect(heard).to_have_text("5:00 left to pay")
    await page.clock.run_for("02:55")
    await expect(heard).to_have_text("2:00 left to pay")


async def test_without_javascript_everything_is_told(till: Till) -> None:
    page, slug = await till.new_page(java_script_enabled=False), till.open()
    await open_form(page, slug)
    await fill_in_and_send(page)
    await expect(heading(page, "Pay the deposit")).to_be_visible()
    await expect(page.get_by_text("Paying by card needs JavaScript")).to_be_visible()
    await expect(page.locator(".summary")).to_contain_text(DEPOSIT)
    await expect(page.get_by_role("button", name="Pay")).to_have_count(0)
    await assert_proper(page)
    await page.get_by_role("button", name="Give this time up").click()
    await expect(page.get_by_role("link", name="Book again")).to_be_visible()


async def test_a_script_that_cannot_be_loaded(browser: Browser, till: Till) -> None:
    context = await browser.new_context(base_url=till.server.base_url, locale="en-GB")
    page, slug = await context.new_page(), till.open()
    await page.route(f"{till.stripe.js_url}*", lambda route: route.abort())
    await open_form(page, slug)
    await fill_in_and_send(page)
    await expect(alert(page)).to_contain_text("The field for your card couldn't be loaded.")
    await page.unroute(f"{till.stripe.js_url}*")
    await page.get_by_role("link", name="Try again").click()
    await pay(page)
    await expect_paid(page)
    await context.close()


async def test_paid_on_site(till: Till) -> None:
    page, slug = await till.new_page(), till.open(payments={"provider": "on_site"})
    await open_form(page, slug)
    await expect(page.locator(".deposit")).to_contain_text("there or by bank transfer")
    await fill_in_and_send(page)
    await expect(heading(page, "Your time is held")).to_be_visible()
    await expect(page.locator("#card")).to_have_count(0)
    await assert_proper(page)
    async with till.installation() as installation:
        appointment = await till.only(slug)
        await receive(installation, slug, appointment, now=datetime.now(UTC))
    await page.reload()
    await expect(page.locator(".summary")).to_contain_text(f"{DEPOSIT}, paid")


async def test_where_no_payments_can_be_taken_one_is_told_to_call(
    page: Page, open_salon: Open
) -> None:
    deposit = {"price": "48.00", "deposit": "30%"}
    slug = open_salon(
        service=[
            a_service("cut", **deposit),
            a_service("wash", **deposit, deposit_for=["no_shows"]),
        ]
    )
    await page.goto(f"/{slug}")
    cut = page.get_by_role("listitem").filter(has_text="Cut")
    await expect(cut).to_contain_text("can't be booked online now, please call")
    await expect(cut.get_by_role("link")).to_have_count(0)
    await assert_proper(page)
    await page.goto(f"/{slug}?service=cut&staff=ada")
    await expect(alert(page)).to_contain_text("Please call us.")
    await page.goto(f"/{slug}?service=wash&staff=ada")
    await expect(page.locator(".deposit")).to_contain_text("only after a missed appointment")


@pytest.mark.parametrize("mode", ["inline", "button", "popup"])
async def test_in_the_embed(host: Page, site: Site, till: Till, mode: str) -> None:
    slug = till.open(page={"sites": [site.origin]})
    wrongs: list[str] = []
    host.on("console", lambda said: wrongs.extend([said.text] * (said.type == "error")))
    await site.show(host, till.server, embedded(till.server, slug, mode))
    if mode != "inline":
        await host.get_by_role("button", name="Book now").click()
    frame = within(host)
    await frame.get_by_role("link", name="Cut").click()
    await frame.get_by_role("link", name="Ada").click()
    await frame.locator("a.time").first.click()
    await fill_in_and_send(frame)
    await expect_card(frame)
    assert await host.evaluate("window.booked") == [], "it isn't, yet"
    await pay(frame)
    await expect_paid(frame)
    await host.wait_for_function("() => window.booked.length === 1")
    assert (await host.evaluate("window.booked"))[0]["service"] == "cut"
    assert wrongs == []


def almost_cut() -> dict[str, object]:
    """Ada alone works, for one cut in all, which is to be paid for."""
    return almost_full() | {
        "service": [a_service("cut", duration_min=45, price="48.00", deposit="30%")]
    }
