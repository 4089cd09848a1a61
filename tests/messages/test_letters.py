"""Every message in every language about ordinary and extreme appointments."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from bookonce.business.answers import Answer
from bookonce.business.document import QuestionKind
from bookonce.business.messages import MessageKind
from bookonce.messages.letter import as_text
from bookonce.messages.mail import Envelope, Look, as_html, as_sent, mail
from bookonce.messages.safe_text import defanged, greeted, header_text
from bookonce.messages.sms_text import SEGMENTS_MAX, segments, shortened
from bookonce.messages.wording import letter
from bookonce.platform.languages import LANGUAGES, language
from tests.messages.samples import CASES, LINK, TO_CLIENT, a_lumen, a_matter, letters

LOOK = Look("Lumen Hair", "#7a3e9d")
VOID = {"meta", "img", "br", "link"}


class Balanced(HTMLParser):
    """Fails on a tag that isn't closed, or was never opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def envelope(sender: str) -> Envelope:
    return Envelope(
        "bookings@book.example", sender, "zoe@example.com", "1@book.example", datetime.now(UTC)
    )


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_message_can_be_sent_whatever_it_is_about(code: str, case: dict[str, Any]) -> None:
    spoken = language(code, None, "en")
    sender = case.get("business", case.get("client", 'Lumen, Hair & "Co"'))
    for name, written in letters(spoken, case):
        made = as_sent(mail(written, envelope(sender), LOOK, None))
        assert max(map(len, made.split(b"\r\n"))) <= 998, name
        assert b"\n" not in made.replace(b"\r\n", b""), name
        parsed = email.message_from_bytes(made, policy=email.policy.default)
        assert parsed["Subject"] == written.subject, name
        raw_sender = email.message_from_bytes(made, policy=email.policy.compat32)["From"]
        display_name, _ = parseaddr(str(make_header(decode_header(raw_sender))))
        assert display_name == header_text(sender, 100), name
        assert len(parsed.get_all("To", [])) == 1, name
        page = Balanced()
        page.feed(as_html(written, LOOK))
        assert page.open == [], name
        assert all(link.startswith("https://book.example") for link in page.links), name
        assert "None" not in as_text(written), name
        assert "%(" not in as_text(written).replace("%(when)s", ""), name
        assert f'dir="{spoken.direction}"' in as_html(written, LOOK), name


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_text_message_has_three_segments_at_most(code: str) -> None:
    for case in CASES.values():
        for kind in (MessageKind.REMINDER, MessageKind.MOVED, MessageKind.CANCELLED):
            written = letter(a_matter(kind, "client", case, a_lumen()), language(code, None, "en"))
            assert segments(shortened(written.text)) <= SEGMENTS_MAX


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_ordinary_reminder_isn_t_cut(code: str) -> None:
    written = letter(
        a_matter(MessageKind.REMINDER, "client", {}, a_lumen()), language(code, None, "en")
    )
    assert shortened(written.text) == written.text


def test_segments_are_counted_as_networks_do() -> None:
    assert segments("a" * 160) == 1
    assert segments("a" * 161) == 2
    assert segments("a" * 306) == 2
    assert segments("a" * 307) == 3
    assert segments("€" * 80) == 1
    assert segments("€" * 81) == 2
    assert segments("ع" * 70) == 1
    assert segments("ع" * 71) == 2
    assert segments("ع" * 134) == 2
    assert segments("ع" * 135) == 3
    assert segments("💇" * 35) == 1
    assert segments("💇" * 67) == 3  # 33 in each, none is cut in two
    assert segments("€" * 76 + "a" * 2) == 1
    assert segments("a" * 152 + "€" + "a" * 152) == 3


def test_no_mail_program_makes_a_link_of_a_name() -> None:
    for name in (LINK, "www.evil.example", "evil.example/x", "a@evil.example", "ｗ．evil．example"):
        assert greeted(name) == ""
        assert not re.search(r"\S[.:/@．]\S", defanged(name))
    for name in ("Zoe", "Dr. Zoe O’Brien-Smith", "ليلى عبد الرحمن", "J. R."):
        assert greeted(name) == name
        assert defanged(name) == name


def test_a_name_never_greets_as_a_link_and_shows_as_none_to_staff() -> None:
    for kind in TO_CLIENT:
        case = {"client": LINK}
        written = letter(a_matter(kind, "client", case, a_lumen()), language("en", None, "en"))
        assert "evil" not in as_text(written)
    staff = letter(
        a_matter(MessageKind.BOOKED, "staff", {"client": LINK}, a_lumen()),
        language("en", None, "en"),
    )
    assert LINK not in as_text(staff)
    assert "evil. example" in as_text(staff)


def test_staff_are_told_what_was_answered_and_clients_are_not() -> None:
    answers = (
        Answer("hair", "How long?", f"Long,\nsee {LINK}", QuestionKind.TEXT),
        Answer("rules", "I agree", "yes", QuestionKind.CONSENT),
    )
    for role, kind, expected in (
        ("staff", MessageKind.BOOKED, True),
        ("staff", MessageKind.CANCELLED, False),
        ("client", MessageKind.BOOKED, False),
    ):
        matter = a_matter(kind, role, {}, a_lumen())
        told = msgspec.structs.replace(matter.appointment, answers=answers)
        text = as_text(letter(replace(matter, appointment=told), language("en", None, "en")))
        assert ("How long?" in text) is expected
        assert "I agree" not in text
        assert LINK not in text


def test_a_header_is_one_line_that_reads_one_way() -> None:
    assert header_text("Cut\r\nBcc: all@example.com") == "Cut Bcc: all@example.com"
    assert header_text("a\u202egnp.exe\u2066b\u0085c\u2028d") == "agnp.exeb c d"
    assert len(header_text("x" * 5000)) == 200


def test_the_business_s_own_words_are_used_with_what_stands_in_braces() -> None:
    template = {
        "kind": "reminder",
        "language": "de",
        "subject": "Bis morgen, {name}!",
        "body": "{service} bei {staff} um {time}.\n\nIhr {business}",
    }
    business = a_lumen(messages={"template": [template]})
    matter = a_matter(MessageKind.REMINDER, "client", {"client": "{price} Zoe"}, business)
    written = letter(matter, language("de", None, "de"))
    assert written.subject == "Bis morgen, {price} Zoe!"
    assert written.paragraphs == ("Cut bei Ada um 15:00.", "Ihr Lumen Hair")
    assert written.rows  # details and buttons stay
    assert written.actions
    assert letter(matter, language("fr", None, "de")).subject.startswith("Rappel")


def test_a_template_from_elsewhere_that_can_t_be_filled_in_is_not_used() -> None:
    import msgspec

    from bookonce.business.messages import Messages, Template

    broken = Messages(template=(Template("booked", "en", "Hi {nobody}", "x"),))
    business = msgspec.structs.replace(a_lumen(), messages=broken)
    written = letter(
        a_matter(MessageKind.BOOKED, "client", {}, business), language("en", None, "en")
    )
    assert written.subject.startswith("Booked:")
