"""Signing in and out, in a browser's requests: links, passwords, cookies, where one goes on."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest

from bookonce.accounts.roles import Post
from bookonce.platform.actor import Role
from tests.office.cast import COOKIE, PASSWORD, Cast, Person, expire_links


def sign_in(person: Person, password: str = PASSWORD, **fields: str) -> httpx.Response:
    """By the form, in the person's browser."""
    return person.browser.post(
        "/office", data={"email": person.email, "password": password} | fields
    )


def set_cookie(answer: httpx.Response) -> str:
    return str(answer.headers["set-cookie"])


class TestLink:
    def test_it_works(self, cast: Cast) -> None:
        link = cast.alice.link()
        page = cast.alice.get(link)
        assert page.status_code == 200
        assert "Alice" in page.text
        answer = cast.alice.browser.post(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "/office")
        door = cast.alice.get("/office")
        assert (door.status_code, door.headers["location"]) == (303, f"/office/{cast.slug}")
        assert "Lumen Hair" in cast.alice.get(f"/office/{cast.slug}").text

    def test_looking_at_it_uses_nothing_up(self, cast: Cast) -> None:
        link = cast.alice.link()
        for _ in range(3):
            answer = cast.alice.get(link)
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
        assert cast.alice.browser.post(link).status_code == 303

    def test_it_is_good_once(self, cast: Cast) -> None:
        link = cast.alice.link()
        assert cast.alice.browser.post(link).status_code == 303
        with cast.alice.new_browser() as other:
            again = other.post(link)
            assert again.status_code == other.get(link).status_code == 404
            assert "set-cookie" not in again.headers

    def test_of_many_who_use_it_at_once_one_is_signed_in(self, cast: Cast) -> None:
        link = cast.alice.link()
        browsers = [cast.alice.new_browser() for _ in range(8)]
        with ThreadPoolExecutor(8) as racing:
            answers = list(racing.map(lambda browser: browser.post(link), browsers))
        assert sorted(each.status_code for each in answers) == [303] + [404] * 7
        assert sum("set-cookie" in each.headers for each in answers) == 1
        for browser in browsers:
            browser.close()

    def test_it_ends(self, cast: Cast) -> None:
        link = cast.alice.link()
        assert cast.server.database_url is not None
        expire_links(cast.server.database_url)
        assert cast.alice.get(link).status_code == 404
        assert cast.alice.browser.post(link).status_code == 404

    def test_it_stands_in_no_log(self, cast: Cast) -> None:
        link = cast.alice.link()
        cast.alice.get(link)
        assert link.rpartition("/")[2] not in cast.server.log()


class TestCookie:
    def test_scripts_and_other_sites_do_not_get_it(self, cast: Cast) -> None:
        told = set_cookie(cast.alice.browser.post(cast.alice.link()))
        assert told.startswith(f"{COOKIE}=")
        for word in ("HttpOnly", "Path=/", "SameSite=Lax", "Max-Age="):
            assert word in told
        assert "Domain" not in told

    def test_an_id_from_before_signing_in_is_worth_nothing(self, cast: Cast) -> None:
        """Session fixation: an attacker's id, or one that somebody had, doesn't become theirs."""
        planted = "A" * 43
        cast.alice.browser.cookies.set(COOKIE, planted)
        told = set_cookie(cast.alice.browser.post(cast.alice.link()))
        assert planted not in told
        with cast.alice.new_browser() as attacker:
            attacker.cookies.set(COOKIE, planted)
            assert attacker.get(f"/office/{cast.slug}").status_code == 303

    def test_signing_in_anew_ends_what_the_browser_had(self, cast: Cast) -> None:
        cast.alice.sign_in()
        first = cast.alice.browser.cookies[COOKIE]
        cast.alice.sign_in()
        assert cast.alice.browser.cookies[COOKIE] != first
        with cast.alice.new_browser() as old:
            old.cookies.set(COOKIE, first)
            assert old.get(f"/office/{cast.slug}").status_code == 303

    def test_another_role_gives_another_id(self, cast: Cast) -> None:
        cast.bob.sign_in()
        first = cast.bob.browser.cookies[COOKIE]
        cast.give_post(cast.bob, Post(Role.MANAGER))
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 200
        second = cast.bob.browser.cookies[COOKIE]
        assert second != first
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 200
        assert cast.bob.browser.cookies[COOKIE] == second
        with cast.bob.new_browser() as old:
            old.cookies.set(COOKIE, first)
            assert old.get(f"/office/{cast.slug}").status_code == 303


