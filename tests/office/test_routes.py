"""Every route of the office, tried as every role, as a stranger, and at another business: denied
by default. The routes are read off the application, so that a new one is tried, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from bookonce.accounts.roles import Post, Right
from bookonce.platform.actor import Role
from bookonce.web.office.guard import ANYONE, BROWSER, MEMBER, SIGNED_IN
from tests.office.cast import Cast, Person
from tests.running import RunningServer
from tests.web.test_routes import built

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

API = "/api/v1/{slug"
READING = {"GET", "HEAD", "OPTIONS"}
OF_NO_BUSINESS = (ANYONE, BROWSER, SIGNED_IN)


class Route:
    """One method of one address of the office, and what it needs."""

    def __init__(self, path: str, method: str, handler: HTTPRouteHandler) -> None:
        self.path, self.method = path, method
        self.needs: Any = handler.opt.get("needs")
        self.is_api = path.startswith(API)
        self.is_stream = bool(handler.opt.get("is_stream"))

    def address(self, slug: str) -> str:
        """An address of this route in a business; what else it names is nobody's."""
        path = re.sub(r"\{slug(:str)?\}", slug, self.path)
        path = re.sub(r"\{\w+_id(:uuid)?\}", str(uuid4()), path)
        path = re.sub(r"\{\w+:int\}", "1", path)
        return re.sub(r"\{[^}]+\}", "x" * 43, path)

    def ask(self, browser: httpx.Client, slug: str, form_token: str = "") -> httpx.Response:
        """Ask for it, with nothing in the form but what makes it one of ours."""
        if self.is_stream:
            with browser.stream("GET", self.address(slug)) as answer:
                if answer.status_code != 200:  # else it has no end
                    answer.read()
            return answer
        if self.method in READING:
            return browser.get(self.address(slug))
        if self.is_api:
            return browser.request(self.method, self.address(slug), json={})
        return browser.request(self.method, self.address(slug), data={"form_token": form_token})

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"


def routes_of(app: Litestar) -> list[Route]:
    """The routes of the office and of its API."""
    return [
        Route(route.path, method, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        and (
            route.path.startswith("/office")
            or re.match(r"/api/v1/\{slug[^}]*\}/office", route.path)
        )
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    return routes_of(built(Path(tmp_path_factory.mktemp("routes"))))


@pytest.fixture(scope="module")
def cast(server: RunningServer) -> Iterator[Cast]:
    """One cast for all these tests; Bob's role changes from test to test."""
    cast = Cast(server)
    cast.alice.sign_in()
    cast.charlie.sign_in()
    yield cast
    cast.close()


def of_business(routes: list[Route]) -> list[Route]:
    return [route for route in routes if route.needs not in OF_NO_BUSINESS]


def token(person: Person) -> str:
    """A form token of whoever is signed in."""
    return person.form_token("/office?all")


def test_each_route_says_what_it_needs(routes: list[Route]) -> None:
    assert len(routes) >= 10
    for route in routes:
        if "{slug" in route.path:
            assert route.needs == MEMBER or isinstance(route.needs, Right), route
        else:
            assert route.needs in OF_NO_BUSINESS, route


def test_nobody_is_let_in_without_signing_in(cast: Cast, routes: list[Route]) -> None:
    with cast.alice.new_browser() as nobody:
        for route in routes:
            if route.needs in (ANYONE, BROWSER):
                continue
            answer = route.ask(nobody, cast.slug)
            if route.is_api:
                assert answer.status_code == 401, route
                assert answer.json()["code"] == "UNAUTHENTICATED", route
            elif route.method in READING:
                assert answer.status_code == 303, route
                assert answer.headers["location"].startswith("/office?next=/office/"), route
            else:
                assert answer.status_code == 403, route


def test_another_business_is_one_that_does_not_exist(cast: Cast, routes: list[Route]) -> None:
    form_token = token(cast.charlie)
    for route in of_business(routes):
        theirs = route.ask(cast.charlie.browser, cast.slug, form_token)
        nobodys = route.ask(cast.charlie.browser, "no-such-salon", form_token)
        assert theirs.status_code == nobodys.status_code == 404, route
        if route.is_api:
            assert theirs.json() == nobodys.json(), route
        assert "Lumen" not in theirs.text, route


@pytest.mark.parametrize("role", Role)
def test_a_role_is_refused_what_it_lacks_and_told_the_right(
    cast: Cast, routes: list[Route], role: Role
) -> None:
    post = Post(role, "ada" if role is Role.STAFF else None)
    cast.give_post(cast.bob, post)
    cast.bob.sign_in()
    form_token = token(cast.bob)
    for route in of_business(routes):
        if route.needs == MEMBER and route.method not in READING:
            continue  # leaving, which anyone may
        answer = route.ask(cast.bob.browser, cast.slug, form_token)
        may = route.needs == MEMBER or route.needs in post.rights
        if may:
            assert answer.status_code not in (401, 500), (route, answer.text)
            if answer.status_code == 403:  # by a rule about whom or what, not by the route's right
                assert "lacks the right" not in answer.text, route
            continue
        assert answer.status_code == 403, route
        if route.is_api:
            assert answer.json()["code"] == "FORBIDDEN"
            assert answer.json()["right"] == route.needs.value
        else:
            assert "lacks the right" in answer.text, route


def test_a_form_without_its_token_changes_nothing(cast: Cast, routes: list[Route]) -> None:
    other = token(cast.charlie)
    for route in routes:
        if route.method in READING or route.is_api or route.needs == ANYONE:
            continue
        for sent in ("", "x.y", other):
            answer = route.ask(cast.alice.browser, cast.slug, sent)
            assert answer.status_code == 403, (route, sent)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)
def test_another_site_changes_nothing_even_with_the_token(
    cast: Cast, routes: list[Route], headers: dict[str, str]
) -> None:
    form_token = token(cast.alice)
    with httpx.Client(base_url=cast.server.base_url, timeout=30) as browser:
        browser.cookies.update(cast.alice.browser.cookies)
        browser.headers["Accept"] = "text/html"
        browser.headers.update({name: value for name, value in headers.items() if value})
        for route in routes:
            if route.method not in READING:
                assert route.ask(browser, cast.slug, form_token).status_code == 403, route
