"""Clients put their own name and number right, on the page of their appointment."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business
from tests.web.surfing import ZOE, Surfer, to_the_form

Serve = Callable[[Business], str]


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


def test_a_name_and_a_number_are_put_right(surfer: Surfer, serve_business: Serve) -> None:
    own = surfer.send(to_the_form(surfer, serve_business(a_business())), **ZOE)
    assert "Booked by Zoe" in " ".join(own.text.split())
    form = surfer.open(own.link("Correct, or add a number"))
    assert form.fields["name"] == "Zoe"
    wrong = surfer.send(form, name=" ", phone="call me")
    assert wrong.answer.status_code == 422
    assert "Please tell us your name" in wrong.text
    assert "Please enter a number such as" in wrong.text
    assert wrong.fields["phone"] == "call me"
    for _ in range(2):  # sent twice it is the same
        after = surfer.send(wrong, name="Zoë <b>Ex</b>", phone="030 1234567")
        assert "Booked by Zoë <b>Ex</b>" in " ".join(after.text.split())
        assert "+49301234567" in after.text


def test_nothing_is_put_right_that_is_off(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_business())
    own = surfer.send(to_the_form(surfer, api), **ZOE)
    form = surfer.open(own.link("Correct"))
    surfer.send(surfer.open(own.link("Cancel appointment")))
    late = surfer.send(form, name="Somebody Else")
    assert late.answer.status_code == 409
    assert "Somebody Else" not in late.text
    gone = surfer.open(form.action, status=303)
    assert gone.answer.headers["location"].partition("?")[0] in own.answer.url.path


def test_a_number_that_is_required_stays(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_business(policy={"phone_required": True}))
    own = surfer.send(to_the_form(surfer, api), **ZOE, phone="+49 30 1234567")
    wrong = surfer.send(surfer.open(own.link("Correct")), phone="")
    assert wrong.answer.status_code == 422
    assert "Please enter a number" in wrong.text


def test_what_is_told_to_others_opens_nothing(surfer: Surfer, serve_business: Serve) -> None:
    own = surfer.send(to_the_form(surfer, serve_business(a_business())), **ZOE)
    token = own.answer.url.path.rpartition("/")[2]
    _, _, share = own.answer.text.partition("data-share=")
    told = share.partition("</button>")[0]
    assert "Lumen Hair" in told
    assert token not in told
