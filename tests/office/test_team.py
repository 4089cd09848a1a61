"""The team: inviting, accepting, changing what somebody is, taking them out."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from bookonce.accounts.roles import Post, Right
from bookonce.platform.actor import Role
from tests.office.cast import PASSWORD, Cast, Person, expire_links

LINK = re.compile(r"http://[\d.:]+(/office/invitation/[\w-]{43})")
NEWCOMER = {"name": "Dora", "password": PASSWORD}


def invite(cast: Cast, email: str, role: str = "reception", **fields: str) -> str:
    """Alice invites somebody; the address of their link."""
    page = f"/office/{cast.slug}/team/invite"
    answer = cast.alice.post(page, email=email, role=role, **fields)
    assert answer.status_code == 200, answer.text
    match = LINK.search(answer.text)
    assert match, answer.text
    return match[1]


def dora_at(cast: Cast) -> str:
    """The address of somebody who has no account yet."""
    return f"dora@{cast.slug}.example"


@pytest.fixture(autouse=True)
def alice_is_here(cast: Cast) -> None:
    cast.alice.sign_in()


class TestInvitation:
    def test_it_works(self, cast: Cast) -> None:
        link = invite(cast, dora_at(cast), "staff", staff="ada", switch_staff_see_clients="1")
        with cast.alice.new_browser() as dora:
            page = dora.get(link)
            assert page.status_code == 200
            assert "Lumen Hair" in page.text
            assert dora.get(link).status_code == 200  # looking uses nothing up
            assert dora.post(link, data=NEWCOMER).status_code == 303
            assert dora.get(f"/office/{cast.slug}").status_code == 200
        team = cast.alice.get(f"/office/{cast.slug}/team").text
        assert "Dora" in team

    def test_it_is_good_once(self, cast: Cast) -> None:
        link = invite(cast, dora_at(cast))
        with cast.alice.new_browser() as dora, cast.alice.new_browser() as other:
            assert dora.post(link, data=NEWCOMER).status_code == 303
            assert other.get(link).status_code == other.post(link, data=NEWCOMER).status_code == 404

    def test_of_many_who_replay_it_at_once_one_gets_in(self, cast: Cast) -> None:
        link = invite(cast, dora_at(cast))
        browsers = [cast.alice.new_browser() for _ in range(6)]
        with ThreadPoolExecutor(6) as racing:
            answers = list(racing.map(lambda one: one.post(link, data=NEWCOMER), browsers))
        assert sum("set-cookie" in each.headers for each in answers) == 1
        for browser in browsers:
            browser.close()

    def test_it_ends(self, cast: Cast) -> None:
        link = invite(cast, dora_at(cast))
        assert cast.server.database_url is not None
        expire_links(cast.server.database_url)
        with cast.alice.new_browser() as dora:
            assert dora.post(link, data=NEWCOMER).status_code == 404

    def test_a_later_one_takes_its_place(self, cast: Cast) -> None:
        first = invite(cast, dora_at(cast), "manager")
        second = invite(cast, dora_at(cast).upper(), "staff")
        with cast.alice.new_browser() as dora:
            assert dora.get(first).status_code == 404
            assert dora.get(second).status_code == 200

    def test_it_can_be_withdrawn(self, cast: Cast) -> None:
        link = invite(cast, dora_at(cast))
        page = f"/office/{cast.slug}/team"
        match = re.search(rf"{page}/invitations/[\w-]+/withdraw", cast.alice.get(page).text)
        assert match
        assert cast.alice.post(match[0], page=page).status_code == 303
        with cast.alice.new_browser() as dora:
            assert dora.get(link).status_code == 404

    @pytest.mark.parametrize("password", ["short", "passwordpassword", "{email}1", ""])
    def test_a_password_that_is_guessed_first_is_refused(self, cast: Cast, password: str) -> None:
        link = invite(cast, dora_at(cast))
        with cast.alice.new_browser() as dora:
            typed = password.format(email=dora_at(cast))
            answer = dora.post(link, data={"name": "Dora", "password": typed})
            assert answer.status_code == 422
            assert 'aria-invalid="true"' in answer.text
            assert dora.post(link, data=NEWCOMER).status_code == 303

    def test_whoever_holds_a_link_is_not_yet_who_it_is_for(self, cast: Cast) -> None:
        """Alice can't become Charlie by inviting Charlie and opening the link herself."""
        link = invite(cast, cast.charlie.email)
        with cast.alice.new_browser() as nobody:
            answer = nobody.post(link, data=NEWCOMER)
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
        answer = cast.alice.post(link, page="/office?all")
        assert "set-cookie" not in answer.headers
        assert cast.charlie.browser.get(link).status_code == 200  # it is good still

    def test_who_has_an_account_accepts_with_it(self, cast: Cast) -> None:
        link = invite(cast, cast.charlie.email, "manager")
        cast.charlie.sign_in()
        assert cast.charlie.get(f"/office/{cast.slug}").status_code == 404
        assert cast.charlie.post(link).status_code == 303
        assert cast.charlie.get(f"/office/{cast.slug}").status_code == 200
        assert cast.charlie.get(f"/office/{cast.other_slug}").status_code == 200

    def test_it_takes_nothing_from_who_is_in_already(self, cast: Cast) -> None:
        link = invite(cast, cast.alice.email, "staff")
        assert cast.alice.post(link).status_code == 303
        assert cast.alice.get(f"/office/{cast.slug}/team").status_code == 200


