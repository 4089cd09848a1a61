"""The business's description over HTTP: read, changed under a condition, put back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bookonce.accounts.roles import Post, Right
from bookonce.platform.actor import Role
from tests.factories import tomorrow_at
from tests.office.cast import Cast


@pytest.fixture(autouse=True)
def all_are_here(cast: Cast) -> None:
    cast.alice.sign_in()
    cast.bob.sign_in()


class Programs:
    """Alice's, at her salon."""

    def __init__(self, cast: Cast, browser: httpx.Client | None = None) -> None:
        self.base = f"/api/v1/{cast.slug}/office"
        self.browser = browser or cast.alice.browser

    def read(self) -> tuple[dict[str, Any], str]:
        """The document and its tag."""
        answer = self.browser.get(f"{self.base}/business")
        assert answer.status_code == 200, answer.text
        return answer.json(), answer.headers["etag"]

    def put(self, document: Any, tag: str | None, **query: Any) -> httpx.Response:
        """Another document in its place."""
        headers = {} if tag is None else {"If-Match": tag}
        return self.browser.put(
            f"{self.base}/business", json=document, headers=headers, params=query
        )

    def book(self) -> None:
        """Zoe, with Ada, in two days."""
        answer = self.browser.post(
            f"{self.base}/appointments",
            json={
                "service": "cut", "staff": "ada", "start": tomorrow_at(10).isoformat(),
                "client": {"name": "Zoe"},
            },
        )  # fmt: skip
        assert answer.status_code == 201, answer.text


@pytest.fixture
def programs(cast: Cast) -> Programs:
    return Programs(cast)


def test_it_works(programs: Programs) -> None:
    document, tag = programs.read()
    assert tag == '"1"'
    assert programs.put(document, tag).json() == {"version": 1, "changes": [], "unfit": []}
    document["business"]["phone"] = "+49 30 1234567"
    answer = programs.put(document, tag)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert answer.json()["changes"] == ["business.phone: added +49 30 1234567"]
    assert programs.read() == (document, '"2"')
    unchanged = programs.browser.get(f"{programs.base}/business", headers={"If-None-Match": '"2"'})
    assert unchanged.status_code == 304


def test_who_was_second_is_told_who_changed_what(cast: Cast, programs: Programs) -> None:
    document, tag = programs.read()
    document["policy"]["notice_min"] = 30
    assert programs.put(document, tag).status_code == 200
    document["policy"]["notice_min"] = 45
    for stale in (tag, '"0"', '"x"', "nothing"):
        refused = programs.put(document, stale)
        assert refused.status_code == 412, stale
        told = refused.json()
        assert (told["code"], told["version"]) == ("VERSION_CONFLICT", 2)
        assert told["since"][0]["by"] == "Alice"
        assert told["since"][0]["changes"] == ["policy.notice_min: 0 → 30"]
    assert programs.put(document, '"1", W/"2"').status_code == 200
    document["policy"]["notice_min"] = 50
    assert programs.put(document, "*").status_code == 200


def test_of_two_who_save_at_once_one_wins(cast: Cast, programs: Programs) -> None:
    document, tag = programs.read()
    wishes = [
        document | {"policy": document["policy"] | {"notice_min": n}} for n in (5, 10, 15, 20)
    ]
    with ThreadPoolExecutor(4) as racing:
        answers = list(racing.map(lambda wish: programs.put(wish, tag), wishes))
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]


@pytest.mark.parametrize(
    "body, place",
    [
        ({}, "business"),
        ([], ""),
        ("text", ""),
        ({"business": {"slug": 3}}, "business.slug"),
        ({"businesses": {}}, "businesses"),
    ],
)
def test_what_is_no_business_is_refused_with_its_place(
    programs: Programs, body: Any, place: str
) -> None:
    answer = programs.put(body, '"1"')
    assert answer.status_code == 422
    assert place in {error["field"] for error in answer.json()["errors"]}


def test_a_condition_is_required(programs: Programs) -> None:
    document, _ = programs.read()
    answer = programs.put(document, None)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "If-Match"


def test_absences_are_not_changed_here(programs: Programs) -> None:
    document, tag = programs.read()
    document["staff"][0]["time_off"] = [{"from": "2026-12-01T00:00", "to": "2026-12-02T00:00"}]
    answer = programs.put(document, tag)
    assert answer.json()["errors"][0]["field"] == "staff[0].time_off"


def test_what_no_longer_fits_is_told_before_and_after(programs: Programs) -> None:
    programs.book()
    document, tag = programs.read()
    document["staff"][0]["hours"] = {}
    looked = programs.put(document, tag, dry_run=True).json()
    assert looked["unfit"][0]["reasons"] == ["Cut is outside the hours"]
    assert programs.read()[1] == tag
    refused = programs.put(document, tag, strict=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "UNFIT")
    assert refused.json()["unfit"][0]["staff"] == ["ada"]
    assert programs.put(document, tag).json()["unfit"]


def test_a_version_is_put_back(programs: Programs) -> None:
    before, tag = programs.read()
    document = before | {"policy": before["policy"] | {"horizon_days": 7}}
    assert programs.put(document, tag).status_code == 200
    answer = programs.browser.post(f"{programs.base}/business/versions/1/restoration")
    assert answer.json()["version"] == 3
    assert programs.read() == (before, '"3"')
    first = programs.browser.get(f"{programs.base}/business/versions", params={"limit": 2}).json()
    assert [each["version"] for each in first["items"]] == [3, 2]
    rest = programs.browser.get(
        f"{programs.base}/business/versions", params={"cursor": first["next_cursor"]}
    ).json()
    assert [each["version"] for each in rest["items"]] == [1]
    assert rest["next_cursor"] is None
    gone = programs.browser.post(f"{programs.base}/business/versions/9/restoration")
    assert gone.status_code == 404
    for wrong in ("0", "x", "-1", "9" * 30):
        page = programs.browser.get(f"{programs.base}/business/versions", params={"cursor": wrong})
        assert page.status_code == 422


def test_how_the_business_is_paid_is_for_who_sees_to_money(cast: Cast, programs: Programs) -> None:
    cast.give_post(cast.bob, Post(Role.RECEPTION, granted=frozenset({Right.SETTINGS})))
    cast.bob.sign_in()
    bobs = Programs(cast, cast.bob.browser)
    document, tag = bobs.read()
    document["payments"] = {"account": "acct_mine"}
    refused = bobs.put(document, tag)
    assert (refused.status_code, refused.json()["right"]) == (403, "money")
    cast.let_proof_run_out()
    proof = programs.put(document, tag)
    assert (proof.status_code, proof.json()["code"]) == (403, "PROOF_REQUIRED")
    assert programs.read()[1] == tag
