"""What the form asks beside name and address: the business's own questions and consents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bookonce.business.answers import LENGTHS_MAX, YES, asked_of, needs_phone
from bookonce.business.document import Business, QuestionKind
from bookonce.web.booking_page.face import paragraphs
from bookonce.web.booking_page.form import ANSWER, Form
from bookonce.web.booking_page.visit import Visit


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """A question as the form shows it, with what was answered."""

    field: str
    kind: str
    name: str
    details: list[str]
    choices: list[tuple[str, str]]
    """Of a choice: each with its number, since what it is called depends on the language."""
    is_required: bool
    length_max: int
    answer: str


@dataclass(frozen=True, slots=True)
class Questions:
    """All that is asked of who books some services."""

    items: list[FormQuestion]
    needs_phone: bool

    @classmethod
    def of(cls, visit: Visit, form: Form) -> Questions:
        """In the visitor's language."""
        business, services = visit.directory.business, visit.address.services
        return cls(
            [
                FormQuestion(
                    f"{ANSWER}{each.key}",
                    each.kind.value,
                    each.name,
                    paragraphs(each.details),
                    [(str(number), text) for number, text in enumerate(each.choices)],
                    each.required,
                    LENGTHS_MAX.get(each.kind, 0),
                    form.answers.get(each.key, ""),
                )
                for each in asked_of(business, services)
            ],
            needs_phone(business, services),
        )


def answers_in(
    business: Business, services: Collection[str], typed: Mapping[str, str]
) -> dict[str, str] | None:
    """The answers of a form in the business's own words; None if nothing is asked."""
    found = {}
    for question in asked_of(business, services):
        answer = typed.get(question.key, "")
        if question.kind is QuestionKind.CHOICE:
            numbers = {str(number): text for number, text in enumerate(question.choices)}
            answer = numbers.get(answer, "")
        elif question.kind is QuestionKind.CONSENT:
            answer = YES if answer else ""
        found[question.key] = answer
    return found or None
