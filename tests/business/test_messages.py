"""`[messages]` of the business file."""

from __future__ import annotations

from typing import Any

import pytest

from bookonce.business import toml_file
from bookonce.business.diff import changes
from bookonce.business.messages import Messages, placeholder_problem
from bookonce.platform.errors import ValidationError
from tests.factories import a_business

WHOLE: dict[str, Any] = {
    "from_name": "Lumen Hair",
    "reply_to": "hello@lumen.example",
    "reminders": ["24h", "2h", "evening"],
    "quiet": "21:00-08:00",
    "sms": True,
    "owner_copy": ["hello@lumen.example"],
    "template": [{"kind": "booked", "language": "de", "subject": "Hallo {name}", "body": "Da!"}],
}


def test_messages_are_written_and_read_back() -> None:
    business = a_business(messages=WHOLE)
    assert toml_file.parse(toml_file.render(business)) == business


def test_left_out_is_a_reminder_a_day_before() -> None:
    assert a_business().messages == Messages(reminders=("24h",))
    assert "messages" not in toml_file.render(a_business())
    assert a_business(messages={"reminders": []}).messages.reminders == ()


@pytest.mark.parametrize(
    ("field", "value", "place", "words"),
    [
        ("reply_to", "nobody", "messages.reply_to", "@"),
        ("reminders", ["soon"], "messages.reminders[0]", "24h"),
        ("reminders", ["0h"], "messages.reminders[0]", "24h"),
        ("reminders", ["31d"], "messages.reminders[0]", "30 days"),
        ("reminders", ["2h", "2h"], "messages.reminders", "once is enough"),
        ("reminders", ["1h", "2h", "3h", "4h", "5h", "6h"], "messages.reminders", "5"),
        ("quiet", "21-8", "messages.quiet", "21:00-08:00"),
        ("quiet", "21:00-21:00", "messages.quiet", "begins when it ends"),
        ("owner_copy", ["x"], "messages.owner_copy[0]", "@"),
        ("from_name", " ", "messages.from_name", "blank"),
        ("sender", "x", "messages.sender", "not a known field"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any, place: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_business(messages={field: value})
    (error,) = refused.value.errors
    assert error.field == place
    assert words in error.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "summary"),
        ("language", "it"),
        ("subject", "Hallo {vorname}"),
        ("subject", "Hallo\nBcc: x"),
        ("body", "{name"),
        ("body", "}{"),
        ("body", "{name.__class__}"),
        ("body", "{0}"),
    ],
)
def test_words_that_can_t_be_filled_in_are_refused(field: str, value: str) -> None:
    template = WHOLE["template"][0] | {field: value}
    with pytest.raises(ValidationError) as refused:
        a_business(messages={"template": [template]})
    assert [error.field for error in refused.value.errors] == [f"messages.template[0].{field}"]


def test_what_stands_in_braces_is_told() -> None:
    assert "{name}" in (placeholder_problem("{who}") or "")
    assert placeholder_problem("{name} {time}") is None


def test_a_change_is_told_in_lines() -> None:
    before, after = (a_business("x", messages={"reminders": [lead]}) for lead in ("24h", "2h"))
    assert "messages: " in " ".join(changes(before, after)) or "messages.reminders" in " ".join(
        changes(before, after)
    )
