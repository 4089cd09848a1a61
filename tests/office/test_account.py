"""One's own account: password, second factor, recovery codes, sessions, a fresh proof."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pyotp
import pytest

from bookonce.platform.connection import Connection
from tests.office.cast import COOKIE, PASSWORD, Cast

CODES = re.compile(r"<code>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</code>")
FACTOR = "/office/account/second-factor"


def code_of(cast: Cast) -> str:
    """The code that Bob's phone shows now."""
    return pyotp.TOTP(cast.sealed_secret(cast.bob)).now()


@pytest.fixture
def codes(cast: Cast) -> list[str]:
    """Bob's recovery codes: he has a password and a second factor, and is signed in."""
    cast.set_password(cast.bob)
    cast.bob.sign_in()
    cast.bob.get(FACTOR)
    answer = cast.bob.post(FACTOR, code=code_of(cast))
    assert answer.status_code == 200, answer.text
    cast.forget_steps(cast.bob)
    return CODES.findall(answer.text)


def by_password(cast: Cast, browser: httpx.Client) -> httpx.Response:
    return browser.post("/office", data={"email": cast.bob.email, "password": PASSWORD})


def show(browser: httpx.Client, code: str) -> httpx.Response:
    """Type a code into the page that asks for it."""
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/office").text)
    assert token
    return browser.post("/office/account/code", data={"form_token": token[1], "code": code})


class TestSecondFactor:
    def test_it_works(self, cast: Cast, codes: list[str]) -> None:
        assert len(codes) == len(set(codes)) == 10
        with cast.bob.new_browser() as browser:
            assert by_password(cast, browser).status_code == 303
            waiting = browser.cookies[COOKIE]
            assert browser.get(f"/office/{cast.slug}").status_code == 303  # not in yet
            assert browser.get(f"/api/v1/{cast.slug}/office/access").status_code == 401
            assert show(browser, code_of(cast)).status_code == 303
            assert browser.cookies[COOKIE] != waiting
            assert browser.get(f"/office/{cast.slug}").status_code == 200

    def test_setting_it_up_gives_another_session_id(self, cast: Cast) -> None:
        cast.bob.sign_in()
        first = cast.bob.browser.cookies[COOKIE]
        cast.bob.get(FACTOR)
        assert cast.bob.post(FACTOR, code=code_of(cast)).status_code == 200
        assert cast.bob.browser.cookies[COOKIE] != first

    def test_a_wrong_code_sets_nothing_up(self, cast: Cast) -> None:
        cast.bob.sign_in()
        secret = re.search(r"<code dir=\"ltr\">([A-Z2-7 ]+)</code>", cast.bob.get(FACTOR).text)
        assert secret
        assert cast.bob.post(FACTOR, code="000000").status_code == 422
        assert secret[1] in cast.bob.get(FACTOR).text  # the same as was scanned

    def test_a_code_counts_once_even_at_once(self, cast: Cast, codes: list[str]) -> None:
        assert codes
        browsers = [cast.bob.new_browser() for _ in range(5)]
        for browser in browsers:
            assert by_password(cast, browser).status_code == 303
        code = code_of(cast)
        with ThreadPoolExecutor(5) as racing:
            answers = list(racing.map(lambda browser: show(browser, code), browsers))
        assert sum(each.status_code == 303 for each in answers) == 1
        for browser in browsers:
            browser.close()

    def test_guessing_is_slowed_down_over_all_sessions(self, cast: Cast, codes: list[str]) -> None:
        with cast.bob.new_browser() as one, cast.bob.new_browser() as other:
            for browser in (one, other):
                assert by_password(cast, browser).status_code == 303
            answers = [show(browser, "000000").status_code for browser in (one, other) * 4]
            assert answers[:5] == [422] * 5
            assert 429 in answers
            assert show(one, code_of(cast)).status_code == 429
            assert show(one, codes[0]).status_code == 303  # nobody is locked out

    def test_a_recovery_code_is_good_once(self, cast: Cast, codes: list[str]) -> None:
        with cast.bob.new_browser() as browser:
            by_password(cast, browser)
            assert show(browser, codes[0].upper().replace("-", " ")).status_code == 303
        with cast.bob.new_browser() as browser:
            by_password(cast, browser)
            assert show(browser, codes[0]).status_code == 422
            assert show(browser, codes[1]).status_code == 303

    def test_new_codes_take_the_place_of_the_old(self, cast: Cast, codes: list[str]) -> None:
        answer = cast.bob.post("/office/account/recovery-codes", page="/office/account")
        new = CODES.findall(answer.text)
        assert len(new) == 10
        assert not set(new) & set(codes)
        with cast.bob.new_browser() as browser:
            by_password(cast, browser)
            assert show(browser, codes[2]).status_code == 422

    def test_it_can_be_turned_off(self, cast: Cast, codes: list[str]) -> None:
        assert codes
        assert cast.bob.post(f"{FACTOR}/off", page="/office/account").status_code == 303
        with cast.bob.new_browser() as browser:
            by_password(cast, browser)
            assert browser.get(f"/office/{cast.slug}").status_code == 200

    def test_the_database_has_neither_secret_nor_codes(self, cast: Cast, codes: list[str]) -> None:
        async def dump(connection: Connection) -> str:
            rows = await connection.fetch(
                "SELECT account::text AS row FROM account UNION ALL"
                " SELECT recovery_code::text FROM recovery_code UNION ALL"
                " SELECT session::text FROM session UNION ALL"
                " SELECT account_link::text FROM account_link"
            )
            return "\n".join(row["row"] for row in rows)

        text = cast.do(lambda database: database.run(dump))
        secret, cookie = cast.sealed_secret(cast.bob), cast.bob.browser.cookies[COOKIE]
        for kept in (secret, cookie, PASSWORD, *codes, *(one.replace("-", "") for one in codes)):
            assert kept not in text


