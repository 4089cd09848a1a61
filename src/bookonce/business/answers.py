"""What visitors answer when they book: judged, and written down as it was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from bookonce.business.document import Business, Question, QuestionKind
from bookonce.platform.errors import FieldError
from bookonce.platform.text import clean_line, clean_lines, text_problem

YES = "yes"
"""The answer that is a consent."""
REQUIRED = "is required"
CONSENT_REQUIRED = f"answer {YES!r} to agree"
LENGTHS_MAX = {QuestionKind.LINE: 500, QuestionKind.TEXT: 2_000}
ANSWERS_MAX = 100


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer, with the question as it was asked: a question that changes leaves it alone."""

    key: str
    name: str
    answer: str
    kind: QuestionKind = QuestionKind.LINE
    details: str = ""


def asked_of(business: Business, services: Collection[str]) -> list[Question]:
    """What visitors are asked who book these services, in the business's order."""
    return [
        question
        for question in business.question
        if question.services is None or not set(question.services).isdisjoint(services)
    ]


def needs_phone(business: Business, services: Collection[str]) -> bool:
    """Whether visitors who book these services have to give a number."""
    return business.policy.phone_required or any(
        service.phone_required for service in business.service if service.key in services
    )


def answer_errors(
    questions: Sequence[Question], answers: Mapping[str, str]
) -> Iterator[FieldError]:
    """What is wrong with answers, by the keys of their questions."""
    known = {question.key: question for question in questions}
    if len(answers) > ANSWERS_MAX:
        yield FieldError("answers", f"at most {ANSWERS_MAX}")
        return
    for key in answers:
        if key not in known:
            yield FieldError("answers", f"nothing is asked by the key {key!r}")
    for question in questions:
        place = f"answers.{question.key}"
        typed = answers.get(question.key, "")
        answer = _cleaned(question, typed)
        if problem := text_problem(answer, lines=question.kind is QuestionKind.TEXT):
            yield FieldError(place, problem)
        elif not answer:
            if question.required:
                yield FieldError(place, CONSENT_REQUIRED if _is_consent(question) else REQUIRED)
        elif _is_consent(question) and answer != YES:
            yield FieldError(place, f"expected {YES!r} or nothing, got {answer[:50]!r}")
        elif question.kind is QuestionKind.CHOICE and answer not in question.choices:
            expected = ", ".join(map(repr, question.choices))
            yield FieldError(place, f"expected one of {expected}, got {answer[:50]!r}")
        elif len(answer) > LENGTHS_MAX.get(question.kind, len(answer)):
            yield FieldError(place, f"at most {LENGTHS_MAX[question.kind]} characters")


def answered(questions: Sequence[Question], answers: Mapping[str, str]) -> tuple[Answer, ...]:
    """The answers that were given, as they are written down."""
    return tuple(
        Answer(question.key, question.name, answer, question.kind, question.details)
        for question in questions
        if (answer := _cleaned(question, answers.get(question.key, "")))
    )


def _is_consent(question: Question) -> bool:
    return question.kind is QuestionKind.CONSENT


def _cleaned(question: Question, typed: str) -> str:
    return clean_lines(typed) if question.kind is QuestionKind.TEXT else clean_line(typed)
