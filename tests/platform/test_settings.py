"""Settings are refused if they are wrong, and if there are none of that name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bookonce.platform.errors import ValidationError
from bookonce.platform.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("BOOKONCE_RATELIMIT", "BOOKONCE_RATE_LIMIT"),
        ("BOOKONCE_DATABASE_URI", "BOOKONCE_DATABASE_URL"),
        ("BOOKONCE_WORKER", "BOOKONCE_WORKERS"),
        ("BOOKONCE_STRIPE_KEY", "BOOKONCE_STRIPE_"),
    ],
)
def test_one_that_is_misspelt_is_refused_with_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.read({wrong: "1"})
    [error] = refused.value.errors
    assert error.field == wrong
    assert f"did you mean {meant}" in error.message


def test_one_that_is_like_none_is_refused_without_a_guess() -> None:
    with pytest.raises(ValidationError, match=r"there is no such setting; see docs/settings\.md"):
        Settings.read({"BOOKONCE_QQQQ": "1"})


def test_every_documented_setting_is_one() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    names = set(re.findall(r"^\| \[`(BOOKONCE_\w+)`\]", page, re.MULTILINE))
    assert len(names) > 15
    assert Settings.read(dict.fromkeys(names, "")) == Settings.read({})


@pytest.mark.parametrize("value", ["-1", "61", "soon", "1e1"])
def test_how_long_to_drain_is_seconds(value: str) -> None:
    with pytest.raises(ValidationError, match="seconds from 0 to 60"):
        Settings.read({"BOOKONCE_DRAIN_S": value})


def test_behind_a_proxy_a_server_drains_unless_told_otherwise() -> None:
    proxy = {"BOOKONCE_TRUSTED_PROXIES": "127.0.0.1"}
    assert Settings.read({}).drain_s == 0
    assert Settings.read(proxy).drain_s == 5
    assert Settings.read(proxy | {"BOOKONCE_DRAIN_S": "0"}).drain_s == 0