class TestMember:
    def address(self, cast: Cast, person: Person) -> str:
        return f"/office/{cast.slug}/team/{cast.account_id(person)}"

    def test_it_works(self, cast: Cast) -> None:
        cast.bob.sign_in()
        assert cast.bob.get(f"/office/{cast.slug}/team").status_code == 403
        address = self.address(cast, cast.bob)
        assert cast.alice.post(address, role="manager", switch_manager_money="1").status_code == 303
        assert cast.bob.get(f"/office/{cast.slug}/team").status_code == 200
        told = cast.bob.browser.get(f"/api/v1/{cast.slug}/office/access").json()
        assert told["role"] == "manager"
        assert "money" in told["rights"]
        assert not {"export", "history"} & set(told["rights"])

    def test_the_last_owner_stays(self, cast: Cast) -> None:
        address = self.address(cast, cast.alice)
        assert cast.alice.post(address, role="staff").status_code == 409
        assert cast.alice.post(f"{address}/remove", page=address).status_code == 409
        leave = f"/office/{cast.slug}/team/leave"
        assert cast.alice.post(leave).status_code == 409
        assert cast.alice.get(f"/office/{cast.slug}/team").status_code == 200

    def test_who_is_taken_out_is_out_at_once(self, cast: Cast) -> None:
        cast.bob.sign_in()
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 200
        address = self.address(cast, cast.bob)
        assert cast.alice.post(f"{address}/remove", page=address).status_code == 303
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 404

    def test_one_can_leave(self, cast: Cast) -> None:
        cast.bob.sign_in()
        assert cast.bob.post(f"/office/{cast.slug}/team/leave").status_code == 303
        assert cast.bob.get(f"/office/{cast.slug}").status_code == 404

    def test_a_manager_makes_no_owner_and_touches_none(self, cast: Cast) -> None:
        cast.give_post(cast.bob, Post(Role.MANAGER))
        cast.bob.sign_in()
        page = f"/office/{cast.slug}/team/invite"
        assert 'value="owner"' not in cast.bob.get(page).text
        assert cast.bob.post(page, email=dora_at(cast), role="owner").status_code == 403
        alice = self.address(cast, cast.alice)
        for address in (alice, f"{alice}/remove"):
            assert cast.bob.post(address, page=page, role="staff").status_code == 403
        bob = self.address(cast, cast.bob)
        answer = cast.bob.post(bob, page=page, role="manager", switch_manager_export="1")
        assert answer.status_code == 403
        assert cast.alice.get(f"/office/{cast.slug}/team").status_code == 200

    def test_somebody_of_another_business_is_nobody_here(self, cast: Cast) -> None:
        page = f"/office/{cast.slug}/team"
        address = self.address(cast, cast.charlie)
        assert cast.alice.get(address).status_code == 404
        assert cast.alice.post(f"{address}/remove", page="/office?all").status_code == 404
        assert cast.charlie.email not in cast.alice.get(page).text

    def test_changing_the_team_needs_a_fresh_proof(self, cast: Cast) -> None:
        form = self.address(cast, cast.bob)
        token = cast.alice.form_token(form)
        cast.let_proof_run_out()
        answer = cast.alice.get(form)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/office/account/proof?next={form}"
        answer = cast.alice.browser.post(form, data={"form_token": token, "role": "owner"})
        assert answer.status_code == 303
        assert "/office/account/proof" in answer.headers["location"]
        told = cast.alice.browser.get(f"/office/{cast.slug}/team").text
        assert told.count(">Owner<") == 1


def test_the_staff_see_their_own_day_and_no_switch_is_wider_than_its_role(cast: Cast) -> None:
    post = Post(Role.STAFF, "ada", granted=frozenset({Right.SEE_ALL_CALENDARS, Right.TEAM}))
    cast.give_post(cast.bob, post)
    cast.bob.sign_in()
    assert cast.bob.get(f"/office/{cast.slug}").status_code == 200
    assert cast.bob.get(f"/office/{cast.slug}/team").status_code == 403
