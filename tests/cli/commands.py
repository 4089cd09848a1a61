"""The command as a user runs it: a process of its own, its exit code and what it said."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from tests.cli.forked import Forks
from tests.running import COMMAND

TIMEOUT_S = 250  # the torture takes a while where others use the machine, too


def _is_read_at_start(setting: str) -> bool:
    """Whether a process reads it as it begins, so that a command with it has to be all its own: all
    of Python's, and of ours the zones' rules.
    """
    return not setting.startswith("BOOKONCE_") or setting == "BOOKONCE_ZONE_RULES"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that a person sees."""
        return self.out + self.err


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any setting of ours but these."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("BOOKONCE_")}
    if place := os.environ.get("BOOKONCE_POSTGRES_BIN"):
        inherited["BOOKONCE_POSTGRES_BIN"] = place
    return inherited | {"COLUMNS": "200", "NO_COLOR": "1"} | settings


def bookonce(*arguments: str | Path, stdin: str | bytes = b"", **settings: str) -> Outcome:
    """Run a command to its end."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    if any(map(_is_read_at_start, settings)):
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=given,
            capture_output=True,
            env=environment(**settings),
            cwd="/",
            timeout=TIMEOUT_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
    with TemporaryFile() as source, TemporaryFile() as out, TemporaryFile() as err:
        source.write(given)
        source.seek(0)
        streams = (source.fileno(), out.fileno(), err.fileno())
        fork = _forks().run([*map(str, arguments)], streams, environment(**settings))
        code = fork.wait(TIMEOUT_S)
        out.seek(0)
        err.seek(0)
        return Outcome(code, out.read().decode(), err.read().decode())


@cache
def _forks() -> Forks:
    return Forks(environment())


def refused(outcome: Outcome, *words: str, code: int = 1) -> None:
    """Require a refusal that says these words, to the error stream, and shows no stack trace."""
    assert outcome.code == code, outcome
    assert "Traceback" not in outcome.said
    assert "site-packages" not in outcome.said
    for word in words:
        assert word in outcome.err, outcome.err
    assert outcome.out == ""
