"""Keys at the door of the office: who is let in by one, to what, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bookonce.accounts.roles import Right
from bookonce.keys.scopes import RIGHTS, Scope
from bookonce.web.office.guard import MEMBER
from tests.cli.commands import bookonce, refused
from tests.office.cast import Cast
from tests.office.test_routes import Route, routes_of
from tests.running import RunningServer
from tests.web.test_routes import built

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    found = routes_of(built(Path(tmp_path_factory.mktemp("routes"))))
    return [route for route in found if route.is_api]


@pytest.fixture(scope="module")
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    yield cast
    cast.close()


def key_page(cast: Cast, **fields: Any) -> str:
    """Make a key in the browser, and read it off the page."""
    answer = cast.alice.post(f"/office/{cast.slug}/keys", **fields)
    assert answer.status_code == 200, answer.text
    match = re.search(r"bko_[0-9A-Za-z]{38}", answer.text)
    assert match, answer.text
    return match[0]


def program(cast: Cast, secret: str) -> httpx.Client:
    return httpx.Client(
        base_url=cast.server.base_url,
        timeout=30,
        headers={"Authorization": f"Bearer {secret}"},
    )


def printed(cast: Cast, *scopes: Scope, **more: str) -> str:
    """Make a key by the command."""
    options = [part for name, value in more.items() for part in (f"--{name}", value)]
    outcome = bookonce(
        "key", "create", "--business", cast.slug, "--name", "Till",
        "--scope", ",".join(scopes), *options,
        "--database-url", str(cast.server.database_url),
    )  # fmt: skip
    assert outcome.code == 0, outcome
    assert re.fullmatch(r"bko_[0-9A-Za-z]{38}\n", outcome.out)
    return outcome.out.strip()


def access_of(cast: Cast, secret: str, slug: str | None = None) -> httpx.Response:
    with program(cast, secret) as browser:
        return browser.get(f"/api/v1/{slug or cast.slug}/office/access")


def test_a_key_made_in_the_browser_opens_the_office_until_it_is_revoked(cast: Cast) -> None:
    secret = key_page(cast, name="Website", scope_read="1", scope_book="1", days="90")
    answer = access_of(cast, secret)
    assert answer.status_code == 200
    assert answer.json()["name"] == "Website"
    assert set(answer.json()["rights"]) == RIGHTS[Scope.READ] | RIGHTS[Scope.BOOK]

    page = cast.alice.get(f"/office/{cast.slug}/keys").text
    assert secret not in page
    assert secret[:8] in page
    revoke = re.search(rf'action="(/office/{cast.slug}/keys/[^"]+/revoke)"', page)
    assert revoke
    gone = cast.alice.post(revoke[1], f"/office/{cast.slug}/keys")
    assert gone.status_code == 303
    assert access_of(cast, secret).status_code == 401


def test_a_program_books_and_is_named_as_who_did_it(cast: Cast) -> None:
    secret = printed(cast, Scope.OFFICE)
    with program(cast, secret) as till:
        base = f"/api/v1/{cast.slug}"
        times = till.get(f"{base}/availability/next?service=cut").json()["slots"]
        wish = {"service": "cut", "start": times[0]["start"], "client": None}
        made = till.post(f"{base}/office/appointments", json=wish)
        assert made.status_code == 201, made.text
        path = f"{base}/office/appointments/{made.json()['id']}"
        (event,) = till.get(path).json()["history"]
    assert event["actor"] == {"kind": "key", "name": "Till"}


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_what_its_scope_gives_and_nothing_else(
    cast: Cast, routes: list[Route], scope: Scope
) -> None:
    secret = printed(cast, scope)
    with program(cast, secret) as browser:
        for route in routes:
            answer = route.ask(browser, cast.slug)
            if route.needs == MEMBER or route.needs in RIGHTS[scope]:
                assert answer.status_code not in (401, 403, 500), (route, answer.text)
                continue
            assert answer.status_code == 403, (route, answer.text)
            assert answer.json()["right"] == route.needs.value


def test_a_key_of_another_business_opens_nothing(cast: Cast, routes: list[Route]) -> None:
    with program(cast, printed(cast, *Scope)) as browser:
        for route in routes:
            theirs = route.ask(browser, cast.other_slug)
            nobodys = route.ask(browser, "no-such-salon")
            assert theirs.status_code == nobodys.status_code == 404, route
            assert theirs.json() == nobodys.json(), route


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer bko_x", "Basic YTpi", "bko_" + "0" * 38, "Bearer \u00e9"]
)
def test_what_is_no_key_is_refused_even_with_a_session(cast: Cast, sent: str) -> None:
    headers = {b"Authorization": sent.encode()}
    answer = cast.alice.browser.get(f"/api/v1/{cast.slug}/office/access", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHENTICATED"


def test_no_key_opens_a_page_or_makes_a_key(cast: Cast) -> None:
    secret = printed(cast, *Scope)
    with program(cast, secret) as browser:
        assert browser.get(f"/office/{cast.slug}").status_code in (303, 401)
        wish = {"name": "more", "scopes": ["read"]}
        answer = browser.post(f"/api/v1/{cast.slug}/office/keys", json=wish)
        assert (answer.status_code, answer.json()["right"]) == (403, Right.KEYS.value)


def test_a_key_is_told_once_by_the_api_and_never_logged(cast: Cast) -> None:
    api = f"/api/v1/{cast.slug}/office/keys"
    wish = {"name": "Zap", "scopes": ["read"], "expires_at": "2099-01-01T00:00:00Z"}
    made = cast.alice.browser.post(api, json=wish)
    assert made.status_code == 201, made.text
    secret = made.json()["key"]
    assert access_of(cast, secret).status_code == 200
    listed = cast.alice.browser.get(api).json()["items"]
    assert "key" not in listed[0]
    assert listed[0]["name"] == "Zap"
    assert secret not in cast.server.log()
    assert cast.alice.browser.delete(f"{api}/{made.json()['id']}").status_code == 204
    assert access_of(cast, secret).status_code == 401


@pytest.mark.parametrize("scopes", ["", "everything", "read,,evil"])
def test_the_command_refuses_what_is_no_scope(cast: Cast, scopes: str) -> None:
    outcome = bookonce(
        "key", "create", "--business", cast.slug, "--name", "x", "--scope", scopes,
        "--database-url", str(cast.server.database_url),
    )  # fmt: skip
    refused(outcome, "read, book, office, settings")
