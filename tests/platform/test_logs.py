"""What a line of the log may have in it, whoever chose the words."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

import pytest

from bookonce.platform.logs import TEXT_LENGTH_MAX, plain

CODE = """
import structlog
from bookonce.platform.logs import configure_logs
configure_logs("info")
log = structlog.get_logger()
bad = {bad!r}
log.info("request", path=bad, nested={{"in": [bad, {{"deep": bad}}]}}, thing=ValueError(bad))
try:
    raise ValueError(bad)
except ValueError as error:
    log.error("unexpected error", exc_info=error)
"""
BAD = "a\x1b[2J\x9b31m\u202e\u2028\u2066\u200b\ufeff\x00\x7f\r" + "x" * 55_000


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(bad=BAD)], capture_output=True, check=True
    )
    return done.stdout.splitlines()


def test_a_line_stays_one_line_of_json(lines: list[bytes]) -> None:
    assert [json.loads(line)["event"] for line in lines] == ["request", "unexpected error"]


def test_nothing_in_a_line_moves_a_cursor_or_turns_text(lines: list[bytes]) -> None:
    for line in lines:
        categories = {unicodedata.category(each) for each in line.decode()}
        assert not categories & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        for value in json.loads(line)["path"] if b"path" in line else "":
            assert value.isprintable()


def test_a_line_has_an_end(lines: list[bytes]) -> None:
    assert all(len(line) < 8 * TEXT_LENGTH_MAX for line in lines)


def test_what_was_sent_can_still_be_told() -> None:
    assert plain("a\u202eb") == "a\\u202eb"
    assert plain("Zoë, 10 €\n\tnext") == "Zoë, 10 €\n\tnext"
    assert plain("x" * 55_000).endswith("… (55000 characters)")
