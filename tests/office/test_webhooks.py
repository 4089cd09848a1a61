"""Webhooks in the office: by programs and in the browser, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from bookonce.keys.scopes import Scope
from bookonce.webhooks.payload import SENT_KINDS
from tests.office.cast import Cast
from tests.office.test_keys import printed, program
from tests.running import RunningServer

URL = "https://hooks.example/bookonce?for=lumen"


@pytest.fixture(scope="module")
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    cast.charlie.sign_in()
    yield cast
    cast.close()


@pytest.fixture(scope="module")
def zap(cast: Cast) -> Iterator[httpx.Client]:
    """A program with a key for settings."""
    with program(cast, printed(cast, Scope.SETTINGS)) as zap:
        yield zap


def path(cast: Cast, *more: Any) -> str:
    return "/".join([f"/api/v1/{cast.slug}/office/webhooks", *map(str, more)])


def made(cast: Cast, zap: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = zap.post(path(cast), json={"url": URL} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_program_subscribes_and_unsubscribes(cast: Cast, zap: httpx.Client) -> None:
    one = made(cast, zap, name="Zap", kinds=["appointment.moved", "appointment.booked"])
    assert one["secret"].startswith("whsec_")
    assert one["kinds"] == ["appointment.booked", "appointment.moved"]
    (listed,) = [each for each in zap.get(path(cast)).json()["items"] if each["id"] == one["id"]]
    assert listed == {name: value for name, value in one.items() if name != "secret"}
    assert zap.get(path(cast, one["id"])).json() == listed
    assert zap.delete(path(cast, one["id"])).status_code == 204
    assert zap.get(path(cast, one["id"])).status_code == 404
    assert one["secret"] not in cast.server.log()


def test_it_is_changed_disabled_and_enabled(cast: Cast, zap: httpx.Client) -> None:
    one = path(cast, made(cast, zap)["id"])
    changed = zap.patch(one, json={"kinds": ["client.created"], "name": "Till"}).json()
    assert (changed["kinds"], changed["name"], changed["url"]) == (["client.created"], "Till", URL)
    off = zap.patch(one, json={"active": False}).json()
    assert (off["active"], off["disabled_why"]) == (False, "by_hand")
    assert zap.post(f"{one}/test").status_code == 409
    on = zap.patch(one, json={"active": True}).json()
    assert on["active"]
    assert "disabled_why" not in on
    new = zap.post(f"{one}/rotation").json()
    assert new["secret"].startswith("whsec_")
    assert new["old_secret_until"]


def test_a_test_is_on_its_way_once(cast: Cast, zap: httpx.Client) -> None:
    one = path(cast, made(cast, zap)["id"])
    sent = zap.post(f"{one}/test")
    assert (sent.status_code, sent.json()["kind"]) == (201, "webhook.tested")
    assert zap.post(f"{one}/test").status_code == 409
    (only,) = zap.get(f"{one}/deliveries").json()["items"]
    assert only == sent.json()
    again = zap.post(f"{one}/deliveries/{only['id']}/retry")
    assert (again.status_code, again.json()["status"]) == (200, "waiting")
    replayed = zap.post(f"{one}/replay", json={"since": only["at"]})
    assert (replayed.status_code, replayed.json()) == (200, {"deliveries": 0})


@pytest.mark.parametrize(
    "wish, field",
    [
        ({"url": "ftp://hooks.example/"}, "url"),
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"url": "https://a@hooks.example/"}, "url"),
        ({"url": "https://hooks.example/" + "x" * 2000}, "url"),
        ({"url": URL, "kinds": ["appointment.booked", "key.created"]}, "kinds"),
        ({"url": URL, "kinds": ["\0"]}, "kinds"),
        ({"url": URL, "name": "x" * 101}, "name"),
        ({"url": URL, "name": "\0"}, "name"),
        ({"url": URL, "secret": "mine"}, "secret"),
        ({}, "url"),
    ],
)
def test_what_is_wrong_is_named(
    cast: Cast, zap: httpx.Client, wish: dict[str, Any], field: str
) -> None:
    answer = zap.post(path(cast), json=wish)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_its_own_server_is_refused(cast: Cast, zap: httpx.Client) -> None:
    answer = zap.post(path(cast), json={"url": f"{cast.server.base_url}/hook"})
    assert answer.status_code == 422
    assert "this installation itself" in answer.text


def test_another_business_finds_nothing(cast: Cast, zap: httpx.Client) -> None:
    one = made(cast, zap)["id"]
    theirs = f"/api/v1/{cast.other_slug}/office/webhooks"
    browser = cast.charlie.browser
    for method, address in (
        ("GET", f"{theirs}/{one}"), ("PATCH", f"{theirs}/{one}"), ("DELETE", f"{theirs}/{one}"),
        ("GET", f"{theirs}/{one}/deliveries"), ("POST", f"{theirs}/{one}/test"),
        ("POST", f"{theirs}/{one}/rotation"),
        ("POST", f"{theirs}/{one}/deliveries/{uuid4()}/retry"),
    ):  # fmt: skip
        answer = browser.request(method, address, json={})
        assert answer.status_code == 404, (method, address, answer.text)
    assert browser.get(theirs).json()["items"] == []


def test_the_kinds_that_are_sent_have_no_secrets_of_the_office() -> None:
    assert "appointment.booked" in SENT_KINDS
    assert not [kind for kind in SENT_KINDS if kind.partition(".")[0] in ("key", "member", "feed")]


def test_the_pages_make_one_show_its_secret_once_and_do_all_that_is_done_to_it(
    cast: Cast,
) -> None:
    home = f"/office/{cast.slug}/webhooks"
    alice = cast.alice
    refused_page = alice.post(home, url="http://10.0.0.1/", name="<b>Till</b>")
    assert refused_page.status_code == 422
    assert "&lt;b&gt;Till" in refused_page.text
    made_page = alice.post(
        home, url=URL, name="<b>Till</b>", **{"kind_appointment.booked": "1", "kind_x": "1"}
    )
    assert made_page.status_code == 200
    secret = re.search(r"whsec_[\w+/=]{44}", made_page.text)
    match = re.search(rf"{home}/([0-9a-f-]{{36}})", made_page.text)
    assert secret
    assert match
    one = match[0]
    page = alice.get(one).text
    assert secret[0] not in page
    assert "<b>Till" not in page
    assert 'name="kind_appointment.booked" value="1" checked' in page

    assert alice.post(f"{one}/test", one).headers["location"] == f"{one}?done=tested"
    assert alice.post(f"{one}/test", one).status_code == 409
    again = re.search(rf'action="({one}/deliveries/[^"]+/retry)"', alice.get(one).text)
    assert again
    assert alice.post(again[1], one).headers["location"] == f"{one}?done=resent"
    assert alice.post(one, url="nowhere", name="x").status_code == 422
    assert alice.post(one, url=URL + "2", name="Till").status_code == 303
    renewed = re.search(r"whsec_[\w+/=]{44}", alice.post(f"{one}/rotation", one).text)
    assert renewed
    assert renewed[0] != secret[0]
    alice.post(f"{one}/disable", one)
    assert f"{one}/enable" in alice.get(one).text
    assert alice.post(again[1], one).status_code == 409
    alice.post(f"{one}/enable", one)
    assert f"{one}/disable" in alice.get(one).text
    assert alice.post(f"{one}/remove", one).headers["location"] == f"{home}?done=removed"
    assert alice.get(one).status_code == 404
    history = alice.get(f"/office/{cast.slug}/history?kind=webhook").text
    for happened in ("Webhook made", "Webhook tried out", "Webhook disabled", "Webhook removed"):
        assert happened in history
    assert "hooks.example" in history
