"""The databases that a torture run has for itself, and how they break.

Alone: one server, killed as a power cut would and recovered from its log. A pair: a primary and a
synchronous standby, which takes over when the primary is killed. A commit is acknowledged only
when both have it on disk.

Everything runs on the programs and by the rules of the embedded database (`platform/embedded.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import pwd
import shutil
from pathlib import Path

import asyncpg
import psutil

from bookonce.platform.embedded import DATABASE, ROLE, SOCKET_NAME, SUPERUSER, EmbeddedPostgres
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.torture.waiting import until

STANDBY = "standby"
ANSWER_TIMEOUT_S = 30.0
STREAMING_TIMEOUT_S = 30.0

_CONFIGURATION = """
# Written by Bookonce's torture.
max_wal_size = 256MB
wal_keep_size = 128MB              # a standby that was away for a while finds what it missed
wal_retrieve_retry_interval = 100ms
"""
_REPLICATION_RULE = "local replication all peer map=bookonce\n"


class Node(EmbeddedPostgres):
    """One server in a folder of its own, which may start as a copy of another."""

    def __init__(self, folder: Path, binaries: Path | None, copy_of: Node | None = None) -> None:
        super().__init__(folder, binaries)
        self._copy_of = copy_of
        self.socket = self.data_dir / "postgres" / SOCKET_NAME
        """Where the server listens, or listened last."""

    def acquire(self) -> str:
        """Start the server unless it runs, and return its address. Raises EmbeddedPostgresError."""
        url = super().acquire()
        self.socket = self._socket_in_use(self.cluster) / SOCKET_NAME
        return url

    def revive(self) -> bool:
        """Start the server again if it is dead; whether it was. Raises EmbeddedPostgresError."""
        revived = super().revive()
        self.socket = self._socket_in_use(self.cluster) / SOCKET_NAME
        return revived

    @property
    def cluster(self) -> Path:
        """Where the server's files are; their owner may differ from us."""
        return self._cluster()

    @property
    def postmaster(self) -> psutil.Process | None:
        """The server's first process, while it lives."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            return process if process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, IndexError, ValueError, psutil.NoSuchProcess):
            return None

    def _make(self, cluster: Path, owner: pwd.struct_passwd) -> None:
        if self._copy_of is not None:
            self._copy(self._copy_of, cluster)
            return
        super()._make(cluster, owner)
        with (cluster / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION)
        with (cluster / "pg_hba.conf").open("a") as rules:
            rules.write(_REPLICATION_RULE)

    def _copy(self, source: Node, cluster: Path) -> None:
        """Copy a running server's files; the copy will follow it as its standby."""
        self._run(
            cluster.parent, "pg_basebackup", "-D", str(cluster), "--write-recovery-conf",
            "--wal-method=stream", "--checkpoint=fast", "--username", SUPERUSER,
            "--dbname", f"host={source.socket.parent} application_name={STANDBY}",
        )  # fmt: skip
        (cluster / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)  # the source's own
        shutil.rmtree(cluster / "log", ignore_errors=True)

    def kill(self) -> None:
        """End all processes at once and without notice, as a power cut would."""
        postmaster = self.postmaster
        if postmaster is None:
            return
        postmaster.suspend()  # so that it starts no process while the others are counted
        everybody = [postmaster, *postmaster.children(recursive=True)]
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(everybody, timeout=10)

    def kill_one_backend(self) -> int:
        """End one connection's process as the kernel does when memory is short; its number, or 0.

        The server then ends all others, and recovers by itself.
        """
        backends = [
            process
            for process in (self.postmaster.children() if self.postmaster else ())
            if f"{ROLE} {DATABASE}" in " ".join(process.cmdline())
        ]
        if not backends:
            return 0
        backends[0].kill()
        return int(backends[0].pid)

    def promote(self) -> None:
        """Make a standby a primary of its own, which waits for nobody."""
        self._run(self.cluster, "pg_ctl", "promote", "-D", str(self.cluster), "-w")

    def discard(self) -> None:
        """Stop the server and remove its files."""
        self.release()
        cluster = self.cluster
        self.kill()
        shutil.rmtree(cluster, ignore_errors=True)

    def log(self) -> str:
        """What the server has logged."""
        return "".join(
            part.read_text(errors="replace")
            for part in sorted((self.cluster / "log").glob("*.log"))
        )

    async def ask(self, query: str) -> object:
        """One value, asked as the superuser."""
        connection = await asyncpg.connect(
            host=str(self.socket.parent), user=SUPERUSER, database="postgres", timeout=5
        )
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()


