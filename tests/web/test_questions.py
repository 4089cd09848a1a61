"""The form's questions, and what an address fills in, for somebody without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, tomorrow_at
from tests.web.surfing import ZOE, Surfer, slug_of, to_the_form

Serve = Callable[[Business], str]
QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "hair", "name": "How long is your hair?", "kind": "choice",
        "choices": ["Short", "Long"], "required": True,
        "text": [{"language": "de", "name": "Wie lang sind Ihre Haare?", "choices": ["Kurz", "Lang"]}],
    },
    {"key": "name", "name": "Your <b>pet's</b> name"},
    {
        "key": "rules", "name": "I agree to the house rules", "kind": "consent", "required": True,
        "details": "Be on time.\nBring a towel.",
    },
    {"key": "dye", "name": "Which colour?", "services": ["dye"]},
]  # fmt: skip


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


def a_salon_that_asks() -> Business:
    return a_business(service=[a_service("cut"), a_service("dye")], question=QUESTIONS)


def test_what_is_wrong_is_said_where_it_is_and_what_was_typed_stays(
    surfer: Surfer, serve_business: Serve
) -> None:
    form = to_the_form(surfer, serve_business(a_salon_that_asks()))
    text = form.answer.text
    assert "How long is your hair?" in text
    assert "Your &lt;b&gt;pet&#39;s&lt;/b&gt; name" in text
    assert "Bring a towel." in text
    assert "Which colour?" not in text
    del form.fields["answer-rules"]  # a box that isn't ticked
    again = surfer.send(form, **ZOE, **{"answer-name": "Rex"})
    assert again.answer.status_code == 422
    assert "Please answer this." in again.text
    assert "Please tick this." in again.text
    assert 'aria-describedby="answer-hair-error"' in again.answer.text
    assert "Please tell us your name" not in again.text, "a question may be called name, too"
    assert again.fields["answer-name"] == "Rex"
    own = surfer.send(again, **{"answer-hair": "1", "answer-rules": "yes"})
    assert "It's booked" in own.text


def test_a_choice_is_the_same_in_every_language(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_salon_that_asks())
    form = to_the_form(surfer, api, lang="de")
    assert "Wie lang sind Ihre Haare?" in form.text
    assert '<option value="1">Lang</option>' in form.answer.text
    own = surfer.send(form, **ZOE, **{"answer-hair": "1", "answer-rules": "yes"})
    assert own.answer.status_code == 200
    assert "/a/" in own.answer.url.path


def test_a_number_is_asked_for_where_it_is_required(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_business(policy={"phone_required": True}))
    again = surfer.send(to_the_form(surfer, api), **ZOE)
    assert again.answer.status_code == 422
    assert "Please enter a number such as +49 30 1234567." in again.text
    assert "It's booked" in surfer.send(again, phone="+49 30 1234567").text


async def test_programs_are_told_what_is_asked_and_have_to_answer(
    http: httpx.AsyncClient, serve_business: Serve
) -> None:
    api = serve_business(a_salon_that_asks())
    cut, dye = (await http.get(f"{api}/services")).json()
    assert [each["key"] for each in cut["questions"]] == ["hair", "name", "rules"]
    assert cut["questions"][0]["choices"] == ["Short", "Long"]
    assert dye["questions"][-1] == {"key": "dye", "name": "Which colour?", "kind": "line"}
    wish = {"service": "cut", "start": tomorrow_at(9).isoformat(), "client": ZOE}
    refused = await http.post(f"{api}/book", json=wish)
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == ["answers.hair", "answers.rules"]
    for answers in ({"hair": "1", "rules": "yes"}, {"hair": "Long", "rules": "true"}):
        refused = await http.post(f"{api}/book", json=wish | {"answers": answers})
        assert refused.status_code == 422, refused.text
    answers = {"hair": "Long", "rules": "yes"}
    booked = await http.post(f"{api}/book", json=wish | {"answers": answers})
    assert booked.status_code == 201, booked.text


PREFILL = {"name": "Zoë <b>", "email": "zoe@example.com", "phone": "030 1", "notes": "One\nTwo"}


def test_an_address_fills_in_the_form_through_all_steps(
    surfer: Surfer, serve_business: Serve
) -> None:
    slug = slug_of(serve_business(a_business(service=[a_service("cut"), a_service("dye")])))
    query = PREFILL | {"utm_source": "mail", "utm_campaign": "Advent", "unknown": "x"}
    services = surfer.open(str(httpx.URL(f"/{slug}", params=query)))
    assert 'content="noindex"' in services.answer.text
    canonical = services.answer.text.partition('rel="canonical" href="')[2].partition('"')[0]
    assert "?" not in canonical
    times = surfer.open(services.link("Cut"))
    form = surfer.open(next(href for _, href in times.links if "start=" in href))
    assert {name: form.fields[name] for name in PREFILL} == PREFILL
    assert form.fields["utm_source"] == "mail"
    assert form.fields["utm_campaign"] == "Advent"
    assert "unknown" not in form.fields
    # What is typed instead stays typed, and comes into no address.
    wrong = surfer.send(form, email="private@example")
    assert wrong.fields["email"] == "private@example"
    assert not any("private" in href or "030" in href for _, href in wrong.links)
    assert any("utm_source=mail" in href for _, href in wrong.links)


def test_what_fills_in_the_form_is_bounded(surfer: Surfer, serve_business: Serve) -> None:
    slug = slug_of(serve_business(a_business()))
    query = {f"utm_{letter}": "x" * 999 for letter in "abcdefghijkl"} | {"name": "n" * 5_000}
    page = surfer.open(str(httpx.URL(f"/{slug}", params=query | {"service": "cut"})))
    carried = httpx.URL(page.links[-1][1]).params
    assert sum(name.startswith("utm_") for name in carried) == 8
    assert len(carried["utm_a"]) == len(carried["name"]) == 200
