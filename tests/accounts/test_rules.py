"""Passwords, seals, codes and browsers' names: the pure rules."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pyotp
import pytest

from bookonce.accounts.account import normal_email
from bookonce.accounts.passkeys import Site
from bookonce.accounts.passwords import TOO_EASY, TOO_LONG, TOO_SHORT, password_problem
from bookonce.accounts.second_factor import _step_of
from bookonce.accounts.sessions import short_user_agent
from bookonce.platform.errors import ValidationError
from bookonce.platform.seals import Purpose, seal, unseal

HINTS = ("alice.lindqvist@lumen.example", "Alice Lindqvist")


@pytest.mark.parametrize(
    "password, problem",
    [
        ("seven lamps near Tromsø 41", None),
        ("correct horse battery staple", None),
        ("пятнадцать тихих лодок", None),
        ("短" * 5 + "い秘密の言葉ですよね今日", None),
        ("fourteen chars", TOO_SHORT),
        ("", TOO_SHORT),
        ("x" * 201, TOO_LONG),
        ("passwordpassword", TOO_EASY),
        ("aaaaaaaaaaaaaaaaaaaa", TOO_EASY),
        ("123456789012345678", TOO_EASY),
        ("qwertyuiopasdfghjk", TOO_EASY),
        ("abcdefghijklmnopqrst", TOO_EASY),
        ("AliceLindqvist1234", TOO_EASY),
        ("alice.lindqvist@lumen.example", TOO_EASY),
    ],
)
def test_a_password_is_long_and_not_guessed_first(password: str, problem: str | None) -> None:
    assert password_problem(password, HINTS) == problem


def test_addresses_are_compared_in_small_letters() -> None:
    assert normal_email("  Zoe@Example.COM\u200b ") == "zoe@example.com"
    for wrong in ("", "zoe", "zoe@", "a b@example.com", "zoe@example.com\0"):
        with pytest.raises(ValidationError):
            normal_email(wrong)


def test_a_seal_opens_for_its_owner_key_and_purpose_only() -> None:
    account_id, key, totp = uuid4(), "k" * 32, Purpose.TOTP
    sealed = seal("SECRET", account_id, key, totp)
    assert b"SECRET" not in sealed
    assert unseal(sealed, account_id, key, totp) == "SECRET"
    assert unseal(sealed, account_id, key, Purpose.WEBHOOK) is None
    assert unseal(sealed, account_id, "l" * 32, totp) is None
    assert unseal(sealed, account_id, "", totp) is None
    assert unseal(sealed, uuid4(), key, totp) is None
    assert unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), account_id, key, totp) is None
    assert unseal(seal("SECRET", account_id, "", totp), account_id, key, totp) == "SECRET"


def test_a_code_is_of_its_half_minute_or_the_one_beside_it() -> None:
    secret, now = pyotp.random_base32(), datetime(2026, 12, 1, 9, 0, 5, tzinfo=UTC)
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // 30
    assert {_step_of(secret, totp.generate_otp(step + n), now) for n in (-1, 0, 1)} == {
        step - 1, step, step + 1,
    }  # fmt: skip
    for apart in (-2, 2):
        code = totp.generate_otp(step + apart)
        assert _step_of(secret, code, now) is None or code in {
            totp.generate_otp(step + n) for n in (-1, 0, 1)
        }
    assert _step_of(secret, "١٢٣٤٥٦", now) is None


@pytest.mark.parametrize(
    "text, short",
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36",
            "Chrome, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("python-httpx/0.28.1", "python-httpx"),
        ("<script>alert(1)</script>", "script"),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_short(text: str, short: str) -> None:
    found = short_user_agent(text)
    assert "<" not in found
    assert found.startswith(short)
    assert len(found) <= 80


@pytest.mark.parametrize(
    "origin, can",
    [
        ("https://book.example.com", True),
        ("http://localhost:8000", True),
        ("http://book.example.com", False),
        ("http://127.0.0.1:8000", False),
        ("https://127.0.0.1", False),
        ("https://[::1]:8443", False),
    ],
)
def test_passkeys_are_for_names_over_tls(origin: str, can: bool) -> None:
    assert Site(origin).can_have_passkeys is can
