"""A PostgreSQL as an operator runs one: on a port, with a password, of any version at hand."""

from __future__ import annotations

import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from bookonce.platform.embedded import DATABASE, ROLE, SUPERUSER, EmbeddedPostgres
from bookonce.platform.postgres_programs import binaries_for, system_user
from tests.running import free_port

PASSWORD = "correct-horse"


def binaries_of(version: int) -> Path:
    """The programs of a version that Debian's package brings; skips the test where it isn't."""
    place = Path(f"/usr/lib/postgresql/{version}/bin")
    if not (place / "postgres").exists():
        pytest.skip(f"PostgreSQL {version} isn't at {place} (apt-get install postgresql-{version})")
    return place


class OwnPostgres(EmbeddedPostgres):
    """One server on a port of loopback. `url` is its address, with the password in it."""

    def __init__(self, folder: Path, binaries: Path | None = None, configuration: str = "") -> None:
        super().__init__(folder, binaries)
        self.port = free_port()
        self._configuration = configuration

    def _make(self, cluster: Path, owner: pwd.struct_passwd) -> None:
        super()._make(cluster, owner)
        with (cluster / "postgresql.conf").open("a") as configuration:
            configuration.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\n")
            configuration.write(self._configuration)
        with (cluster / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 127.0.0.1/32 scram-sha-256\n")

    @property
    def cluster(self) -> Path:
        """Where its files are."""
        return self._cluster()

    def _socket_folder(self, cluster: Path) -> Path:
        return cluster

    def _ensure_database(self, cluster: Path) -> None:
        """The role and database, as an administrator makes them."""
        if self.ask("SELECT 1 FROM pg_roles WHERE rolname = 'bookonce'"):
            return
        self.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        self.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0")

    def url_of(self, database: str = DATABASE, role: str = ROLE, password: str = PASSWORD) -> str:
        """The address of one of its databases."""
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def url(self) -> str:
        """The address of Bookonce's database."""
        return self.url_of()

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run something as the superuser."""
        self._psql(statement, database)

    def ask(self, query: str, database: str = "postgres") -> str:
        """What a query answers the superuser, as text."""
        return self._psql(query, database).strip()

    def _psql(self, text: str, database: str) -> str:
        cluster = self._cluster()
        return self._run(
            cluster, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(cluster),
            "-p", str(self.port), "-U", SUPERUSER, "-d", database, "-c", text,
        )  # fmt: skip


@contextmanager
def own_postgres(folder: Path, version: int | None = None, more: str = "") -> Iterator[OwnPostgres]:
    """A server of one of Debian's versions, or of the one that comes with Bookonce."""
    server = OwnPostgres(folder, binaries_of(version) if version else None, more)
    server.acquire()
    try:
        yield server
    finally:
        server.stop_if_running()
        server.release()
        shutil.rmtree(server.cluster, ignore_errors=True)


@contextmanager
def pooled(server: OwnPostgres, folder: Path, mode: str, size: int = 20) -> Iterator[str]:
    """The address of a pgbouncer before a server, in one of its modes."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        pytest.skip("pgbouncer isn't installed (apt-get install pgbouncer)")
    port, owner = free_port(), system_user()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    settings = folder / f"pgbouncer-{mode}-{port}.ini"
    settings.write_text(
        f"[databases]\n{DATABASE} = host=127.0.0.1 port={server.port} user={ROLE} "
        f"password={PASSWORD}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
        f"unix_socket_dir =\npool_mode = {mode}\ndefault_pool_size = {size}\n"
    )
    settings.chmod(0o644)
    process = subprocess.Popen(
        [program, str(settings)], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"postgresql://{ROLE}:x@127.0.0.1:{port}/{DATABASE}"
    finally:
        process.terminate()
        process.wait(30)


async def fetch(url: str, query: str) -> list[asyncpg.Record]:
    """What a query answers."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


__all__ = ["OwnPostgres", "binaries_for", "binaries_of", "fetch", "own_postgres", "pooled"]
