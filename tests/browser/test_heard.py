"""What somebody hears who can't see the pages: in which order, and what is said without asking."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bookonce.platform.languages import language
from tests.browser.booking import (
    book,
    expect_booked,
    expect_conflict,
    expect_form,
    expect_people,
    expect_times,
    fill_in_and_send,
    late,
    open_form,
    service,
    soonest,
)
from tests.browser.checks import assert_accessible
from tests.browser.conftest import NewPage, Open
from tests.browser.hearing import Listener
from tests.browser.site import Site, embedded, within
from tests.factories import a_service, a_staff_member
from tests.running import RunningServer

TOP = ['link "Lumen Hair"']
LANGUAGES = [
    'link "English" current',
    *(f'link "{name}"' for name in ("Deutsch", "Français", "Español", "العربية")),
]
END = ["contentinfo", 'navigation "Language"']
BRITISH = language("en-GB", None, "en")


def the_day() -> date:
    """The one day on which the salon is open."""
    return (datetime.now(UTC) + timedelta(days=3)).date()


def two_starts() -> dict[str, Any]:
    """What makes a salon of it where Ada and Bea have two starts each: 09:00 and 09:45."""
    hours = {"hours": {}, "dates": [{"date": the_day(), "hours": ["09:00-10:30"]}]}
    return {
        "staff": [a_staff_member(key, **hours) for key in ("ada", "bea")],
        "service": [a_service("cut", duration_min=45, price="48.00")],
        "policy": {"slot_step_min": 45},
    }


def times_to_hear(*starts: str) -> list[str]:
    """The stops where a time is chosen."""
    day, short_day = BRITISH.day(the_day()), BRITISH.short_day(the_day())
    return [
        *(f'link "{short_day} {start}"' for start in starts),
        'link "Next month"',
        f'link "{day}, free times" current',
        *(f'link "{start}"' for start in starts),
        *('combobox "Your time zone" hasPopup', 'button "Show"'),
    ]


def places_of_times(heading: str) -> list[str]:
    """The landmarks and headings where a time is chosen."""
    month, day = BRITISH.month(the_day()), BRITISH.long_day(the_day())
    return [
        heading,
        *('region "Soonest"', 'heading 2 "Soonest"'),
        *(f'region "{month}"', f'heading 2 "{month}"', f'table "{month}"'),
        *(f'region "{day}"', f'heading 2 "{day}"', 'heading 3 "Morning"'),
    ]


async def assert_heard(
    listener: Listener, title: str, *, focus: str, places: list[str], stops: list[str]
) -> None:
    """Require what a step is called, where reading begins, and everything that is found in it."""
    assert await listener.page.title() == f"{title} · Lumen Hair"
    assert await listener.focused() == focus
    assert await listener.places() == ["banner", "main", *places, *END]
    assert await listener.stops() == [*TOP, *stops, *LANGUAGES]


@pytest.fixture
def salon(open_salon: Open) -> str:
    """A salon with few times, so that each can be heard."""
    return open_salon(**two_starts())


async def test_a_whole_booking(page: Page, salon: str) -> None:
    listener = Listener(page)
    next_time = f"{BRITISH.short_day(the_day())}, 09:00"
    await page.goto(f"/{salon}")
    await listener.listen()
    await assert_heard(
        listener,
        "Book an appointment",
        focus='RootWebArea "Book an appointment · Lumen Hair"',
        places=[
            'heading 1 "Lumen Hair" — What would you like?',
            *('region "Team"', 'heading 2 "Team"'),
        ],
        stops=['link "Cut 45 minutes €48.00"', 'link "Ada"', 'link "Bea"'],
    )
    await service(page, "Cut").press("Enter")
    await expect_people(page)
    await assert_heard(
        listener,
        "Cut: With whom?",
        focus='heading 1 "Cut" — With whom?',
        places=['heading 1 "Cut" — With whom?'],
        stops=[
            *('link "All services"', 'link "Anyone most free times"'),
            *(f'link "{who} next: {next_time}"' for who in ("Ada", "Bea")),
        ],
    )
    await service(page, "Ada").press("Enter")
    await expect_times(page)
    await assert_heard(
        listener,
        "Cut: When?",
        focus='heading 1 "Cut" — When?',
        places=places_of_times('heading 1 "Cut" — When?'),
        stops=[
            'link "Choose somebody else"',
            'DisclosureTriangle "With whom? Ada"',
            *times_to_hear("09:00", "09:45"),
        ],
    )
    await soonest(page).first.press("Enter")
    await expect_form(page)
    await assert_heard(
        listener,
        "Cut",
        focus='heading 1 "Cut"',
        places=['heading 1 "Cut"'],
        stops=[
            'link "Choose another time"',
            'textbox "Name" required',
            'textbox "Email" required',
            'textbox "Phone optional"',
            'textbox "Note optional"',
            'checkbox "Remember my details on this device"',
            'button "Book now"',
        ],
    )
    assert await listener.heard() == [], "where the focus goes says enough"
    await fill_in_and_send(page)
    await expect_booked(page)
    *waited, said = await listener.heard()
    assert set(waited) <= {"status: One moment …"}  # where the answer took its time
    assert said.startswith("status: It's booked. This page is yours")
    await assert_heard(
        listener,
        "Your appointment: Cut",
        focus='heading 1 "Cut"',
        places=['heading 1 "Cut"', 'region "Add to calendar"', 'heading 2 "Add to calendar"'],
        stops=[
            *('link "Calendar file"', 'link "Google"', 'link "Outlook"'),
            'link "Correct, or add a number"',
            *('button "Copy the link to this page"', 'button "Print"'),
            *('link "Move appointment"', 'link "Cancel appointment"'),
        ],
    )


async def test_moving_and_cancelling(page: Page, salon: str) -> None:
    listener = Listener(page)
    await book(page, salon)
    await listener.listen()
    await page.get_by_role("link", name="Move appointment").press("Enter")
    heading = page.get_by_role("heading", name="Move appointment")
    await expect(heading).to_be_focused()
    await assert_heard(
        listener,
        "When would you like to come instead?",
        focus='heading 1 "Move appointment" — When would you like to come instead?',
        places=places_of_times(
            'heading 1 "Move appointment" — When would you like to come instead?'
        ),
        stops=['link "Back to the appointment"', *times_to_hear("09:45")],
    )
    await soonest(page).first.press("Enter")
    button = page.get_by_role("button", name="Move appointment")
    await expect(button).to_be_visible()
    await assert_heard(
        listener,
        "Move appointment",
        focus='heading 1 "Move appointment"',
        places=['heading 1 "Move appointment"'],
        stops=['link "Choose another time"', 'button "Move appointment"'],
    )
    assert await listener.heard() == []
    await button.press("Enter")
    await expect(page.get_by_role("heading", name="Cut")).to_be_focused()
    [said] = await listener.heard()
    days = f"{BRITISH.long_day(the_day())}, "
    assert said.startswith(f"status: It's moved, from {days}09:00 to {days}09:45.")

    await page.get_by_role("link", name="Cancel appointment").press("Enter")
    button = page.get_by_role("button", name="Cancel appointment")
    await expect(button).to_be_visible()
    await assert_heard(
        listener,
        "Cancel this appointment?",
        focus='heading 1 "Cancel this appointment?"',
        places=['heading 1 "Cancel this appointment?"'],
        stops=['link "Back to the appointment"', 'button "Cancel appointment"'],
    )
    await button.press("Enter")
    await expect(page.get_by_role("link", name="Book again")).to_be_visible()
    assert await listener.heard() == ["status: cancelled"]
    await assert_heard(
        listener,
        "cancelled · Your appointment: Cut",
        focus='heading 1 "Cut"',
        places=['heading 1 "Cut"'],
        stops=['link "Book again"'],
    )


async def test_what_is_wrong_is_counted_and_each_field_says_it(page: Page, salon: str) -> None:
    listener = Listener(page)
    await open_form(page, salon)
    await listener.listen()
    await fill_in_and_send(page, name="\u00a0", email="zoe@example")
    await expect(page.locator("[aria-invalid]").first).to_be_focused()
    assert sorted(await listener.heard()) == [
        "alert: Please check what is marked below.",
        "status: To correct: 2",
    ]
    name = 'textbox "Name" required invalid — Please tell us your name, in at most 200 characters.'
    email = (
        'textbox "Email" required invalid — Please enter an email address such as anna@example.com.'
    )
    await assert_heard(
        listener,
        "To correct: 2 · Cut",
        focus=name,
        places=['heading 1 "Cut"'],
        stops=[
            'link "Choose another time"',
            *(name, email, 'textbox "Phone optional"', 'textbox "Note optional"'),
            'checkbox "Remember my details on this device"',
            'button "Book now"',
        ],
    )


async def test_a_time_that_somebody_else_got(page: Page, new_page: NewPage, salon: str) -> None:
    listener = Listener(page)
    await open_form(page, salon)
    await listener.listen()
    await book(await new_page(), salon, name="Yan")
    await fill_in_and_send(page)
    await expect_conflict(page)
    assert await page.title() == "Somebody was quicker · Cut · Lumen Hair"
    said = await listener.heard()
    assert "status: Somebody was quicker" in said
    assert any(each.startswith("alert: Somebody was quicker This time has") for each in said)
    assert await listener.focused() == "alert"
    await page.keyboard.press("Tab")
    assert await listener.focused() == (f'radio "{BRITISH.long_day(the_day())} 09:45" invalid')


async def test_a_time_that_is_taken_while_one_looks(
    page: Page, new_page: NewPage, salon: str
) -> None:
    listener = Listener(page)
    await page.clock.install()
    await page.goto(f"/{salon}?service=cut&staff=ada&tz=Europe/Berlin")
    await expect_times(page)
    await listener.listen()
    taken, free = soonest(page).nth(0), soonest(page).nth(1)
    await book(await new_page(), salon, name="Yan")
    await page.clock.fast_forward(16_000)
    await expect(taken).to_have_attribute("aria-disabled", "true")
    gone = "status: Some of these times have just been taken. They are struck through."
    assert await listener.heard() == [gone]
    await assert_accessible(page)
    await taken.focus()
    assert await listener.focused() == f'link "{BRITISH.short_day(the_day())} 09:00" disabled'
    await free.focus()
    assert await listener.focused() == f'link "{BRITISH.short_day(the_day())} 09:45"'
    address = page.url
    await taken.press("Enter")
    await page.clock.fast_forward(1_000)
    assert page.url == address, "it leads nowhere"


async def test_an_answer_that_takes_its_time(page: Page, salon: str) -> None:
    listener = Listener(page)
    await page.clock.install()
    await page.goto(f"/{salon}")
    await listener.listen()
    async with late(page, lambda url: "service=cut" in url):
        await service(page, "Cut").click()
        await page.clock.fast_forward(1_000)
        await expect(page.get_by_text("One moment …")).to_be_visible()
        assert await listener.heard() == ["status: One moment …"]
    await expect_people(page)
    await expect(page.get_by_text("One moment …")).to_have_count(0)


async def test_a_line_that_breaks(page: Page, salon: str) -> None:
    listener = Listener(page)
    await page.goto(f"/{salon}")
    await listener.listen()
    await page.context.set_offline(True)
    await service(page, "Cut").press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    [said] = await listener.heard()
    assert said.startswith("alert: You are offline. Nothing is lost")


async def test_without_a_script_the_title_says_it(new_page: NewPage, salon: str) -> None:
    page = await new_page(java_script_enabled=False)
    await open_form(page, salon)
    await fill_in_and_send(page, email="zoe@example")
    await expect(page.locator("[aria-invalid]")).to_be_visible()
    assert await page.title() == "To correct: 1 · Cut · Lumen Hair"
    assert 'textbox "Email" required invalid — Please enter an email address such as' in " ".join(
        await Listener(page).everything()
    )


async def test_the_dialog_of_the_embed(
    host: Page, site: Site, server: RunningServer, open_salon: Open
) -> None:
    slug = open_salon(page={"sites": [site.origin]})
    await site.show(host, server, embedded(server, slug, "popup"))
    listener = Listener(host)
    opener = host.get_by_role("button", name="Book now")
    await opener.focus()
    assert await listener.focused() == 'button "Book now" hasPopup'
    await host.keyboard.press("Enter")
    await expect(within(host).get_by_role("heading", level=1)).to_be_visible()
    assert await listener.focused() == 'button "Close"'
    # What is behind a modal dialog is not there for those who hear.
    assert await listener.places() == ['dialog "Book an appointment" modal']
    frame = host.locator("bookonce-booking iframe")
    await expect(frame).to_have_accessible_name("Book an appointment")
    await host.keyboard.press("Escape")
    assert await listener.focused() == 'button "Book now" hasPopup'