class TestPassword:
    def test_changing_it_ends_every_other_session(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        with cast.bob.new_browser() as phone:
            cast.bob.sign_in(phone)
            cast.bob.sign_in()
            first = cast.bob.browser.cookies[COOKIE]
            answer = cast.bob.post("/office/account/password", password="nine boats off Bergen 72")
            assert answer.status_code == 303
            assert cast.bob.browser.cookies[COOKIE] != first
            assert cast.bob.get(f"/office/{cast.slug}").status_code == 200
            assert phone.get(f"/office/{cast.slug}").status_code == 303
            assert by_password(cast, phone).status_code == 422

    def test_it_needs_a_fresh_proof(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        cast.bob.sign_in()
        token = cast.bob.form_token("/office/account/password")
        cast.let_proof_run_out()
        answer = cast.bob.browser.post(
            "/office/account/password",
            data={"form_token": token, "password": "nine boats off Bergen 72"},
        )
        assert answer.status_code == 303
        assert "/office/account/proof" in answer.headers["location"]
        with cast.bob.new_browser() as other:
            assert by_password(cast, other).status_code == 303


class TestProof:
    def test_a_password_proves_it(self, cast: Cast) -> None:
        cast.set_password(cast.alice)
        cast.alice.sign_in()
        cast.let_proof_run_out()
        there = f"/office/{cast.slug}/team/invite"
        page = cast.alice.get(there).headers["location"]
        first = cast.alice.browser.cookies[COOKIE]
        wrong = cast.alice.post("/office/account/proof", page=page, password="no", next=there)
        assert wrong.status_code == 422
        right = cast.alice.post("/office/account/proof", page=page, password=PASSWORD, next=there)
        assert (right.status_code, right.headers["location"]) == (303, there)
        assert cast.alice.browser.cookies[COOKIE] != first
        assert cast.alice.get(there).status_code == 200

    def test_with_a_second_factor_the_password_is_not_enough(
        self, cast: Cast, codes: list[str]
    ) -> None:
        assert codes
        cast.let_proof_run_out()
        proof = "/office/account/proof"
        assert cast.bob.post(proof, password=PASSWORD).status_code == 422
        assert cast.bob.post(proof, code=code_of(cast)).status_code == 303
        assert cast.bob.get("/office/account/password").status_code == 200

    def test_guessing_is_slowed_down(self, cast: Cast) -> None:
        cast.set_password(cast.bob)
        cast.bob.sign_in()
        answers = [
            cast.bob.post("/office/account/proof", password="no").status_code for _ in range(8)
        ]
        assert 429 in answers

    def test_who_has_nothing_to_prove_it_with_is_told_the_way(self, cast: Cast) -> None:
        cast.bob.sign_in()
        page = cast.bob.get("/office/account/proof")
        assert f"bookonce account link {cast.bob.email}" in page.text


class TestSessions:
    def test_they_are_listed_and_ended_one_by_one(self, cast: Cast) -> None:
        with cast.bob.new_browser(**{"User-Agent": "X Firefox/140 (Android)"}) as phone:
            cast.bob.sign_in(phone)
            cast.bob.sign_in()
            page = cast.bob.get("/office/account").text
            assert "Firefox, Android" in page
            match = re.search(r"/office/account/sessions/[\w-]+/end", page)
            assert match
            assert cast.bob.post(match[0], page="/office/account").status_code == 303
            assert phone.get(f"/office/{cast.slug}").status_code == 303
            assert cast.bob.get(f"/office/{cast.slug}").status_code == 200

    def test_nobody_ends_those_of_others(self, cast: Cast) -> None:
        with cast.bob.new_browser() as phone:
            cast.bob.sign_in(phone)
            cast.bob.sign_in()
            cast.charlie.sign_in()
            match = re.search(
                r"/office/account/sessions/[\w-]+/end", cast.bob.get("/office/account").text
            )
            assert match
            assert cast.charlie.post(match[0], page="/office/account").status_code == 404
            assert phone.get(f"/office/{cast.slug}").status_code == 200

    @pytest.mark.parametrize("column", ["ends_at", "idle_ends_at"])
    def test_they_end(self, cast: Cast, column: str) -> None:
        cast.bob.sign_in()
        account_id = cast.account_id(cast.bob)

        async def end(connection: Connection) -> None:
            await connection.execute(
                f"UPDATE session SET {column} = now() WHERE account_id = $1", account_id
            )

        cast.do(lambda database: database.run(end))
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 303


def test_a_name_and_a_language_are_kept(cast: Cast) -> None:
    cast.bob.sign_in()
    answer = cast.bob.post(
        "/office/account/profile", page="/office/account", name="Bób <b>", language="de"
    )
    assert answer.status_code == 303
    page = cast.bob.get("/office/account").text
    assert 'lang="de"' in page
    assert "Bób &lt;b&gt;" in page
    assert (
        cast.bob.post(
            "/office/account/profile", page="/office/account", name=" ", language="de"
        ).status_code
        == 422
    )
