"""The business around the steps: who it is, where, when open, how to reach it; and its services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_picture, a_service, a_staff_member
from tests.web.surfing import ENGLISH, Surfer
from tests.web.visitors import refused

Serve = Callable[[Business], str]
SCRIPT = "<script>alert('x')</script>"
FACE = {
    "phone": "+49 30 5550 1234",
    "address": "Kastanienallee 27\n10435 Berlin",
    "page": {
        "welcome": "Come in.\nSit down.",
        "announcement": "Closed on Friday",
        "imprint": "https://lumen.example/imprint",
        "privacy": "https://lumen.example/privacy",
        "terms": "https://lumen.example/terms",
    },
}


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


@pytest.fixture
def open_at(serve_business: Serve) -> Callable[..., str]:
    """Serves a business and tells the address of its page."""
    return lambda **more: "/" + serve_business(a_business(**more)).rpartition("/")[2]


Open = Callable[..., str]
STEPS = ["", "?service=cut", "?service=cut&staff=any", "?service=cut&staff=any&add=1"]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_says_how_to_call_and_where_the_law_is_kept(
    surfer: Surfer, open_at: Open, step: str
) -> None:
    people = [a_staff_member("ada"), a_staff_member("bob")]
    page = surfer.open(open_at(**FACE, staff=people) + step)
    assert page.link("Call us") == "tel:+493055501234"
    assert page.link("Imprint") == "https://lumen.example/imprint"
    assert page.link("Privacy") == "https://lumen.example/privacy"
    assert page.link("Terms") == "https://lumen.example/terms"
    assert "Closed on Friday" in page.text


def test_the_front_page_welcomes_and_says_where_and_when(surfer: Surfer, open_at: Open) -> None:
    page = surfer.open(open_at(**FACE))
    assert "Come in." in page.text
    assert "Sit down." in page.text
    found = page.link("Show on a map")
    assert found == ("https://www.openstreetmap.org/search?query=Kastanienallee+27%2C+10435+Berlin")
    assert "Opening hours" in page.text
    assert "all day" in page.text


def test_nothing_is_loaded_from_elsewhere(visitor: httpx.Client, open_at: Open) -> None:
    policy = visitor.get(open_at(**FACE)).headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " in policy


def test_hours_and_team_can_be_left_out(surfer: Surfer, open_at: Open) -> None:
    page = surfer.open(open_at(page={"hours": False, "team": False}))
    assert "Opening hours" not in page.text
    assert "Team" not in page.text


def test_a_closed_business_shows_no_hours(surfer: Surfer, open_at: Open) -> None:
    page = surfer.open(open_at(closed=True))
    assert "Open until" not in page.text


def test_a_frame_shows_the_services_alone(surfer: Surfer, open_at: Open) -> None:
    page = surfer.open(open_at(**FACE) + "?embed=1")
    assert "Come in." not in page.text
    assert "Team" not in page.text
    assert "Imprint" not in page.text


def test_whatever_a_business_writes_is_text(visitor: httpx.Client, open_at: Open) -> None:
    address = open_at(
        address=SCRIPT,
        page={"welcome": SCRIPT, "announcement": SCRIPT},
        staff=[a_staff_member("ada", role=SCRIPT)],
        category=[{"key": "hair", "name": SCRIPT}],
        service=[
            a_service(category="hair", description=SCRIPT, details=SCRIPT, preparation=SCRIPT),
            a_service("dye"),
        ],
    )
    text = visitor.get(address, headers=ENGLISH).text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert") >= 6


class TestPictures:
    def test_they_come_from_our_own_address_as_wide_as_they_are_shown(
        self, visitor: httpx.Client, open_at: Open
    ) -> None:
        address = open_at(page={"cover": a_picture(2000, 1000)})
        text = visitor.get(address).text
        [source] = [piece.partition('"')[0] for piece in text.split('<img class="cover" src="')[1:]]
        assert source.startswith(f"{address}/picture/")
        answer = visitor.get(source)
        assert answer.headers["content-type"] == "image/webp"
        assert "immutable" in answer.headers["cache-control"]
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.content[8:12] == b"WEBP"

    def test_those_further_down_are_fetched_when_they_come_into_view(
        self, visitor: httpx.Client, open_at: Open
    ) -> None:
        text = visitor.get(
            open_at(
                staff=[a_staff_member("ada", picture=a_picture())],
                service=[a_service(picture=a_picture(200, 200))],
            )
        ).text
        assert text.count("<img ") == text.count('loading="lazy"') == 2

    def test_there_is_no_other_width_and_no_other_picture(
        self, visitor: httpx.Client, open_at: Open
    ) -> None:
        address = open_at(page={"cover": a_picture(2000, 1000)})
        [name] = {
            piece.partition("-")[0]
            for piece in visitor.get(address).text.split(f"{address}/picture/")[1:]
        }
        for wrong in (f"{name}-161", f"{'0' * 16}-160", f"{name}-9999", "x", "%00"):
            refused(visitor.get(f"{address}/picture/{wrong}.webp"), 404, "NOT_FOUND")

    def test_another_business_s_picture_is_not_found(
        self, visitor: httpx.Client, open_at: Open
    ) -> None:
        mine, theirs = open_at(page={"cover": a_picture()}), open_at()
        source = visitor.get(mine).text.partition('<img class="cover" src="')[2].partition('"')[0]
        assert visitor.get(source).status_code == 200
        refused(visitor.get(source.replace(mine, theirs)), 404, "NOT_FOUND")

    def test_who_has_no_portrait_is_shown_by_their_initials(
        self, surfer: Surfer, open_at: Open
    ) -> None:
        page = surfer.open(open_at(staff=[a_staff_member("ada", name="Ada von Lindqvist")]))
        assert "AL" in page.text


class TestServices:
    HAIR: ClassVar[dict[str, Any]] = {
        "category": [{"key": "hair", "name": "Hair"}, {"key": "beard", "name": "Beard"}],
        "service": [
            a_service("trim", category="beard"),
            a_service("gift"),
            a_service("cut", category="hair", description="With a wash", details="And a coffee."),
        ],
    }

    def test_they_stand_under_their_categories_in_the_business_s_order(
        self, surfer: Surfer, open_at: Open
    ) -> None:
        page = surfer.open(open_at(**self.HAIR))
        chips = [href for said, href in page.links if said in ("Hair", "Beard", "More")]
        assert chips == ["#category-1", "#category-2", "#category-3"]
        order = [page.text.rindex(name) for name in ("Cut", "Trim", "Gift")]
        assert order == sorted(order)
        assert "With a wash" in page.text
        assert "And a coffee." in page.text

    def test_one_category_needs_no_chips(self, surfer: Surfer, open_at: Open) -> None:
        page = surfer.open(open_at())
        assert not [href for _, href in page.links if href.startswith("#category")]

    def test_a_hidden_service_is_in_no_list_and_its_link_books_it(
        self, surfer: Surfer, visitor: httpx.Client, open_at: Open
    ) -> None:
        address = open_at(service=[a_service(), a_service("secret", name="Secret", hidden=True)])
        assert "Secret" not in surfer.open(address).text
        assert "Secret" not in surfer.open(f"{address}?service=cut&add=1").text
        assert "Secret" in surfer.open(f"{address}?service=secret").text
        listed = visitor.get(f"/api/v1{address}/services").json()
        assert [each["key"] for each in listed] == ["cut"]

    @pytest.mark.parametrize(
        "service, price",
        [
            ({"price": "48.00", "price_is_from": True}, "from €48.00"),
            ({"price": "48.00"}, "€48.00"),
            ({"price": "0.00"}, "free"),
            ({"price_is_from": True}, ""),
        ],
    )
    def test_the_price_is_what_it_costs_or_costs_at_least(
        self, surfer: Surfer, open_at: Open, service: dict[str, Any], price: str
    ) -> None:
        page = surfer.open(open_at(service=[a_service(**service)]))
        said = next(said for said, href in page.links if "service=cut" in href)
        assert said == f"Cut 30 minutes {price}".strip()

    def test_one_of_several_that_is_from_makes_the_total_from(
        self, surfer: Surfer, open_at: Open
    ) -> None:
        services = [a_service(price="10.00"), a_service("dye", price="5.00", price_is_from=True)]
        page = surfer.open(open_at(service=services) + "?service=cut,dye&add=1")
        assert "from €15.00" in page.text

    def test_from_twelve_on_they_can_be_searched(self, surfer: Surfer, open_at: Open) -> None:
        services = [a_service(f"s{n}", name=f"Service {n}") for n in range(11)]
        dye = a_service("dye", name="Färben", description="Von der Wurzel bis zur Spitze")
        address = open_at(service=[*services, dye])
        page = surfer.open(address)
        assert page.fields == {"q": ""}
        for query in ("farben", "FÄRBEN", "spitze färb"):
            found = surfer.open(f"{address}?q={query}")
            assert next(said for said, href in found.links if "service=" in href).startswith(
                "Färben"
            )
            assert "Service 3" not in found.text
        assert "Nothing is called “manicure”." in surfer.open(f"{address}?q=manicure").text

    def test_with_eleven_there_is_no_search(self, surfer: Surfer, open_at: Open) -> None:
        services = [a_service(f"s{n}") for n in range(11)]
        assert surfer.open(open_at(service=services) + "?q=s3").fields == {}

    def test_a_person_s_link_lists_only_what_they_do(self, surfer: Surfer, open_at: Open) -> None:
        people = [a_staff_member("ada", role="Owner"), a_staff_member("bob")]
        services = [a_service(staff=["ada"]), a_service("dye", staff=["bob"])]
        address = open_at(staff=people, service=services)
        page = surfer.open(surfer.open(address).link("Ada Owner"))
        assert "Cut" in page.text
        assert "Dye" not in page.text
        assert page.link("Show everyone's services") == address


def test_a_visitor_reads_the_business_s_words_in_their_language(
    visitor: httpx.Client, open_at: Open
) -> None:
    address = open_at(
        page={"welcome": "Come in.", "text": [{"language": "de", "welcome": "Herein."}]},
        staff=[a_staff_member("ada", text=[{"language": "de", "role": "Meisterin"}])],
        service=[a_service(text=[{"language": "de", "name": "Schnitt"}])],
    )
    german = visitor.get(f"{address}?lang=de").text
    assert "Schnitt" in german
    assert "Herein." in german
    assert "Meisterin" in german
    french = visitor.get(f"{address}?lang=fr").text
    assert "Schnitt" not in french
    assert "Come in." in french
    assert "Schnitt" in visitor.get(f"{address}?lang=de&service=cut&staff=any").text
