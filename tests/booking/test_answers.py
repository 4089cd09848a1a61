"""What a business asks of those who book: judged, and kept as it was asked."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.appointment_rows import by_id
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.business.answers import Answer, answer_errors, answered, asked_of
from bookonce.business.document import Business, Question, QuestionKind
from bookonce.business.spoken import in_language
from bookonce.clients import export_rows
from bookonce.clients.erase_client import erase_client
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.errors import ValidationError
from tests.factories import a_booking, a_business, a_service, tomorrow_at

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
RULES = {
    "key": "rules", "name": "I agree to the house rules", "kind": "consent", "required": True,
    "details": "Be on time.",
}  # fmt: skip
HAIR = {
    "key": "hair",
    "name": "How long is your hair?",
    "kind": "choice",
    "choices": ["Short", "Long"],
}


def question(kind: str, **more: Any) -> Question:
    return Question(key="q", name="What?", kind=QuestionKind(kind), **more)


@pytest.mark.parametrize(
    "asked, answer",
    [
        (question("line"), ""),
        (question("line", required=True), "x" * 500),
        (question("line"), "<b>نور</b> 👩🏽‍🦱"),
        (question("text"), "One\nTwo"),
        (question("text"), "x" * 2_000),
        (question("choice", choices=("A", "B")), "B"),
        (question("choice", choices=("A", "B")), ""),
        (question("consent"), ""),
        (question("consent", required=True), "yes"),
    ],
)
def test_an_answer_is_accepted(asked: Question, answer: str) -> None:
    assert list(answer_errors([asked], {"q": answer})) == []


@pytest.mark.parametrize(
    "asked, answer",
    [
        (question("line", required=True), ""),
        (question("line", required=True), " \u200b "),
        (question("line"), "x" * 501),
        (question("line"), "One\nTwo"),
        (question("line"), "One\0"),
        (question("text"), "\ud800"),
        (question("text"), "x" * 2_001),
        (question("choice", choices=("A", "B")), "C"),
        (question("choice", choices=("A", "B"), required=True), ""),
        (question("consent"), "no"),
        (question("consent", required=True), ""),
    ],
)
def test_an_answer_is_refused_in_its_place(asked: Question, answer: str) -> None:
    [error] = answer_errors([asked], {"q": answer})
    assert error.field == "answers.q"
    assert error.message


def test_an_answer_to_nothing_is_refused_and_none_is_written_down_that_is_empty() -> None:
    [error] = answer_errors([question("line")], {"p": "x"})
    assert "'p'" in error.message
    assert answered([question("line")], {"q": "  "}) == ()
    assert answered([question("text")], {"q": " a\r\nb "}) == (
        Answer("q", "What?", "a\nb", QuestionKind.TEXT),
    )


def test_each_question_is_for_some_services_or_all() -> None:
    business = a_business(
        service=[a_service("cut"), a_service("dye")],
        question=[RULES, HAIR | {"services": ["dye"]}],
    )
    assert [each.key for each in asked_of(business, ["cut"])] == ["rules"]
    assert [each.key for each in asked_of(business, ["cut", "dye"])] == ["rules", "hair"]


@pytest.mark.parametrize(
    "wrong, place",
    [
        ({"kind": "choice"}, "question[0].choices"),
        ({"kind": "choice", "choices": ["A"]}, "question[0].choices"),
        ({"kind": "choice", "choices": ["A", "A"]}, "question[0].choices"),
        ({"choices": ["A", "B"]}, "question[0].choices"),
        ({"kind": "guess"}, "question[0].kind"),
        ({"services": ["nothing"]}, "question[0].services[0]"),
        ({"name": " "}, "question[0].name"),
        ({"key": "a b"}, "question[0].key"),
        ({"text": [{"language": "de", "choices": ["A"]}]}, "question[0].text[0].choices"),
        ({"text": [{"language": "xx"}]}, "question[0].text[0].language"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_business(question=[{"key": "q", "name": "What?"} | wrong])
    assert place in [error.field for error in refused.value.errors]


def test_a_translation_may_leave_the_choices_as_they_are() -> None:
    text = {"language": "de", "name": "Wie lang?", "choices": []}
    business = a_business(question=[HAIR | {"text": [text]}])
    [told] = in_language(business, "de").question
    assert (told.name, told.choices) == ("Wie lang?", ("Short", "Long"))


async def test_answers_are_kept_as_they_were_asked_until_the_client_is_erased(
    installation: Installation, open_business: Open
) -> None:
    business = a_business(question=[RULES, HAIR])
    slug = await open_business(business)
    wish = a_booking(tomorrow_at(9), answers={"rules": "yes", "hair": "Long"})
    booked = await book(installation, slug, wish, actor=VISITOR, now=NOW)
    changed = a_business(slug, question=[RULES | {"name": "Other rules", "details": "None."}])
    await open_business(changed)

    directory = await installation.current(slug)
    appointment_id = booked.appointment.id
    found = await installation.database.run(by_id, directory.business_id, appointment_id)
    assert found is not None
    assert found.answers == (
        Answer("rules", "I agree to the house rules", "yes", QuestionKind.CONSENT, "Be on time."),
        Answer("hair", "How long is your hair?", "Long", QuestionKind.CHOICE),
    )
    assert found.client_id
    run = installation.database.run
    export = await run(export_rows.person, directory.business_id, found.client_id)
    [exported] = json.loads(export)["appointments"]
    assert [each["answer"] for each in exported["answers"]] == ["yes", "Long"]
    assert "Long" not in json.dumps(exported["history"]), "what happened tells no particulars"

    await cancel(installation, slug, appointment_id, actor=SYSTEM, now=NOW)
    await erase_client(
        installation.database, directory.business_id, wish.client.email.lower(), actor=SYSTEM,
        now=NOW + timedelta(days=9),
    )  # fmt: skip
    found = await run(by_id, directory.business_id, appointment_id)
    assert found is not None
    assert found.answers == ()


async def test_a_visitor_has_to_answer_and_to_give_a_number_where_that_is_required(
    installation: Installation, open_business: Open
) -> None:
    services = [a_service("cut"), a_service("dye", phone_required=True)]
    slug = await open_business(a_business(service=services, question=[RULES]))

    async def wrong(**more: Any) -> list[str]:
        with pytest.raises(ValidationError) as refused:
            await book(
                installation, slug, a_booking(tomorrow_at(9), **more), actor=VISITOR, now=NOW
            )
        return [error.field for error in refused.value.errors]

    assert await wrong() == ["answers.rules"]
    assert await wrong(service="dye") == ["answers.rules", "client.phone"]
    assert await wrong(answers={"rules": "yes", "hair": "Long"}) == ["answers"]
    await open_business(a_business(slug, service=services, policy={"phone_required": True}))
    assert await wrong() == ["client.phone"]


async def test_a_repeated_request_is_known_by_its_answers_too(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(question=[HAIR]))
    wish = a_booking(tomorrow_at(9), answers={"hair": "Long"})
    first = await book(installation, slug, wish, actor=VISITOR, now=NOW, idempotency_key="k")
    again = await book(installation, slug, wish, actor=VISITOR, now=NOW, idempotency_key="k")
    assert again.is_repeat
    assert again.appointment.id == first.appointment.id