class SingleDatabase:
    """One server."""

    def __init__(self, folder: Path, binaries: Path | None = None) -> None:
        self.primary = Node(folder / "database", binaries)

    @property
    def nodes(self) -> list[Node]:
        """All servers, in the order of the address."""
        return [self.primary]

    @property
    def url(self) -> str:
        """The address of whoever can be written to."""
        return self.primary_url

    @property
    def primary_url(self) -> str:
        """The address of the primary alone."""
        return address([self.primary.socket.parent])

    async def start(self) -> None:
        """Make the server and start it. Raises EmbeddedPostgresError."""
        await asyncio.to_thread(self.primary.acquire)

    async def kill(self) -> None:
        """End all processes of the primary at once, as a power cut would."""
        await asyncio.to_thread(self.primary.kill)

    async def recover(self) -> bool:
        """Start the primary again if it is dead, whether it was; it recovers from its log."""
        return await asyncio.to_thread(self.primary.revive)

    async def answers(self) -> None:
        """Return when the primary can be asked. Raises TooLongError."""
        await until(self._answers, ANSWER_TIMEOUT_S, "the database answers")

    async def in_step(self) -> None:
        """Return when whoever would take over has all that was acknowledged: nobody would."""

    async def stop(self) -> None:
        """Stop everything and remove the files."""
        for node in self.nodes:
            await asyncio.to_thread(node.discard)

    async def _answers(self) -> bool:
        try:
            return await self.primary.ask("SELECT true") is True
        except DATABASE_ERRORS:
            return False


class ReplicatedDatabase(SingleDatabase):
    """A primary and a synchronous standby, one in place of the other after a failover."""

    def __init__(self, folder: Path, binaries: Path | None = None) -> None:
        self._binaries = binaries
        self.primary = Node(folder / "left", binaries)
        self.standby = Node(folder / "right", binaries, copy_of=self.primary)

    @property
    def nodes(self) -> list[Node]:
        """All servers, in the order of the address, which stays when they change places."""
        return sorted((self.primary, self.standby), key=lambda node: node.data_dir)

    @property
    def url(self) -> str:
        """An address with both hosts, for whoever can be written to."""
        return address([node.socket.parent for node in self.nodes])

    async def start(self) -> None:
        """Make the primary and its standby. Raises EmbeddedPostgresError."""
        await super().start()
        await self._follow()

    async def fail_over(self) -> None:
        """Kill the primary and promote the standby. There is no standby until `rejoin`.

        The standby must be in step, which `in_step` waits for: two servers survive one loss.
        """
        await self.kill()
        await asyncio.to_thread(self.standby.promote)
        self.primary, self.standby = self.standby, self.primary

    async def rejoin(self) -> None:
        """Make the dead server the standby of the living one, from a fresh copy."""
        folder = self.standby.data_dir
        await asyncio.to_thread(self.standby.discard)
        self.standby = Node(folder, self._binaries, copy_of=self.primary)
        await self._follow()

    async def _follow(self) -> None:
        """Start the standby; from when it follows, every commit waits for it."""
        await asyncio.to_thread(self.standby.acquire)
        await until(self._streams, STREAMING_TIMEOUT_S, "the standby follows the primary")
        await self.primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        await self.primary.ask("SELECT pg_reload_conf()")
        await self.in_step()

    async def in_step(self) -> None:
        """Return when the standby has all that the primary has acknowledged."""
        await until(self._in_step, STREAMING_TIMEOUT_S, "the standby is in step")

    async def _streams(self) -> bool:
        return bool(
            await self.primary.ask("SELECT true FROM pg_stat_replication WHERE state = 'streaming'")
        )

    async def _in_step(self) -> bool:
        return bool(
            await self.primary.ask(
                "SELECT true FROM pg_stat_replication"
                " WHERE state = 'streaming' AND sync_state = 'sync'"
            )
        )


def address(hosts: list[Path]) -> str:
    """The address of the database on whichever of these hosts can be written to."""
    attributes = "&target_session_attrs=read-write" if len(hosts) > 1 else ""
    return f"postgresql://{ROLE}@/{DATABASE}?host={','.join(map(str, hosts))}{attributes}"
