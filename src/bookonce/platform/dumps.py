"""PostgreSQL's own programs for taking a database's rows out and in.

A backup is `pg_dump`'s file of all rows, without the schema: that is made anew by the migrations,
up to those that the database had had. So it goes into any version of PostgreSQL that Bookonce
works with, whichever it came from, and under the guard.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

from bookonce.platform.postgres_programs import program
from bookonce.platform.schema import MIGRATION_TABLE

_TABLE = re.compile(
    r"(?:dumping contents of|processing data for) table \"(?:[^\"]*?\.)?([^.\"]+)\""
)
_DATA_ENTRY = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+) ", re.MULTILINE)
Tell = Callable[[str], None]
"""Called with the name of each table as its rows are begun."""


class DumpError(Exception):
    """A backup can't be made, read or restored; the message says why."""


def dump(url: str, file: Path, tell: Tell, binaries: Path | None = None) -> None:
    """Write all rows to a new file that only its owner may read: all of it, or no file.

    Raises DumpError, and OSError for the file.
    """
    part = file.with_name(f"{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with _address(url) as (address, environment):
            _run(
                [program("pg_dump", binaries), "--data-only", "--format=custom", "--verbose",
                 "--no-password", "--dbname", address],
                environment, tell, output=descriptor,
            )  # fmt: skip
        os.fsync(descriptor)
        os.link(part, file)  # never over another, unlike a renaming
    finally:
        os.close(descriptor)
        part.unlink()


def tables_of(file: Path, binaries: Path | None = None) -> list[str]:
    """Whose rows a backup has. Raises DumpError."""
    return _DATA_ENTRY.findall(_listed(file, binaries))


def versions_of(file: Path, binaries: Path | None = None) -> list[str]:
    """The migrations that the database of a backup had had. Raises DumpError."""
    text = _output(
        [program("pg_restore", binaries), "--data-only", "--table", MIGRATION_TABLE,
         "--file=-", str(file)],
    )  # fmt: skip
    rows = text.partition("FROM stdin;\n")[2].partition("\\.")[0]
    return rows.split()


def restore(
    url: str, file: Path, tables: set[str], tell: Tell, binaries: Path | None = None
) -> None:
    """Put the rows of some tables into a database that has the schema: all of them, or none.

    Raises DumpError.
    """
    with tempfile.NamedTemporaryFile("w", prefix="bookonce-restore-") as chosen:
        for line in _listed(file, binaries).splitlines():
            entry = _DATA_ENTRY.match(line)
            if entry and entry[1] in tables:
                chosen.write(f"{line}\n")
        chosen.flush()
        read = [program("pg_restore", binaries), "--data-only", "--verbose",
                "--use-list", chosen.name, "--file=-", str(file)]  # fmt: skip
        with _address(url) as (address, environment):
            write = [program("psql", binaries), "--no-psqlrc", "--quiet", "--no-password",
                     "--set=ON_ERROR_STOP=1", "--dbname", address, "--file=-"]  # fmt: skip
            _pipe(read, write, environment, tell)


def _pipe(read: list[str], write: list[str], environment: dict[str, str], tell: Tell) -> None:
    """From one program into the other, in one transaction. It is committed only when the first has
    come to its end: of a file that is cut short the second sees no more than an end.
    """
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            read, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_bare(),
        ) as reading,
        subprocess.Popen(
            write, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said,
            env=_bare() | environment,
        ) as writing,
    ):  # fmt: skip
        assert reading.stdout
        assert reading.stderr
        assert writing.stdin
        pump = threading.Thread(target=_pump, args=(reading.stdout, writing.stdin))
        pump.start()
        complaint = _watch(reading.stderr, tell)
        pump.join()
        if reading.wait() != 0:
            writing.kill()
            raise _unreadable(complaint)
        with contextlib.suppress(BrokenPipeError):
            writing.stdin.write(b"COMMIT;\n")
            writing.stdin.close()
        if writing.wait() != 0:
            said.seek(0)
            raise DumpError(said.read().strip() or "psql failed")


def _pump(source: IO[bytes], target: IO[bytes]) -> None:
    """What one program writes, to the other. Settings that only newer servers know stand at the
    beginning, before any row."""
    with contextlib.suppress(BrokenPipeError):
        target.write(b"BEGIN;\n")
        for line in source:
            if not line.startswith(b"SET transaction_timeout"):
                target.write(line)
            if line.startswith(b"COPY "):
                break
        shutil.copyfileobj(source, target)
        target.flush()
    for _ in source:  # if the other has ended: so that this one isn't held up
        pass


def _watch(lines: IO[bytes], tell: Tell) -> str:
    """Tell of each table as its rows are begun; what was complained of."""
    said: list[str] = []
    for line in map(bytes.decode, lines):
        if table := _TABLE.search(line):
            tell(table[1])
        elif "error:" in line or said:
            said.append(line)
    return "".join(said[:10]).strip()


def _listed(file: Path, binaries: Path | None) -> str:
    return _output([program("pg_restore", binaries), "--list", str(file)])


@contextmanager
def _address(url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The address without its password, which others could read on the command line, and an
    environment that has it."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    environment = {"PGPASSWORD": unquote(password)} if password else {}
    yield urlunsplit(parts._replace(netloc=f"{name}{at}{hosts}")), environment


def _run(command: list[str], environment: dict[str, str], tell: Tell, output: int) -> None:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
        env=_bare() | environment,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        complaint = _watch(process.stderr, tell)
    if process.returncode != 0:
        raise DumpError(complaint or f"{Path(command[0]).name} failed")


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_bare())
    if done.returncode != 0:
        raise _unreadable(done.stderr)
    return done.stdout


def _unreadable(complaint: str) -> DumpError:
    """What `pg_restore` says of such a file depends on where it ends."""
    return DumpError(
        "the file can't be read as a backup; it is cut short, damaged, or something else: "
        f"{complaint.strip() or 'pg_restore failed'}"
    )


def _bare() -> dict[str, str]:
    """What PostgreSQL's programs may be told by the environment: where to find certificates."""
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "PATH")}
    return kept | {"LC_ALL": "C"}
