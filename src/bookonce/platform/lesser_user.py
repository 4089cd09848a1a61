"""Whoever is spoken to from outside has no rights of root's.

Started by root, a server keeps root's rights for what needs them: its database and its port. The
processes that answer visitors and do jobs give them up first, for good.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import subprocess
import sys
import zoneinfo
from collections.abc import Mapping
from pathlib import Path

import asyncpg

import bookonce
import bookonce.platform.zone_database
from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.hosts import connect, is_on_this_machine
from bookonce.platform.postgres_programs import can_enter, system_user
from bookonce.platform.settings import Settings
from bookonce.platform.window import open_window

USER = "_BOOKONCE_USER"
"""The variable that tells a server's processes whose rights to take. Not a setting."""
TRIAL_TIMEOUT_S = 60
DATABASE_CLOSED = 3
_TRIAL_URL = "_BOOKONCE_TRIAL_URL"
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


class ObstacleError(Exception):
    """What keeps a lesser user from running the program; the message says it to the operator."""


def lesser_user(settings: Settings, url: str) -> str | None:
    """Whose rights the processes of a server take: the one that the operator names, else the owner
    of the embedded database, or the system user. None: they keep those they have, as is wished.
    `url` is the database that they use.

    Raises ValidationError for a named user who isn't there or can't run it, ObstacleError for one
    who isn't named, and EmbeddedPostgresError.
    """
    if os.geteuid() != 0:
        return None
    user = _named(settings.user) if settings.user is not None else _unnamed(settings)
    if user.pw_uid == 0:
        return None
    try:
        _require_able(user, url)
    except ObstacleError as obstacle:
        if settings.user is not None:
            raise _wrong(str(obstacle)) from None
        raise
    return user.pw_name


def _named(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise _wrong(f"there is no user {name!r} on this machine") from None


def _unnamed(settings: Settings) -> pwd.struct_passwd:
    return system_user() if settings.database_url else EmbeddedPostgres(settings.data_dir).owner()


def _wrong(message: str) -> ValidationError:
    return ValidationError([FieldError("BOOKONCE_USER", message)])


def _folders() -> tuple[Path, ...]:
    """All that the program is made of, and may have to read later: itself, Python, zones."""
    ours = (Path(bookonce.__file__).parent, Path(sys.prefix), Path(sys.base_prefix))
    return (*ours, *map(Path, zoneinfo.TZPATH))


def _hidden(user: pwd.struct_passwd) -> list[Path]:
    return [each for each in _folders() if not can_enter(each, user)]


def _require_able(user: pwd.struct_passwd, url: str) -> None:
    """Raise ObstacleError unless the program works with a user's rights. Where it lies hidden, or its
    database asks the kernel who comes, a process of its own tries it.
    """
    is_asked = is_on_this_machine(url)
    if not is_asked and not _hidden(user):
        return
    tried = subprocess.run(
        [sys.executable, "-m", "bookonce.platform.lesser_user", user.pw_name],
        env=os.environ | ({_TRIAL_URL: url} if is_asked else {}),
        capture_output=True,
        text=True,
        timeout=TRIAL_TIMEOUT_S,
        check=False,
    )
    if tried.returncode == DATABASE_CLOSED:
        raise ObstacleError(f"the database doesn't let in the user {user.pw_name}")
    if tried.returncode != 0:
        raise ObstacleError(
            f"the user {user.pw_name} can't read {_folders()[0]}; install Bookonce outside of /root"
        )


def give(folder: Path, name: str) -> None:
    """Give a folder that a server has made, with all in it, to the user of its processes."""
    user = pwd.getpwnam(name)
    for place in (folder, *folder.iterdir()):
        os.chown(place, user.pw_uid, user.pw_gid, follow_symlinks=False)


def take_rights(environment: Mapping[str, str] = os.environ) -> None:
    """Give up root's rights, if this process was told to. There is no way back."""
    if name := environment.get(USER):
        become(name)


def become(name: str) -> None:
    """Be a lesser user from now on, in all threads, without any way to more rights. Raises OSError."""
    user = pwd.getpwnam(name)
    if hidden := _hidden(user):
        open_window(hidden, user)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir
    if sys.platform == "linux":
        control = ctypes.CDLL(None).prctl
        control(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Without it the kernel hides the process's own connections from it.
        control(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def _try_out(name: str) -> None:
    """Be a user, read what the program is made of, and knock at the database."""
    become(name)
    for folder in _folders():
        next(folder.iterdir(), None)
    if url := os.environ.get(_TRIAL_URL):
        asyncio.run(_knock(url))


async def _knock(url: str) -> None:
    try:
        connection = await connect(url, timeout=TRIAL_TIMEOUT_S / 2)
    except (PermissionError, asyncpg.InvalidAuthorizationSpecificationError):
        sys.exit(DATABASE_CLOSED)
    await connection.close()


if __name__ == "__main__":
    _try_out(sys.argv[1])
