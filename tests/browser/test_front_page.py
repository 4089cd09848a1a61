"""The business's front page: whole, at every size and for everyone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.booking import assert_proper, expect_people, expect_times
from tests.browser.conftest import APPEARANCES, NewPage, Open
from tests.browser.test_weight import Scales
from tests.factories import a_picture, a_service, a_staff_member

PAGE_BYTES_MAX = 40_000


def a_face(services: int = 3) -> dict[str, Any]:
    """What makes a salon of it that shows all that a business can show."""
    return {
        "phone": "+49 30 5550 1234",
        "email": "hello@lumen.example",
        "website": "https://lumen.example",
        "address": "Kastanienallee 27, 10435 Berlin",
        "page": {
            "colour": "#9c4a2f",
            "cover": a_picture(1600, 720),
            "welcome": "Three chairs, good light.\nAnd all the time your hair needs.",
            "announcement": "We move on the first of May.",
            "imprint": "https://lumen.example/imprint",
        },
        "staff": [
            a_staff_member("ada", role="Owner", languages=["de", "sv"], picture=a_picture(400, 400)),
            a_staff_member("bea", hours={"mon": ["09:00-12:00", "13:00-00:30"]}),
        ],
        "category": [{"key": "hair", "name": "Hair"}, {"key": "face", "name": "Face"}],
        "service": [
            a_service("cut", category="hair", picture=a_picture(), description="With a wash",
                      details="We look first.\nThen we cut.", price="48.00", price_is_from=True),
            a_service("brows", category="face", price="0.00", name="Brows"),
            *(a_service(f"s{n}", name=f"Treatment {n}", category="face") for n in range(services - 2)),
        ],
    }  # fmt: skip


@pytest.mark.parametrize("appearance", APPEARANCES)
async def test_it_is_accessible_and_fits(
    new_page: NewPage, open_salon: Open, appearance: str
) -> None:
    page = await new_page(**APPEARANCES[appearance])
    await page.goto(f"/{open_salon(**a_face(14))}")
    await assert_proper(page)
    await page.locator("details.more summary").first.click()
    await assert_proper(page)
    await page.goto(f"{page.url.partition('?')[0]}?staff=ada")
    await assert_proper(page)


async def test_a_filter_of_people_saves_the_way_back(page: Page, open_salon: Open) -> None:
    slug = open_salon(**a_face())
    await page.goto(f"/{slug}?service=cut&staff=any&lang=en")
    await expect_times(page)
    await page.locator("details.filter summary").click()
    await assert_proper(page)
    await page.locator("details.filter").get_by_role("link", name="Ada").click()
    await expect(page.locator("details.filter summary")).to_contain_text("Ada")
    await expect_times(page)


async def test_the_list_narrows_while_one_types(page: Page, open_salon: Open) -> None:
    await page.goto(f"/{open_salon(**a_face(14))}?lang=en")
    search = page.get_by_role("searchbox", name="Search services")
    await search.fill("bröws")
    rows = page.locator(".choices > li:visible")
    await expect(rows).to_have_count(1)
    await expect(page.get_by_role("heading", name="Hair", exact=True)).to_be_hidden()
    await search.fill("treatment 1")
    await expect(rows).to_have_count(3)
    await search.fill("manicure")
    await expect(page.get_by_text("No service has all of these words.")).to_be_visible()
    await search.fill("")
    await expect(rows).to_have_count(14)


async def test_a_chip_leads_to_its_category_and_stays_in_view(
    phone: Page, open_salon: Open
) -> None:
    await phone.goto(f"/{open_salon(**a_face(14))}?lang=en")
    before = phone.url
    await (
        phone.get_by_role("navigation", name="Categories").get_by_role("link", name="Face").click()
    )
    await expect(phone.get_by_role("heading", name="Face", exact=True)).to_be_in_viewport()
    await expect(phone.get_by_role("navigation", name="Categories")).to_be_in_viewport()
    assert phone.url == before


async def test_a_search_sent_without_waiting_finds_the_same(page: Page, open_salon: Open) -> None:
    await page.goto(f"/{open_salon(**a_face(14))}?lang=en")
    await page.get_by_role("searchbox").fill("cut")
    await page.keyboard.press("Enter")
    await expect(page.locator(".choices > li")).to_have_count(1)
    await page.get_by_role("main").get_by_role("link", name="Cut").click()
    await expect_people(page)


async def test_it_weighs_at_most_40_kb_without_pictures(
    new_page: NewPage, open_salon: Open
) -> None:
    page = await new_page()
    address = f"/{open_salon(**a_face(62))}"
    scales = Scales(page)
    await scales.begin()
    await page.goto(address)
    weights = await scales.weights()
    ours = {url: size for url, size in weights.items() if "/picture/" not in url}
    print(sum(ours.values()), ours)
    assert len(ours) < len(weights)
    assert sum(ours.values()) <= PAGE_BYTES_MAX, ours
