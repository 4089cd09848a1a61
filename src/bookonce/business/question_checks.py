"""What types can't say of the questions that visitors are asked: choices, and services that exist."""

from __future__ import annotations

from collections.abc import Iterator

from bookonce.business.document import Question, QuestionKind
from bookonce.business.face_checks import repeated
from bookonce.platform.errors import FieldError

CHOICES_MIN, CHOICES_MAX = 2, 30


def question_errors(
    place: str, question: Question, services: list[str] | None
) -> Iterator[FieldError]:
    """What is wrong with a question; `services` are the keys of those there are, None where that
    can't be told.
    """
    is_choice = question.kind is QuestionKind.CHOICE
    if is_choice and not CHOICES_MIN <= len(question.choices) <= CHOICES_MAX:
        expected = f"expected {CHOICES_MIN} to {CHOICES_MAX} to choose from"
        yield FieldError(f"{place}.choices", f"{expected}, got {len(question.choices)}")
    elif question.choices and not is_choice:
        yield FieldError(f"{place}.choices", 'only a question of the kind "choice" has any')
    yield from repeated(f"{place}.choices", question.choices)
    for index, text in enumerate(question.text):
        if text.choices and len(text.choices) != len(question.choices):
            yield FieldError(
                f"{place}.text[{index}].choices",
                f"expected {len(question.choices)}, in the order of the business's own, "
                f"got {len(text.choices)}",
            )
    for index, key in enumerate(question.services or ()):
        if services is not None and key not in services:
            yield FieldError(f"{place}.services[{index}]", f"no service has the key {key!r}")
    yield from repeated(f"{place}.services", question.services or ())
