"""What a visitor notices of the guard against programs: next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.booking import (
    a_salon,
    assert_proper,
    book_now,
    books_of,
    expect_booked,
    fill_in,
    open_form,
)
from tests.browser.conftest import NewPage
from tests.running import RunningServer


@pytest.fixture(scope="module")
def trapped(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server that takes whoever fills in a form within a minute for a program."""
    environment = {"BOOKONCE_FORM_TIME_MIN_S": "60", "BOOKONCE_RATE_LIMIT": "1000/minute"}
    with RunningServer(new_database(), scratch / "bots", environment=environment) as running:
        yield running


@pytest.mark.parametrize("protection", [{}, {"proof_of_work": True}])
async def test_with_javascript_the_browser_shows_it_by_itself(
    new_page: NewPage, trapped: RunningServer, protection: dict[str, bool]
) -> None:
    salon = a_salon(protection=protection)
    trapped.apply(salon)
    slug = salon.business.slug
    page = await new_page(base_url=trapped.base_url)
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)

    await open_form(page, slug)
    await fill_in(page)
    await book_now(page)

    await expect_booked(page)
    assert len(sent) == (1 if protection else 2)  # asked for from the start, or when in doubt
    assert len(await books_of(trapped, slug)) == 1


async def test_without_javascript_it_says_what_to_do(
    new_page: NewPage, trapped: RunningServer
) -> None:
    salon = a_salon()
    trapped.apply(salon)
    slug = salon.business.slug
    page = await new_page(base_url=trapped.base_url, java_script_enabled=False)

    await open_form(page, slug)
    await fill_in(page)
    _, text = await book_now(page)

    await expect(page.get_by_role("alert")).to_contain_text("please wait ten seconds")
    await expect(page.get_by_label("Name")).to_have_value("Zoe")
    await assert_proper(page, text)
    assert await books_of(trapped, slug) == []