class TestPassword:
    def test_it_works(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        answer = sign_in(cast.bob)
        assert (answer.status_code, answer.headers["location"]) == (303, "/office")
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 200

    def test_whatever_is_wrong_is_told_in_the_same_words(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        answers = [
            sign_in(cast.bob, "not the password"),
            sign_in(cast.alice, "she has none"),
            cast.bob.browser.post(
                "/office", data={"email": "nobody@nowhere.example", "password": "x"}
            ),
            cast.bob.browser.post("/office", data={"email": "no address", "password": "x"}),
        ]
        told = {re.sub(r'value="[^"]*"', "", each.text) for each in answers}
        assert {each.status_code for each in answers} == {422}
        assert len(told) == 1
        assert not any("set-cookie" in each.headers for each in answers)

    def test_failures_slow_down_and_nobody_is_locked_out(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        codes = [sign_in(cast.bob, "wrong").status_code for _ in range(8)]
        assert codes[:5] == [422] * 5
        assert codes[-1] == 429
        held_up = sign_in(cast.bob)
        assert held_up.status_code == 429
        assert 1 <= int(held_up.headers["retry-after"]) <= 60
        assert cast.bob.browser.post(cast.bob.link()).status_code == 303

    @pytest.mark.parametrize("field", ["email", "password", "next"])
    def test_what_is_typed_does_no_harm(self, cast: Cast, field: str) -> None:
        for typed in ("<b>&'\"", "a\0b", "x" * 20_000, "\ud83d", "%s", "\u202ea@b.example"):
            fields = {"email": "zoe@example.com", "password": "x"} | {field: typed}
            body = "&".join(
                f"{name}={quote(value.encode(errors='surrogatepass'))}"
                for name, value in fields.items()
            )
            answer = cast.bob.browser.post(
                "/office",
                content=body.encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert answer.status_code in (413, 422, 429), answer.text
            assert "<b>" not in answer.text


class TestGoingOn:
    def test_one_returns_to_where_one_was(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        there = f"/office/{cast.slug}?date=2026-12-01&view=day"
        away = cast.bob.get(there)
        assert away.status_code == 303
        page = cast.bob.get(away.headers["location"])
        match = re.search(r'name="next" value="([^"]*)"', page.text)
        assert match
        assert match[1].replace("&amp;", "&") == there
        assert sign_in(cast.bob, next=there).headers["location"] == there

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/office",
            "//evil.example",
            "/\\evil.example",
            "/office/../../evil",
            "/office/%0d%0aLocation: x",
            "/office//evil.example",
            "/officevil",
            "javascript:alert(1)",
            "/office\r\nSet-Cookie: a=b",
        ],
    )
    def test_never_to_another_site(self, cast: Cast, elsewhere: str) -> None:
        cast.set_password(cast.bob)
        answer = sign_in(cast.bob, next=elsewhere)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/office"


class TestSigningOut:
    def test_it_works(self, cast: Cast) -> None:
        cast.bob.sign_in()
        kept = cast.bob.browser.cookies[COOKIE]
        answer = cast.bob.post("/office/account/sign-out", page=f"/office/{cast.slug}")
        assert answer.status_code == 303
        assert "Max-Age=0" in set_cookie(answer)
        with cast.bob.new_browser() as old:
            old.cookies.set(COOKIE, kept)
            assert old.get(f"/office/{cast.slug}").status_code == 303

    def test_everywhere(self, cast: Cast) -> None:
        with cast.bob.new_browser() as phone:
            cast.bob.sign_in(phone)
            cast.bob.sign_in()
            cast.bob.post("/office/account/sign-out", page=f"/office/{cast.slug}", everywhere="1")
            assert phone.get(f"/office/{cast.slug}").status_code == 303


def test_who_belongs_to_several_businesses_chooses(cast: Cast) -> None:
    cast.join(cast.bob, cast.other_slug, Post(Role.STAFF, "ada"))
    cast.bob.sign_in()
    page = cast.bob.get("/office")
    assert page.status_code == 200
    assert f"/office/{cast.slug}" in page.text
    assert f"/office/{cast.other_slug}" in page.text


def test_pages_are_kept_nowhere_and_load_nothing_foreign(cast: Cast) -> None:
    cast.alice.sign_in()
    for path in ("/office?all", f"/office/{cast.slug}"):
        headers = cast.alice.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
